"""Campaigns that are live already: how they stand, and over how many accounts they spread."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from models.contract.account import AdAccount
from models.contract.campaign import (
    ApprovalCase,
    CampaignInput,
    CampaignState,
    MediaPlan,
    StateVisit,
)
from models.contract.creative import AdCopy, Creative, ImageAsset
from models.contract.ids import campaign_workflow_id
from models.contract.money import Money
from models.contract.vocabulary import CampaignStatus, Platform
from models.settings import Settings
from platforms.registry import capabilities

META_MOST = 2_250
"""Campaigns of one Meta account that can be paused and read back in one burst: 9,000 score points
against 3 a write and 1 a read (facts 1.7). The fact sheet names no limit of campaigns."""
X_MOST = 200
"""Active campaigns of one X account (facts 2.4: 200 by default; paused ones count)."""
_BUDGET = Money.of(20)
_COPY = AdCopy(
    angle="plain", primary_text="How a harbour town mends its nets.", headline="Mending nets"
)


@dataclass(frozen=True, slots=True)
class LiveCampaign:
    """One campaign as its workflow is started with it, and its objects as the sandbox keeps
    them."""

    start: CampaignInput
    shelf: list[dict[str, Any]]

    @property
    def network_id(self) -> str:
        """Its id on the network."""
        assert self.start.state is not None
        assert self.start.state.tree.campaign_id is not None
        return self.start.state.tree.campaign_id

    @property
    def workflow_id(self) -> str:
        """Its workflow."""
        return campaign_workflow_id(self.start.campaign_id)


@dataclass(slots=True)
class LiveAccount:
    """An ad account and its live campaigns."""

    account: AdAccount
    campaigns: list[LiveCampaign] = field(default_factory=list[LiveCampaign])

    @property
    def network_ids(self) -> list[str]:
        """Campaigns' ids on the network."""
        return [one.network_id for one in self.campaigns]


def spread(campaigns: int) -> list[tuple[Platform, int]]:
    """Half on Meta, half on X, over as few accounts as the networks' limits allow."""
    left = {Platform.META: campaigns - campaigns // 2, Platform.X: campaigns // 2}
    accounts: list[tuple[Platform, int]] = []
    for platform, most in ((Platform.META, META_MOST), (Platform.X, X_MOST)):
        while left[platform]:
            some = min(left[platform], most)
            accounts.append((platform, some))
            left[platform] -= some
    return accounts


def live_input(settings: Settings, account: AdAccount, campaign_id: UUID) -> CampaignInput:
    """A campaign that has been live for a day, and what it will do next."""
    agreed = ApprovalCase(needed=False, worst_case=_BUDGET)
    able = capabilities(account.platform)
    text = _COPY.primary_text.encode()
    image = ImageAsset(sha256=hashlib.sha256(text).hexdigest(), path="", width=1, height=1)
    plan = MediaPlan(
        name=f"Harbour {campaign_id.hex[:8]}",
        destination_url=f"https://journal.example/{campaign_id.hex[:8]}",
        daily_budget=_BUDGET,
        variants=1,
    )
    day_ago = settings.clock.campaign_time(datetime.now(UTC)) - timedelta(days=1)
    state = CampaignState(
        status=CampaignStatus.ACTIVE,
        plan=plan,
        approval=agreed,
        approved_by="bench",
        creatives=(Creative(id="v1", copy_text=_COPY, image=image),),
        visits=(
            StateVisit(status=CampaignStatus.PENDING_REVIEW, at=day_ago, why="switched on"),
            StateVisit(status=CampaignStatus.ACTIVE, at=day_ago, why="delivering"),
        ),
        activated_at=day_ago,
        live_budget=_BUDGET,
    )
    return CampaignInput(
        campaign_id=campaign_id,
        team_id=account.team_id,
        account=account,
        plan=plan,
        approval=agreed,
        creatives=state.creatives,
        over_delivery=able.over_delivery,
        balanced=able.balanced,
        settle=able.settle,
        minimum=able.min_daily_budget.get(account.currency),
        edit_quota=able.budget_edits_per_hour,
        clock=settings.clock,
        cadence=settings.cadence,
        state=state,
    )


def beginning(start: CampaignInput, since: datetime) -> CampaignInput:
    """A live campaign whose cadences begin at ``since`` (campaign time)."""
    assert start.state is not None
    state = start.state.model_copy(
        update={
            "lease_until": since + start.cadence.lease,
            "next_pacing": since + start.cadence.pacing,
            "next_fatigue": since + start.cadence.fatigue,
            "next_review": since + start.cadence.review,
        }
    )
    return start.model_copy(update={"state": state})


async def states(control: httpx.AsyncClient, accounts: Sequence[LiveAccount]) -> dict[str, str]:
    """What the sandbox's own shelf says of every campaign: its status by network id."""
    ours = {one for live in accounts for one in live.network_ids}
    found: dict[str, str] = {}
    for platform in {live.account.platform for live in accounts}:
        answer = await control.get(f"/objects/{platform.value}/campaign")
        answer.raise_for_status()
        for row in answer.json():
            if row["id"] in ours:
                found[row["id"]] = row.get("entity_status") or row["status"]
    return found

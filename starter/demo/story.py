"""The demonstration: one article becomes two campaigns on a throwaway sandbox stack.

Evaluate → modify → approve → launch → pace → pause → resume → kill one, complete the other. Each
step is proved three ways: by the workflow, by a read-back from the network, by the database.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from activities.article_file import article_from_file
from activities.replay import replay
from activities.teams import ad_account
from models.contract.campaign import Approve, CampaignView, Kill, Modify, Pause, Receipt, Resume
from models.contract.content import EventType
from models.contract.network import NetworkObject, ObjectKind
from models.contract.vocabulary import CampaignStatus
from models.database import Database
from models.settings import Settings
from models.tables import Account, Approval, Campaign, DecisionRow, Effect, Promotion
from platforms.network import AdNetwork
from platforms.registry import Networks
from starter.cli.events import post_event, publish_on_sandbox
from starter.demo.play import PERSON, NotProved, Stage, eventually
from starter.temporal import connect

ARTICLE = Path(__file__).with_name("article.html")
_FLIGHT = timedelta(hours=12)


async def tell(settings: Settings, stage: Stage) -> None:
    """One article, two networks, everything a campaign can meet."""
    await _Story(settings, stage).tell()


class _Story:
    """Tells the story step by step; every claim is checked where it must show."""

    def __init__(self, settings: Settings, stage: Stage) -> None:
        self._settings = settings
        self._report = stage.report
        self._step = stage.step
        self._database = Database(settings.database_url)
        clock = settings.clock
        self._now: Callable[[], datetime] = lambda: clock.campaign_time(datetime.now(UTC))
        self._networks = Networks(settings, self._now)
        self._handles: dict[str, Any] = {}
        self._adapters: dict[str, AdNetwork] = {}

    async def tell(self) -> None:
        """The whole story."""
        self._client = await connect(self._settings)
        try:
            promotion = await self._publish()
            await self._propose(promotion)
            await self._modify()
            await self._approve()
            await self._launch()
            await self._pace()
            await self._pause_and_resume()
            await self._kill("meta")
            await self._complete("x")
            await self._count()
            await self._decide_again()
        finally:
            await self._networks.aclose()
            await self._database.close()

    async def _publish(self) -> str:
        article = article_from_file(ARTICLE)
        with self._step("an article is published; the event is posted twice") as step:
            if not await asyncio.to_thread(
                publish_on_sandbox, self._settings, article, str(ARTICLE)
            ):
                raise NotProved("the sandbox's site did not take the article")
            data: dict[str, object] = {"url": article.canonical_url}
            first, second = [
                await asyncio.to_thread(post_event, self._settings, EventType.POST_PUBLISHED, data)
                for _ in range(2)
            ]
            if first["duplicate"] or not second["duplicate"]:
                raise NotProved(f"expected one promotion, got {first} and {second}")
            step.proof["events"] = f"one promotion: {first['promotion']}; the second is known"
        return str(first["promotion"])

    async def _propose(self, promotion: str) -> None:
        with self._step("the planner evaluates; proposals wait for a person") as step:
            result = await asyncio.wait_for(
                self._client.get_workflow_handle(promotion).result(), timeout=30
            )
            for campaign_id in result["campaigns"]:
                handle = self._client.get_workflow_handle(f"campaign-{campaign_id}")
                view = await self._until(handle, CampaignStatus.PENDING_APPROVAL)
                self._handles[view.platform] = handle
            asked = await eventually(self._both_asked, "two questions to a person")
            async with self._database.team(self._settings.team_id) as session:
                row = await session.get(Promotion, promotion)
                accounts = (await session.scalars(select(Account))).all()
            for account in accounts:
                if account.platform not in self._handles:
                    continue
                self._adapters[account.platform] = await self._networks.of(ad_account(account))
            if set(self._handles) != {"meta", "x"} or row is None:
                raise NotProved(f"expected proposals for meta and x, got {sorted(self._handles)}")
            step.proof["workflow"] = result["reasoning"].split(". ")[0] + "."
            step.proof["database"] = f"{len(asked)} approvals pending, promotion {row.status}"

    async def _modify(self) -> None:
        with self._step("the marketer shortens both flights; old versions become stale") as step:
            for platform, handle in self._handles.items():
                view = await self._view(handle)
                receipt: Receipt = await handle.execute_update(
                    "modify",
                    Modify(by=PERSON, version=view.version, end=self._now() + _FLIGHT),
                    result_type=Receipt,
                )
                step.proof[platform] = receipt.message

    async def _approve(self) -> None:
        with self._step("the marketer approves") as step:
            for platform, handle in self._handles.items():
                view = await self._until(handle, CampaignStatus.PENDING_APPROVAL)
                receipt: Receipt = await handle.execute_update(
                    "approve", Approve(by=PERSON, version=view.version), result_type=Receipt
                )
                step.proof[platform] = (
                    f"{receipt.message}: {view.plan.daily_budget} a day, "
                    f"at worst {view.approval.worst_case}"
                )

    async def _launch(self) -> None:
        with self._step("both launch: created paused, verified, activated, read back") as step:
            for platform, handle in self._handles.items():
                view = await self._until(handle, CampaignStatus.ACTIVE)
                tree = await self._tree(view)
                if not all(one.switched_on for one in tree):
                    raise NotProved(f"{platform}: something is still off on the network")
                step.proof[platform] = (
                    f"network campaign {view.tree.campaign_id} with {len(view.tree.ad_ids)} ads "
                    f"reads {tree[0].delivery.value}, lease until {view.lease_until:%H:%M}"
                )

    async def _pace(self) -> None:
        with self._step("four campaign hours later: pacing decisions, lease moved forward") as step:
            for platform, handle in self._handles.items():
                view = await self._view(handle)
                first_lease = view.visits[-1].at + self._settings.lease
                decision = await eventually(
                    lambda view=view: self._decision(view, "pacing-"), "a pacing decision"
                )
                view = await eventually(
                    lambda handle=handle: self._agreeing(handle),
                    f"{platform} and its network to show one budget",
                )
                budget = view.live_budget
                renewed = view.lease_until is not None and view.lease_until > first_lease
                step.proof[platform] = (
                    f"{decision.policy}: {decision.reasoning} → {budget} a day, read back; "
                    f"lease {'renewed' if renewed else 'runs'} to {view.lease_until:%H:%M}"
                )

    async def _pause_and_resume(self) -> None:
        for name, message, status, on in (
            ("pause", Pause(by=PERSON, reason="checking the page"), CampaignStatus.PAUSED, False),
            ("resume", Resume(by=PERSON), CampaignStatus.ACTIVE, True),
        ):
            with self._step(f"{name} the X campaign") as step:
                handle = self._handles["x"]
                receipt: Receipt = await handle.execute_update(name, message, result_type=Receipt)
                view = await self._until(handle, status)
                top = (await self._tree(view))[0]
                if top.switched_on is not on:
                    raise NotProved(f"after {name} the network shows switched_on={top.switched_on}")
                row = await self._row(view)
                step.proof["workflow"] = receipt.message
                step.proof["network"] = f"{top.id} reads {top.delivery.value}"
                step.proof["database"] = f"status {row.status}"

    async def _kill(self, platform: str) -> None:
        with self._step(f"kill the {platform} campaign") as step:
            handle = self._handles[platform]
            began = time.monotonic()
            await handle.signal("kill", Kill(by=PERSON, reason="demo kill switch"))
            view = await self._until(handle, CampaignStatus.KILLED)
            seconds = time.monotonic() - began
            top = (await self._tree(view))[0]
            if top.switched_on:
                raise NotProved("the killed campaign is still on")
            row = await eventually(lambda: self._row_if(view, "killed"), "the record")
            step.proof["workflow"] = f"killed after {seconds:.1f} s"
            step.proof["network"] = f"{top.id} reads {top.delivery.value}"
            step.proof["database"] = f"status {row.status}"

    async def _complete(self, platform: str) -> None:
        with self._step(f"the {platform} flight ends by itself; figures become final") as step:
            handle = self._handles[platform]
            result = await asyncio.wait_for(handle.result(), timeout=60)
            view = await self._view(handle)
            top = (await self._tree(view))[0]
            row = await self._row(view)
            if result["status"] != "archived" or top.switched_on or row.status != "archived":
                raise NotProved(f"{platform} ended as {result['status']}")
            step.proof["workflow"] = f"completed, then archived; final spend {view.spend}"
            step.proof["network"] = f"{top.id} reads {top.delivery.value}"
            step.proof["database"] = f"status {row.status}, spend as of {row.figures_as_of}"

    async def _count(self) -> None:
        with self._step("every effect asked is one object found") as step:
            effects: dict[str, dict[str, int]] = {}
            campaigns: list[dict[str, Any]] = []
            for platform, handle in self._handles.items():
                view = await self._view(handle)
                asked, found, twins = await self._effects(view)
                effects[platform] = {"asked": asked, "found": found, "twins_removed": twins}
                states = [visit.status.value for visit in view.visits]
                _check_path(platform, states)
                campaigns.append(
                    {
                        "campaign_id": str(view.campaign_id),
                        "platform": platform,
                        "states": states,
                        "network_ids": view.tree.model_dump(mode="json"),
                        "spend": str(view.spend),
                    }
                )
                if asked != found:
                    raise NotProved(f"{platform}: {asked} effects asked, {found} objects found")
                step.proof[platform] = f"{asked} asked, {found} found; {' → '.join(states)}"
            async with self._database.team(self._settings.team_id) as session:
                decisions = (
                    await session.scalars(select(DecisionRow).order_by(col(DecisionRow.at)))
                ).all()
                approvals = (await session.scalars(select(Approval))).all()
            self._report.facts |= {
                "campaigns": campaigns,
                "approvals": [
                    {
                        "campaign_id": str(one.campaign_id),
                        "version": one.version,
                        "status": one.status,
                        "decided_by": one.decided_by,
                    }
                    for one in approvals
                ],
                "decisions": [
                    {
                        "type": one.decision_type,
                        "by": one.decided_by,
                        "policy": one.policy,
                        "reason": one.reasoning,
                    }
                    for one in decisions
                ],
                "effects": effects,
            }
            step.proof["database"] = f"{len(decisions)} decisions, each recorded before its effect"

    # -- looking ------------------------------------------------------------------------------

    async def _decide_again(self) -> None:
        with self._step("every numeric decision, taken again from its record, is the same") as step:
            found = await replay(self._database, self._settings.team_id)
            taken, same = sum(one.taken for one in found), sum(one.identical for one in found)
            unreadable = sum(one.unreadable for one in found)
            self._report.facts["replay"] = {
                "taken": taken, "identical": same, "unreadable": unreadable,
            }  # fmt: skip
            step.proof["database"] = f"{same} of {taken} identical, by {len(found)} policies"
            if not taken or same != taken or unreadable:
                raise NotProved(
                    f"{same} of {taken} decisions were the same, {unreadable} unreadable"
                )

    async def _view(self, handle: Any) -> CampaignView:
        return await handle.query("campaign", result_type=CampaignView)

    async def _until(self, handle: Any, status: CampaignStatus) -> CampaignView:
        async def there() -> CampaignView | None:
            view = await self._view(handle)
            return view if view.status is status else None

        return await eventually(there, f"{handle.id} to be {status.value}")

    async def _tree(self, view: CampaignView) -> list[NetworkObject]:
        """The campaign and its ad group as the network shows them."""
        network = self._adapters[view.platform]
        assert view.tree.campaign_id is not None
        assert view.tree.ad_group_id is not None
        return [
            *await network.read(ObjectKind.CAMPAIGN, [view.tree.campaign_id]),
            *await network.read(ObjectKind.AD_GROUP, [view.tree.ad_group_id]),
        ]

    async def _agreeing(self, handle: Any) -> CampaignView | None:
        """The campaign once its network shows its budget: between the two lies a write."""
        view = await self._view(handle)
        group = (await self._tree(view))[1]
        return view if group.daily_budget == view.live_budget else None

    async def _both_asked(self) -> Sequence[Approval] | None:
        async with self._database.team(self._settings.team_id) as session:
            asked = (await session.scalars(select(Approval))).all()
        return asked if len(asked) == 2 else None

    async def _decision(self, view: CampaignView, policy: str) -> DecisionRow | None:
        async with self._database.team(self._settings.team_id) as session:
            return await session.scalar(
                select(DecisionRow)
                .where(
                    col(DecisionRow.campaign_id) == view.campaign_id,
                    col(DecisionRow.policy).startswith(policy),
                )
                .order_by(col(DecisionRow.recorded_at).desc())
            )

    async def _row(self, view: CampaignView) -> Campaign:
        async with self._database.team(self._settings.team_id) as session:
            row = await session.get(Campaign, view.campaign_id)
        assert row is not None
        return row

    async def _row_if(self, view: CampaignView, status: str) -> Campaign | None:
        row = await self._row(view)
        return row if row.status == status else None

    async def _effects(self, view: CampaignView) -> tuple[int, int, int]:
        """Effects asked, objects found for their keys on the network, twins removed."""
        async with self._database.team(self._settings.team_id) as session:
            rows = (
                await session.scalars(
                    select(Effect).where(col(Effect.campaign_id) == view.campaign_id)
                )
            ).all()
        network, tree = self._adapters[view.platform], view.tree
        parents = {"ad_group": tree.campaign_id, "ad": tree.ad_group_id}
        found = 0
        for row in rows:
            objects = await network.find(ObjectKind(row.kind), row.key, parents.get(row.kind))
            found += len(objects)
        return len(rows), found, sum(row.twins_removed for row in rows)


def _check_path(platform: str, states: list[str]) -> None:
    """Every state on the campaign's path was visited, in order."""
    start = ["draft", "pending_approval", "scheduled", "launching", "pending_review", "active"]
    end = ["killed"] if platform == "meta" else ["paused", "active", "completed", "archived"]
    remaining = iter(states)
    missing = [state for state in [*start, *end] if state not in remaining]
    if missing:
        raise NotProved(f"{platform}: state {missing[0]} was not visited on {states}")

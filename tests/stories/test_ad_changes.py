"""A person's own ad in the place of another, ahead of launch and while a campaign runs (D26)."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

import pytest

from models.contract.campaign import (
    Approve,
    CampaignView,
    ChangeAd,
    ChangeBudget,
    Kill,
    Modify,
    Optimise,
    Pause,
    Resume,
)
from models.contract.creative import AdCopy, GivenCreative
from models.contract.money import Money
from models.contract.network import ObjectKind
from models.contract.vocabulary import CampaignStatus, DecisionType
from platforms.registry import Networks
from starter.cli.app import run_command
from tests.creative.library.files import encoded
from tests.faults.test_kill_switch import BATCH
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import Handle, account, approve, ask, fired, limits, now, refusal
from tests.stories.test_creatives import (
    INSURED,
    OWN,
    begun,
    creatives,
    kept,
    photo,
    seen_often,
    switched_on,
)

DOUBTED = GivenCreative(headline="The best nets in the world")
FORBIDDEN = GivenCreative(headline="Guaranteed to make you rich")


def change(variant: str, ad: GivenCreative = OWN, **more: object) -> ChangeAd:
    return ChangeAd.model_validate({"by": "ben", "variant": variant, "ad": ad, **more})


async def told(team: TeamUnderTest, view: CampaignView, variant: str) -> AdCopy:
    """What an ad says, as it is recorded."""
    (row,) = [one for one in await creatives(team, view) if one.variant == variant]
    return AdCopy(angle=row.angle, headline=row.headline, primary_text=row.primary_text)


async def changes(team: TeamUnderTest, campaign_id: UUID) -> list[tuple[str, str]]:
    rows = await team.decisions(campaign_id)
    return [
        (one.outcome, one.reasoning) for one in rows if one.decision_type == DecisionType.MODIFY
    ]


# -- ahead of launch ----------------------------------------------------------------------------


async def test_copy_is_corrected_ahead_of_launch_and_asked_again(team: TeamUnderTest) -> None:
    page = {"title": "What insurance means for a harbour town", "text": INSURED}
    handle = await begun(team, page=page, variants=2)
    view = await team.until(handle, CampaignStatus.PENDING_APPROVAL)
    assert any(one.startswith("creative v1: ") for one in view.approval.reasons)
    machines = await told(team, view, "v2")

    # Changed in the same breath as it is approved: what was approved is not what it became.
    headline = GivenCreative(headline="Nets, mended by hand")
    await handle.signal("change_ad", change("v2", headline, version=1, reason="our own tone"))
    await handle.signal("approve", Approve(by="ana", version=1))

    async def second() -> bool:
        return (await team.view(handle)).version == 2

    await eventually(second)
    view = await team.view(handle)
    assert "its ads are being changed by ben" in view.refused_messages[-1]
    assert view.status is CampaignStatus.PENDING_APPROVAL
    assert view.approval.reasons[0] == "v2 changed by ben"
    corrected = await told(team, view, "v2")
    assert corrected.headline == "Nets, mended by hand"
    assert corrected.primary_text == machines.primary_text, "what is not given stays"
    assert [one.source for one in await creatives(team, view)] == ["ai", "admin"]
    assert ("success", "v2 corrected: headline by ben: our own tone") in await changes(
        team, view.campaign_id
    )

    # What was doubted in the machine's words is doubted no more when they are gone.
    receipt = await ask(handle, "change_ad", change("v1", version=2))
    assert receipt.message == "v1 changed; the proposal is now version 3"
    view = await team.view(handle)
    assert not any(one.startswith("creative v1: ") for one in view.approval.reasons)
    stale = await refusal(ask(handle, "change_ad", change("v1", version=2)))
    assert "version 2 was seen, version 3 is the proposal now" in stale
    assert await team.effects(view.campaign_id) == []

    await approve(team, handle)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    shelf = {one["id"]: one for one in await team.objects("meta", "adcreative")}
    shown = {
        variant: shelf[told_id]["object_story_spec"]["link_data"]["name"]
        for variant, told_id in view.tree.creative_ids.items()
    }
    assert shown == {"v1": OWN.headline, "v2": "Nets, mended by hand"}


async def test_a_correction_that_is_forbidden_changes_nothing(team: TeamUnderTest) -> None:
    page = {"title": "What insurance means for a harbour town", "text": INSURED}
    handle = await begun(team, page=page, variants=1)
    before = await team.until(handle, CampaignStatus.PENDING_APPROVAL)
    words = await told(team, before, "v1")
    said = await refusal(ask(handle, "change_ad", change("v1", FORBIDDEN)))
    assert said.startswith("change of v1 by ben: v1: ")
    assert "rich" in said
    view = await team.view(handle)
    assert (view.version, view.approval) == (before.version, before.approval)
    assert await told(team, view, "v1") == words
    # Doubts are for whoever approves: they are named, and asked about.
    await ask(handle, "change_ad", change("v1", DOUBTED))
    view = await team.view(handle)
    assert any("creative v1: superlative 'The best'" in one for one in view.approval.reasons)


# -- while it runs ------------------------------------------------------------------------------


async def test_an_ad_of_a_running_campaign_is_replaced_for_good(team: TeamUnderTest) -> None:
    handle = await begun(team, variants=2)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    for ad, problem in (
        (change("v7"), "there is no such ad; it has v1, v2"),
        (change("v2", GivenCreative()), "nothing is given"),
    ):
        assert problem in await refusal(ask(handle, "change_ad", ad))
    own = OWN.model_copy(update={"image": await kept(team, photo())})
    receipt = await ask(handle, "change_ad", change("v2", own))
    assert receipt.message == "v3 runs in the place of v2, confirmed"

    view = await team.view(handle)
    assert await switched_on(team, view) == {"v1", "v3"}
    assert (view.plan.daily_budget, view.live_budget) == (Money.of(40), Money.of(40))
    rows = {one.variant: (one.source, one.status) for one in await creatives(team, view)}
    assert rows == {"v1": ("ai", "active"), "v2": ("ai", "replaced"), "v3": ("admin", "active")}
    (made,) = await changes(team, view.campaign_id)
    assert made == ("success", "v3 in the place of v2: headline, primary text, image by ben")
    effects = await team.effects(view.campaign_id)
    assert len(effects) == 2 + 3 + 3

    # However well it did, nothing brings it back, and nobody but a person touches the new one.
    await seen_often(team, view, v1=(300, 1.0), v2=(2_000, 1.0), v3=(300, 1.0))
    await ask(handle, "optimise", Optimise(by="ana"))
    view = await team.view(handle)
    on = await switched_on(team, view)
    assert "v3" in on
    assert "v2" not in on
    assert "there is no such ad; it has v1, v3" in await refusal(
        ask(handle, "change_ad", change("v2"))
    )
    # A switch that lands late, or somebody who deletes it, changes nothing about that.
    networks = Networks(team.settings, lambda: now(team))
    network = await networks.of(await account(team, "meta"))
    gone = [view.tree.ad_ids["v2"]]
    await ask(handle, "pause", Pause(by="ben"))
    await network.switch(ObjectKind.AD, gone, on=True)
    await ask(handle, "resume", Resume(by="ben"))
    assert "v2" not in await switched_on(team, await team.view(handle))
    await ask(handle, "pause", Pause(by="ben"))
    await network.remove(ObjectKind.AD, gone[0])
    assert (await ask(handle, "resume", Resume(by="ben"))).message == "resumed"
    await ask(handle, "kill", Kill(by="ben"))
    await networks.aclose()


async def test_doubts_about_a_running_ad_want_a_clear_word(team: TeamUnderTest) -> None:
    handle = await begun(team, variants=1)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    said = await refusal(ask(handle, "change_ad", change("v1", DOUBTED)))
    assert "superlative 'The best' is not in the source" in said
    assert await switched_on(team, view) == {"v1"}
    forbidden = change("v1", FORBIDDEN, despite_doubts=True)
    assert "rich" in await refusal(ask(handle, "change_ad", forbidden))
    assert len(await team.effects(view.campaign_id)) == 4, "nothing was asked of the network"

    await ask(handle, "change_ad", change("v1", DOUBTED, despite_doubts=True))
    view = await team.view(handle)
    assert await switched_on(team, view) == {"v2"}
    (made,) = await changes(team, view.campaign_id)
    assert made == ("success", "v2 in the place of v1: headline by ben, despite doubts")


async def test_an_ad_of_a_resting_campaign_is_replaced_when_it_resumes(
    team: TeamUnderTest,
) -> None:
    handle = await begun(team, variants=2)
    await team.until(handle, CampaignStatus.ACTIVE)
    await ask(handle, "pause", Pause(by="ben", reason="the page changed"))
    receipt = await ask(handle, "change_ad", change("v1"))
    assert receipt.message == "v3 runs in the place of v1 when it resumes"
    assert await switched_on(team, await team.view(handle)) <= {"v2"}
    await ask(handle, "resume", Resume(by="ben"))
    view = await team.until(handle, CampaignStatus.ACTIVE)
    assert await switched_on(team, view) == {"v2", "v3"}


async def test_what_the_authority_refuses_leaves_the_old_ad_on(team: TeamUnderTest) -> None:
    handle = await begun(team, variants=1)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    await team.limits(limits(campaign_daily=Money.of(20)))
    said = await refusal(ask(handle, "change_ad", change("v1")))
    assert "the spend authority said no" in said
    view = await team.view(handle)
    assert await switched_on(team, view) == {"v1"}
    (made,) = await changes(team, view.campaign_id)
    assert made[0] == "held"
    rows = {one.variant: one.status for one in await creatives(team, view)}
    assert rows == {"v1": "active", "v2": "replaced"}
    # With room again the same wish succeeds, under a name that was never used.
    await team.limits(limits())
    assert (await ask(handle, "change_ad", change("v1"))).message.startswith("v3 runs")
    assert await switched_on(team, await team.view(handle)) == {"v3"}


@pytest.mark.parametrize("path", ["/ads$", BATCH["meta"]], ids=["create", "switch"])
async def test_what_the_network_refuses_leaves_the_old_ad_on(
    team: TeamUnderTest, path: str
) -> None:
    handle = await begun(team, variants=1)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    await team.arm("meta", "expired_token", method="POST", path=path, count=1)
    said = await refusal(ask(handle, "change_ad", change("v1")))
    assert await fired(team, "meta", "expired_token") == 1
    assert said.startswith("change of v1 by ben: meta: ")
    view = await team.view(handle)
    assert view.status is CampaignStatus.ACTIVE
    assert await switched_on(team, view) == {"v1"}
    ((outcome, _),) = await changes(team, view.campaign_id)
    assert outcome == "failure"


async def test_a_stop_comes_before_a_change_of_ads(team: TeamUnderTest) -> None:
    handle = await begun(team, variants=1)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    await team.arm("claude", "delay", count=1, seconds=20)
    waiting = asyncio.create_task(refusal(ask(handle, "change_ad", change("v1"))))

    async def under_way() -> bool:
        described = await handle.describe()
        return bool(described.raw_description.pending_children)

    await eventually(under_way)
    busy = await refusal(ask(handle, "change_ad", change("v1")))
    assert "ben changes v1 just now" in busy
    await ask(handle, "pause", Pause(by="ana"))
    assert "it was stopped meanwhile" in await waiting
    assert await switched_on(team, view) <= {"v1"}
    await ask(handle, "resume", Resume(by="ana"))
    assert await switched_on(team, await team.view(handle)) == {"v1"}
    assert [one.variant for one in await creatives(team, view)] == ["v1"]


async def test_a_lower_budget_waits_for_no_model(team: TeamUnderTest) -> None:
    handle = await begun(team, variants=1)
    await team.until(handle, CampaignStatus.ACTIVE)
    await team.arm("claude", "delay", count=1, seconds=8)
    waiting = asyncio.create_task(ask(handle, "change_ad", change("v1")))

    async def under_way() -> bool:
        described = await handle.describe()
        return bool(described.raw_description.pending_children)

    await eventually(under_way)
    lower = ChangeBudget(by="ana", daily_budget=Money.of(15))
    receipt = await ask(handle, "change_budget", lower)
    assert receipt.message == "daily budget is $15.00"
    assert not waiting.done()
    assert (await waiting).message == "v2 runs in the place of v1, confirmed"
    view = await team.view(handle)
    assert (view.plan.daily_budget, view.live_budget) == (Money.of(15), Money.of(15))
    assert await switched_on(team, view) == {"v2"}


async def test_where_ads_cannot_be_switched_nothing_is_made(team: TeamUnderTest) -> None:
    handle: Handle = await begun(team, platform="x", variants=1)
    view = await team.until(handle, CampaignStatus.ACTIVE)
    made = len(await team.effects(view.campaign_id))
    said = await refusal(ask(handle, "change_ad", change("v1")))
    assert "cannot switch single ads, so nothing can take the place of v1" in said
    assert len(await team.effects(view.campaign_id)) == made
    assert await changes(team, view.campaign_id) == []


async def test_a_modification_and_a_change_do_not_cross(team: TeamUnderTest) -> None:
    page = {"title": "What insurance means for a harbour town", "text": INSURED}
    handle = await begun(team, page=page, variants=1)
    await team.until(handle, CampaignStatus.PENDING_APPROVAL)
    await handle.signal("change_ad", change("v1", version=1))
    cheaper = Modify(by="ana", version=1, daily_budget=Money.of(10))
    await handle.signal("modify", cheaper)

    async def second() -> bool:
        return (await team.view(handle)).version == 2

    await eventually(second)
    view = await team.view(handle)
    assert "cannot modify: its ads are being changed by ben" in view.refused_messages[-1]
    assert view.plan.daily_budget == Money.of(40)
    await ask(handle, "modify", cheaper.model_copy(update={"version": 2}))
    view = await team.view(handle)
    assert (view.version, view.plan.daily_budget) == (3, Money.of(10))
    assert (await told(team, view, "v1")).headline == OWN.headline


async def test_it_is_said_on_the_command_line(
    team: TeamUnderTest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ADFLIGHT_TEAM_ID", str(team.id))
    handle = await begun(team, variants=1)
    view = await team.until(handle, CampaignStatus.ACTIVE)

    async def adflight(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        words = ["creatives", "change", str(view.campaign_id), *arguments]
        code = await asyncio.to_thread(run_command, words)
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    mine = tmp_path / "mine.png"
    mine.write_bytes(encoded("PNG", photo()))
    text = tmp_path / "text.jpg"
    text.write_text("no picture at all")
    for words, code, sentence in (
        (("v1", "--yes"), 2, "Nothing to change: give --headline"),
        (("v1", "--action", "sing along", "--yes"), 2, "action: 'sing along' means no button"),
        (("v1", "--image", str(tmp_path / "none.png"), "--yes"), 2, "cannot be read"),
        (("v1", "--image", str(text), "--yes"), 2, "image: "),
        (("v1", "--headline", "Nets", "--no-input"), 2, "repeat with --yes"),
        (("v9", "--headline", "Nets", "--yes"), 1, "there is no such ad; it has v1"),
    ):
        left, told_so = await adflight(*words)
        assert left == code, (words, told_so)
        assert sentence in told_so, words
    code, said = await adflight("v1", "--image", str(mine), "--dry-run")
    assert code == 0
    assert "Would ask: Put your own ad in the place of v1 of Harbour days" in said
    assert set((await team.view(handle)).tree.ad_ids) == {"v1"}
    code, said = await adflight("v1", "--image", str(mine), "--by", "ana", "--yes", "--json")
    assert code == 0, said
    assert json.loads(said)["message"] == "v2 runs in the place of v1, confirmed"
    assert await switched_on(team, await team.view(handle)) == {"v2"}

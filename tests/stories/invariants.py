"""What must hold at the end of every story, whatever happened in it.

Money: a campaign holds one spend commitment while it can spend and none otherwise. Effects: each
key stands for one object that is not deleted. Network: what is over or rests is switched off and
spends nothing. Records: every step that matters was decided, and decided before it was done.
"""

from collections.abc import Iterable
from typing import Any

from sqlmodel import col, select

from models.contract.vocabulary import CampaignStatus, DecisionType
from models.tables import Campaign, Commitment, Effect
from tests.stack import TeamUnderTest, eventually

_SPENDS = {CampaignStatus.PENDING_REVIEW, CampaignStatus.ACTIVE}
_ENDING = {
    CampaignStatus.KILLED: DecisionType.KILL,
    CampaignStatus.COMPLETED: DecisionType.COMPLETE,
    CampaignStatus.ARCHIVED: DecisionType.COMPLETE,
    CampaignStatus.DECLINED: DecisionType.REJECT,
    CampaignStatus.EXPIRED: DecisionType.EXPIRE,
    CampaignStatus.FAILED: DecisionType.FAIL,
    CampaignStatus.REJECTED: DecisionType.FAIL,
    CampaignStatus.PAUSED: DecisionType.PAUSE,
}
_KINDS = {
    "meta": {"campaign": "campaign", "ad_group": "adset", "creative": "adcreative", "ad": "ad"},
    "x": {
        "campaign": "campaign",
        "ad_group": "line_item",
        "creative": "tweet",
        "ad": "promoted_tweet",
    },
}


async def hold(team: TeamUnderTest, *, seconds: float = 10) -> None:
    """Fail with every broken invariant unless all of the team's campaigns soon keep them.

    (Soon: a lease renewal or a record may be under way.)
    """
    problems: list[str] = []

    async def sound() -> bool:
        problems[:] = await broken(team)
        return not problems

    try:
        await eventually(sound, seconds=seconds, every=0.3)
    except AssertionError:
        raise AssertionError("broken invariants:\n" + "\n".join(problems)) from None


async def broken(team: TeamUnderTest) -> list[str]:
    """Every broken invariant, in words."""
    campaigns = await team.campaigns()
    shelves = {
        network: (await team.control.get(f"/objects/{network}")).json()
        for network in {one.platform for one in campaigns}
    }
    rates = {
        (row["network"], row["campaign_id"]): row["rate_micros_per_hour"]
        for row in (await team.control.get("/truth")).json()["campaigns"]
    }
    found: list[str] = []
    for campaign in campaigns:
        shelf = shelves[campaign.platform]
        effects = await team.effects(campaign.id)
        problems = [
            *await _money(team, campaign),
            *_effects(campaign, effects, shelf),
            *_network(campaign, effects, shelf, rates),
            *await _records(team, campaign, effects),
        ]
        name = f"{campaign.platform} {campaign.status} {campaign.id}"
        found += [f"{name}: {problem}" for problem in problems]
    return found


async def _money(team: TeamUnderTest, campaign: Campaign) -> Iterable[str]:
    async with team.database.team(team.id) as session:
        rows = await session.scalars(
            select(Commitment).where(
                col(Commitment.campaign_id) == campaign.id,
                col(Commitment.state).in_(["reserved", "confirmed"]),
            )
        )
        held = [(one.state, one.daily_micros) for one in rows]
    status = CampaignStatus(campaign.status)
    if status is CampaignStatus.LAUNCHING:
        return []
    if status not in _SPENDS:
        return [f"holds {held} but cannot spend"] if held else []
    live = campaign.live_budget_micros or 0
    if len(held) != 1 or held[0][0] != "confirmed" or held[0][1] < live:
        return [f"spends up to {live} a day but holds {held}"]
    return []


def _effects(campaign: Campaign, effects: list[Effect], shelf: dict[str, Any]) -> Iterable[str]:
    cut_short = {CampaignStatus.KILLED, CampaignStatus.FAILED, CampaignStatus.REJECTED}
    status = CampaignStatus(campaign.status)
    for effect in effects:
        objects = _under_key(campaign.platform, effect, shelf)
        if len(objects) > 1:
            yield f"key {effect.key} stands for {len(objects)} objects"
        if status in (CampaignStatus.LAUNCHING, *cut_short):
            continue
        if effect.state == "refused":
            if objects:
                yield f"effect {effect.key} ({effect.kind}) was refused, and the network has it"
        elif effect.state != "confirmed":
            yield f"effect {effect.key} ({effect.kind}) is {effect.state}"
        elif [_id(one) for one in objects] != [effect.external_id]:
            yield f"effect {effect.key} names {effect.external_id}, the network has {objects}"


def _network(
    campaign: Campaign,
    effects: list[Effect],
    shelf: dict[str, Any],
    rates: dict[tuple[str, str], int],
) -> Iterable[str]:
    status = CampaignStatus(campaign.status)
    if status in (*_SPENDS, CampaignStatus.LAUNCHING):
        return
    for effect in effects:
        if effect.kind != "campaign":
            continue
        for one in _under_key(campaign.platform, effect, shelf):
            if one.get("status", one.get("entity_status")) == "ACTIVE":
                yield f"network campaign {one['id']} is still switched on"
            if rates.get((campaign.platform, one["id"]), 0):
                yield f"network campaign {one['id']} still spends"


async def _records(team: TeamUnderTest, campaign: Campaign, effects: list[Effect]) -> Iterable[str]:
    decisions = await team.decisions(campaign.id)
    first = {one.decision_type: one.recorded_at for one in reversed(decisions)}
    status = CampaignStatus(campaign.status)
    problems: list[str] = []
    ending = _ENDING.get(status)
    if ending is not None and ending.value not in first:
        problems.append(f"no decision {ending.value} among {sorted(first)}")
    if campaign.promotion_id and DecisionType.CREATE_CAMPAIGN.value not in first:
        problems.append("its creation was not decided")
    if effects:
        began = min(effect.asked_at for effect in effects)
        for needed in (DecisionType.APPROVE, DecisionType.LAUNCH):
            at = first.get(needed.value)
            if at is None or at > began:
                problems.append(f"{needed.value} decided {at}, but the launch began {began}")
    if any(not one.reasoning and one.decision_type != "compliance" for one in decisions):
        problems.append("a decision without a reason")
    return problems


def _under_key(network: str, effect: Effect, shelf: dict[str, Any]) -> list[dict[str, Any]]:
    """Objects that carry the key (both networks keep it in the name) and are not deleted."""
    if (network, effect.kind) == ("x", "ad"):
        # An ad has no name on X: its key stands in the name of its post.
        posts = {
            one["tweet_id"]
            for one in shelf.get("tweet", [])
            if effect.key in one["name"].split()[:2]
        }
        rows = [one for one in shelf.get("promoted_tweet", []) if one["tweet_id"] in posts]
    else:
        kind = _KINDS[network][effect.kind]
        rows = [one for one in shelf.get(kind, []) if effect.key == one["name"].split()[0]]
    return [one for one in rows if not one.get("deleted") and one.get("status") != "DELETED"]


def _id(one: dict[str, Any]) -> str:
    return str(one.get("tweet_id") if "nullcast" in one else one["id"])

"""The promises, checked against the networks' truth and the audit trail once the dust settled."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from temporalio.client import Client

from models.contract.campaign import CampaignView
from models.contract.effects import effect_key
from models.contract.vocabulary import CampaignStatus, DecisionType
from models.tables import BudgetAdjustment, Campaign, DecisionRow, Drift, Effect
from starter.chaos.network_truth import Found, by_key
from starter.chaos.people import People
from starter.chaos.plan import NETWORKS, Wish
from starter.chaos.sampler import Sampler
from starter.chaos.standing import LIVE, Standing, hung, is_asked_for

PROMISES = {
    "keys_ever_active_twice": "No two objects of one key were ever active together",
    "leftover_twins": "No twin of an object is left on a network",
    "lost": "Every approved campaign is live, over, paused by a person, or refused by a limit",
    "cap_breaches": "Live daily budgets stayed within every cap at every sampled instant",
    "unconfirmed_stops": "Whatever was stopped is off on its network and stayed off",
    "audit_gaps": "Every decision and every effect is in the audit trail",
    "stuck": "No workflow is stuck",
    "false_drifts": "No change of our own was taken for somebody else's",
}
"""Each promise by its name in the report; its value there counts the cases that break it."""

_OVER = (CampaignStatus.COMPLETED, CampaignStatus.ARCHIVED, CampaignStatus.KILLED)
_LAST_WORD = {
    CampaignStatus.KILLED: DecisionType.KILL,
    CampaignStatus.COMPLETED: DecisionType.COMPLETE,
    CampaignStatus.ARCHIVED: DecisionType.COMPLETE,
    CampaignStatus.PAUSED: DecisionType.PAUSE,
    CampaignStatus.FAILED: DecisionType.FAIL,
    CampaignStatus.REJECTED: DecisionType.FAIL,
}


@dataclass(slots=True)
class Records:
    """What the database says."""

    campaigns: dict[UUID, Campaign]
    decisions: dict[UUID, list[DecisionRow]]
    of_promotions: dict[str, list[DecisionRow]]
    effects: dict[str, Effect]
    adjustments: dict[UUID, list[BudgetAdjustment]]
    drifts: list[Drift]


class Inspection:
    """One look at everything after a chaos; ``broken`` holds evidence by promise."""

    def __init__(self, people: People, sampler: Sampler, found: list[Standing]) -> None:
        self._people = people
        self._sampler = sampler
        self._standings = found
        self.broken: dict[str, list[str]] = {name: [] for name in PROMISES}

    async def look(self, client: Client) -> dict[str, list[str]]:
        """Check every promise; the evidence against each, empty where it holds."""
        ground = self._people.ground
        self._records = await self._read()
        self._found: dict[str, list[Found]] = {}
        for network in NETWORKS:
            self._found |= by_key(network, await ground.read(f"/objects/{network}"))
        self._lines = {
            (str(line["network"]), str(line["campaign_id"])): line
            for line in (await ground.read("/truth"))["lines"]
        }
        await self._sampler.look()
        self.broken["keys_ever_active_twice"] += [
            f"{network} {key}: {what}"
            for (network, key), what in self._sampler.switches.twice.items()
        ]
        self.broken["cap_breaches"] += self._sampler.breaches
        self.broken["stuck"] += await hung(client)
        # Nobody touches the networks behind our back in a chaos.
        self.broken["false_drifts"] += [
            f"{one.object_kind} {one.object_id} of campaign {one.campaign_id}: {one.field} "
            f"expected {one.expected}, found {one.found}, {one.action} at {one.recorded_at}"
            for one in self._records.drifts
        ]
        self._check_objects()
        self._check_promotions()
        for one in self._standings:
            self._check_campaign(one)
        return self.broken

    async def _read(self) -> Records:
        people = self._people
        async with people.database.team(people.ground.settings.team_id) as session:
            campaigns = (await session.scalars(select(Campaign))).all()
            decisions = (
                await session.scalars(select(DecisionRow).order_by(col(DecisionRow.recorded_at)))
            ).all()
            effects = (await session.scalars(select(Effect))).all()
            adjustments = (await session.scalars(select(BudgetAdjustment))).all()
            drifts = (await session.scalars(select(Drift))).all()
        records = Records(
            campaigns={row.id: row for row in campaigns},
            decisions=defaultdict(list),
            of_promotions=defaultdict(list),
            effects={row.key: row for row in effects},
            adjustments=defaultdict(list),
            drifts=list(drifts),
        )
        for row in decisions:
            if row.campaign_id is not None:
                records.decisions[row.campaign_id].append(row)
            elif row.promotion_id is not None:
                records.of_promotions[row.promotion_id].append(row)
        for row in adjustments:
            records.adjustments[row.campaign_id].append(row)
        return records

    # -- objects --------------------------------------------------------------------------------

    def _check_objects(self) -> None:
        """Every object on a network was asked for, and is the only one of its key."""
        for key, objects in self._found.items():
            effect = self._records.effects.get(key)
            if len(objects) > 1:
                ids = ", ".join(f"{one.kind} {one.id}" for one in objects)
                whose = f"campaign {effect.campaign_id}" if effect else "nobody"
                self.broken["leftover_twins"] += [f"{objects[0].network} {key} of {whose}: {ids}"]
            for one in objects:
                name = f"{one.network} {one.kind} {one.id} under key {key}"
                if effect is None:
                    self.broken["audit_gaps"].append(f"{name}: no effect was recorded")
                elif one.on and _needs_confirmation(one) and effect.external_id != one.id:
                    self.broken["audit_gaps"].append(
                        f"{name} is on, but the effect is {effect.state} as {effect.external_id}"
                    )

    # -- promotions and campaigns ---------------------------------------------------------------

    def _check_promotions(self) -> None:
        people = self._people
        for number in range(people.plan.promotions):
            outcome = people.outcomes.get(number)
            if outcome is None:
                self.broken["stuck"].append(f"article {number}: its promotion has no answer")
                continue
            if outcome["outcome"] not in ("promoted", "skipped"):
                why = outcome["reasoning"]
                self.broken["lost"].append(f"article {number}: {outcome['outcome']}: {why}")
            kinds = self._kinds(self._records.of_promotions[people.promotions[number]])
            if not kinds.intersection({DecisionType.EVALUATE.value, DecisionType.SKIP.value}):
                self.broken["audit_gaps"].append(f"article {number}: no decision was recorded")

    def _check_campaign(self, one: Standing) -> None:
        if one.view is None or not one.settled:
            self.broken["stuck"].append(f"{one}: {one.state}: {one.why}")
            return
        view = one.view
        if one.state in ("failed", "rejected", "declined", "expired"):
            self.broken["lost"].append(f"{one}: {one.state}: {one.why}")
        elif one.state == "paused" and not is_asked_for(one):
            self.broken["lost"].append(f"{one}: paused, and nobody wanted it: {one.why}")
        if view.status in LIVE:
            self._check_live(one, view)
        else:
            self._check_stopped(one, view)
        self._check_audit(one, view)

    def _check_live(self, one: Standing, view: CampaignView) -> None:
        """Every object the campaign believes in is there, and the campaign is on."""
        tree, campaign = view.tree, view.campaign_id
        known = {"campaign": tree.campaign_id, "ad_group": tree.ad_group_id}
        known |= {f"creative/{variant}": id_ for variant, id_ in tree.creative_ids.items()}
        known |= {f"ad/{variant}": id_ for variant, id_ in tree.ad_ids.items()}
        for step, wanted in known.items():
            there = self._found.get(effect_key(campaign, step), [])
            if wanted not in [each.id for each in there]:
                self.broken["lost"].append(f"{one}: its {step} {wanted} is not on the network")
        tops = self._found.get(effect_key(campaign, "campaign"), [])
        if not any(each.on for each in tops):
            self.broken["lost"].append(f"{one}: {view.status.value}, but off on the network")
        line = self._lines.get((view.platform, tree.campaign_id or ""))
        live = view.live_budget.micros if view.live_budget else None
        if line is not None and live is not None and line["daily_budget_micros"] != live:
            self.broken["audit_gaps"].append(
                f"{one}: its daily budget is {line['daily_budget_micros']} micros on the network, "
                f"{live} by its own account"
            )

    def _check_stopped(self, one: Standing, view: CampaignView) -> None:
        """Off now; and since it was killed or completed, never on again."""
        key = effect_key(view.campaign_id, "campaign")
        if any(each.on for each in self._found.get(key, [])):
            self.broken["unconfirmed_stops"].append(f"{one}: {one.state}, but on on the network")
            return
        ended = next((visit.at for visit in view.visits if visit.status in _OVER), None)
        if ended is not None and self._sampler.switches.on_since(key, ended):
            self.broken["unconfirmed_stops"].append(f"{one}: on after it was {one.state}")
        if view.campaign_id in self._people.killed and view.status not in _OVER:
            self.broken["unconfirmed_stops"].append(f"{one}: {one.state} in spite of a kill")

    def _check_audit(self, one: Standing, view: CampaignView) -> None:
        """The decisions a campaign's life must have left."""
        rows = self._records.decisions[view.campaign_id]
        kinds, needed = self._kinds(rows), {DecisionType.CREATE_CAMPAIGN}
        visited = {visit.status for visit in view.visits}
        if CampaignStatus.LAUNCHING in visited:
            needed.add(DecisionType.APPROVE)
        if visited.intersection({*LIVE, CampaignStatus.PAUSED}) and view.tree.campaign_id:
            needed.add(DecisionType.LAUNCH)
        if (last := _LAST_WORD.get(view.status)) is not None:
            needed.add(last)
        for missing in sorted(kind.value for kind in needed if kind.value not in kinds):
            self.broken["audit_gaps"].append(f"{one}: no decision {missing!r} was recorded")
        row = self._records.campaigns.get(view.campaign_id)
        if row is None or row.status != view.status.value:
            said = row.status if row else "nothing"
            self.broken["audit_gaps"].append(
                f"{one}: it is {view.status.value}, the database says {said}"
            )
        live, agreed = view.live_budget, _first_budget(rows)
        if live is not None and agreed is not None and live.micros != agreed:
            changes = {change.new_micros for change in self._records.adjustments[view.campaign_id]}
            if live.micros not in changes:
                self.broken["audit_gaps"].append(f"{one}: its budget {live} was never recorded")

    @staticmethod
    def _kinds(rows: list[DecisionRow]) -> set[str]:
        return {row.decision_type for row in rows}


def wishes_heard(people: People) -> dict[str, Any]:
    """How many wishes of each kind were heard, for the report."""
    heard = {Wish.KILL: people.killed, Wish.PAUSE: people.paused, Wish.LOWER: people.lowered}
    return {wish.value: len(campaigns) for wish, campaigns in heard.items()}


def _needs_confirmation(one: Found) -> bool:
    """Ads of X and creatives have no switch: under a paused parent they mean nothing."""
    return one.kind in ("campaign", "adset", "line_item", "ad")


def _first_budget(rows: list[DecisionRow]) -> int | None:
    """The daily budget with which a campaign was launched (micros)."""
    launches = [row for row in rows if row.decision_type == DecisionType.LAUNCH.value]
    return launches[-1].budget_impact_micros if launches else None

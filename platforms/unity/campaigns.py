"""Campaigns, and the ad group that is a part of each.

A campaign is made switched off. What makes an ad group (bids, budget, schedule) is written into
its campaign, and the ad group's key into the campaign's name last of all: what carries the key is
whole.
"""

from datetime import datetime

from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import AdGroupOrder, CampaignOrder
from platforms.errors import Refused
from platforms.naming import pending
from platforms.unity.amounts import bid_amount, bid_text, budget_text, end_day, first_day
from platforms.unity.apps import Apps, Turns
from platforms.unity.errors import JsonObject, is_gone, refused, rows_in
from platforms.unity.names import named, with_group
from platforms.unity.terms import BIDDING, check_aim, check_category, countries, goal
from platforms.unity.wire import Wire

WITH_SETTINGS = {"includeFields": ["cpiBids", "budget"]}


class Campaigns:
    """Campaigns of one organisation."""

    def __init__(self, wire: Wire, apps: Apps, account: AdAccount) -> None:
        self._wire = wire
        self._apps = apps
        self._account = account
        self._turns = Turns()

    async def create(self, order: CampaignOrder, minimum: Money | None) -> JsonObject:
        """Make a campaign, off, with its spend cap if it has one; the campaign with its app.

        Raises:
            Refused: a value Unity does not take, named; nothing was created.
            Ambiguous: an answer was lost; repeating completes what is there.
        """
        daily = budget_text(order.daily_budget, minimum)
        total = budget_text(order.spend_cap) if order.spend_cap is not None else None
        check_category(order.special_category)
        countries(order.countries)
        name = named(order.key, order.name)
        body: JsonObject = {
            "name": name if total is None else pending(name),
            "goal": goal(order.objective),
            "billingType": "cpi",
            "biddingStrategy": BIDDING["automatic"],
        }
        app = await self._apps.of_link(order.link)
        if total is None:
            row = await self._wire.post(f"apps/{app}/campaigns", body)
        else:
            row = await self._begun(app, pending(name))
            row = row or await self._wire.post(f"apps/{app}/campaigns", body)
            path = f"apps/{app}/campaigns/{row['id']}"
            await self._wire.patch(f"{path}/budget", {"total": total, "daily": daily})
            row = await self._wire.patch(path, {"name": name})
        self._apps.learn(campaign=str(row["id"]), app=app)
        return {**row, "app": app}

    async def _begun(self, app: str, unfinished: str) -> JsonObject | None:
        """The campaign an interrupted attempt left; its twins, should a late answer have made
        any, are deleted."""
        rows = [r for r in await self._apps.campaigns_of(app) if r.get("name") == unfinished]
        rows.sort(key=lambda row: str(row["id"]))
        for twin in rows[1:]:
            await self._wire.delete(f"apps/{app}/campaigns/{twin['id']}")
        return rows[0] if rows else None

    async def create_group(
        self, order: AdGroupOrder, minimum: Money | None, now: datetime
    ) -> JsonObject:
        """Write an ad group into its campaign; the campaign as it then is.

        Raises:
            Refused: a value Unity does not take, named.
            Ambiguous: an answer was lost; repeating is harmless.
        """
        check_category(order.special_category, order.targeting)
        check_aim(order)
        goal(order.objective)
        bid = bid_amount(order.bid, self._account)
        where = countries(order.targeting.locations)
        daily = budget_text(order.daily_budget, minimum)
        if order.end_time <= order.start_time:
            raise refused(
                f"the end {order.end_time} is not after the start {order.start_time}",
                field="end_time",
            )
        path = await self._apps.campaign_path(order.campaign_id)
        async with self._turns.of(order.campaign_id):
            campaign = await self._wire.get(path, WITH_SETTINGS)
            name = with_group(str(campaign.get("name") or ""), order.key)
            bids: list[JsonObject] = [{"country": one, "bid": bid} for one in where]
            # PUT replaces every country there was: these are the ones to be reached, no others.
            await self._wire.put(f"{path}/cpi-bids", bids)
            budget = _with_total(campaign.get("budget"), daily)
            await self._wire.patch(f"{path}/budget", budget)
            changes = {
                "name": name,
                "scheduleStart": first_day(order.start_time),
                "scheduleEnd": end_day(order.end_time, now),
            }
            row = await self._wire.patch(path, changes)
        return {**row, "app": path.split("/")[1], "budget": budget, "cpiBids": bids}

    async def read(self, ids: list[str]) -> list[JsonObject]:
        """Campaigns with budget and bids; those that are gone are left out."""
        found: list[JsonObject] = []
        for campaign_id, app in (await self._apps.of_campaigns(ids)).items():
            try:
                path = f"apps/{app}/campaigns/{campaign_id}"
                row = await self._wire.get(path, WITH_SETTINGS)
            except Refused as error:
                if not is_gone(error):
                    raise
            else:
                found.append({**row, "app": app})
        return found

    async def set_daily_budget(
        self, campaign_id: str, budget: Money, minimum: Money | None
    ) -> None:
        daily = budget_text(budget, minimum)
        path = f"{await self._apps.campaign_path(campaign_id)}/budget"
        # The total is sent along: whether leaving it out keeps it is not documented (unsure).
        await self._wire.patch(path, _with_total(await self._wire.get(path), daily))

    async def set_bid(self, campaign_id: str, amount: Money) -> None:
        """The same bid in every country of the campaign (PATCH: no other is lost)."""
        bid = bid_text(amount)
        path = f"{await self._apps.campaign_path(campaign_id)}/cpi-bids"
        rows = await self._wire.get(path)
        wanted = [{"country": row["country"], "bid": bid} for row in rows_in(rows, "results")]
        if not wanted:
            raise refused(
                f"campaign {campaign_id} has no bid to change; create its ad group first",
                field="bid_amount",
            )
        await self._wire.patch(path, wanted)

    async def set_end(self, campaign_id: str, end: datetime, now: datetime) -> None:
        path = await self._apps.campaign_path(campaign_id)
        start = str((await self._wire.get(path)).get("scheduleStart") or "")[:10]
        # No end before the start is taken; an end at the start delivers nothing just as well.
        await self._wire.patch(path, {"scheduleEnd": max(end_day(end, now), start)})

    async def switch(self, campaign_id: str, *, on: bool) -> None:
        """Raises:
        Refused: nobody has it, or Unity will not switch it on.
        """
        await self._wire.patch(await self._apps.campaign_path(campaign_id), {"enabled": on})

    async def remove(self, campaign_id: str) -> None:
        await self._wire.delete(await self._apps.campaign_path(campaign_id))


def _with_total(budget: JsonObject | None, daily: str) -> JsonObject:
    total = (budget or {}).get("total")
    return {"daily": daily} if total in (None, "") else {"total": str(total), "daily": daily}

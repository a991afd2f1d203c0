"""Objects as Apple shows them, with the delivery that its facts amount to.

Apple computes ``systemStatus`` of every object with reasons. Where the reason is another object
("ads not running", "campaign on hold"), that one is read along and asked for its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from models.contract.money import Money
from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.apple_search_ads.errors import JsonObject
from platforms.apple_search_ads.terms import BY_TAP, money
from platforms.apple_search_ads.times import instant
from platforms.apple_search_ads.wire import Wire
from platforms.naming import key_of

ON, OFF = "ENABLED", "PAUSED"
_ONE_BY_ONE = 5
"""Parents whose children are asked for one by one; of more, all children of the account are read:
Apple's parent filters take one id."""

_BELOW = frozenset({"AD_GROUPS_NOT_RUNNING", "AD_GROUPS_MISSING", "ADS_NOT_RUNNING"})
_ABOVE = frozenset({"CAMPAIGN_NOT_RUNNING"})
_ON_HOLD = frozenset({"CAMPAIGN_ON_HOLD", "AD_GROUP_ON_HOLD"})
_REJECTED = frozenset(
    {
        "AD_APPROVAL_REJECTED",
        "AD_APPROVAL_CREATIVE_DOC_REJECTED",
        "APP_CONTENT_REJECTED",
        "APP_DOC_APPROVAL_REJECTED",
        "APP_NOT_ELIGIBLE",
        "APP_NOT_ELIGIBLE_SEARCHADS",
        "APP_NOT_ELIGIBLE_SUPPLY_PLACEMENT",
        "APP_SENSITIVE_CONTENT",
        "COUNTRIES_OR_REGIONS_NOT_ELIGIBLE",
        "CREATIVE_INVALID",
        "CREATIVE_SET_INVALID",
        "CREATIVE_SET_UNSUPPORTED",
        "POLICY_PROHIBITED",
        "PRODUCT_PAGE_DELETED",
        "PRODUCT_PAGE_HIDDEN",
        "PRODUCT_PAGE_INCOMPATIBLE",
        "PRODUCT_PAGE_INSUFFICIENT_ASSETS",
        "PRODUCT_PAGE_UNAVAILABLE",
    }
)
_IN_REVIEW = frozenset(
    {
        "AD_APPROVAL_CREATIVE_DOC_PENDING",
        "AD_APPROVAL_PENDING",
        "APP_CONTENT_REVIEW_PENDING",
        "APP_DOC_APPROVAL_PENDING",
        "CREATIVE_PENDING",
        "NEEDS_REVIEW",
        "PENDING_ASSET_CHECKS",
        "PROCESSING",
    }
)
_CAUSES = (
    (_REJECTED, Delivery.REJECTED),
    (frozenset({"SCHEDULE_EXPIRED"}), Delivery.ENDED),
    (_IN_REVIEW, Delivery.IN_REVIEW),
)
_HOPEFUL = (Delivery.ACTIVE, Delivery.IN_REVIEW, Delivery.REJECTED, Delivery.PAUSED, Delivery.ENDED)
"""What several children amount to: the first that one of them is in."""

_State = tuple[Delivery, str | None]


async def campaign_views(wire: Wire, rows: list[JsonObject], now: datetime) -> list[NetworkObject]:
    """Campaigns; those that wait for what is below are looked into for the reason why."""
    doubtful = [row for row in rows if _own(row) is None and _reasons(row) & _BELOW]
    groups = await _children(wire, "adgroups", "campaignId", doubtful)
    states = await _group_states(wire, [one for each in groups.values() for one in each], rows)
    views: list[NetworkObject] = []
    for row in rows:
        state = _own(row)
        if state is None:
            below = [states[str(one["id"])] for one in groups.get(str(row["id"]), [])]
            state = _of_children(row, below)
        views.append(_view(ObjectKind.CAMPAIGN, row, now, state))
    return views


async def ad_group_views(wire: Wire, rows: list[JsonObject], now: datetime) -> list[NetworkObject]:
    """Ad groups, with the daily budget of their campaigns."""
    campaigns = await _parents(wire, "campaigns", "campaignId", rows)
    states = await _group_states(wire, rows, list(campaigns.values()))
    return [
        ad_group_view(row, campaigns.get(str(row["campaignId"]), {}), now, states[str(row["id"])])
        for row in rows
    ]


async def ad_views(wire: Wire, rows: list[JsonObject], now: datetime) -> list[NetworkObject]:
    """Ads; those held by a parent are shown as it stands."""
    held = [row for row in rows if _is_held(row)]
    groups = await _parents(wire, "adgroups", "adGroupId", held)
    campaigns = await _parents(wire, "campaigns", "campaignId", held)
    views: list[NetworkObject] = []
    for row in rows:
        state = _own(row) or _unknown(row)
        if _is_held(row):
            state = _of_parents(
                row, campaigns.get(str(row["campaignId"])), groups.get(str(row["adGroupId"]))
            )
        views.append(ad_view(row, now, state))
    return views


def ad_group_view(
    row: JsonObject, campaign: JsonObject, now: datetime, state: _State | None = None
) -> NetworkObject:
    """One ad group below its campaign, which holds the budget."""
    strategy = cast(JsonObject, row.get("bidStrategy") or {})
    manual = strategy.get("bidStrategyType") in (None, BY_TAP.strategy)
    return _view(ObjectKind.AD_GROUP, row, now, state or _own(row) or _unknown(row)).model_copy(
        update={
            "parent_id": str(row["campaignId"]),
            "daily_budget": _budget(campaign),
            "bid": money(strategy.get("bid")),
            "automatic": () if manual else (f"bidding {strategy.get('bidStrategyType')}",),
        }
    )


def ad_view(row: JsonObject, now: datetime, state: _State | None = None) -> NetworkObject:
    """One ad."""
    view = _view(ObjectKind.AD, row, now, state or _own(row) or _unknown(row))
    return view.model_copy(update={"parent_id": str(row["adGroupId"])})


def campaign_view(row: JsonObject, now: datetime) -> NetworkObject:
    """One campaign, by itself."""
    return _view(ObjectKind.CAMPAIGN, row, now, _own(row) or _unknown(row))


def creative_view(row: JsonObject, now: datetime) -> NetworkObject:
    """A creative. It has no switch of its own."""
    reasons = ", ".join(sorted(_reasons(row))) or None
    state: _State = {
        "VALID": (Delivery.ACTIVE, None),
        "PENDING": (Delivery.IN_REVIEW, reasons),
        "INVALID": (Delivery.REJECTED, reasons or "INVALID"),
    }.get(str(row.get("systemStatus")), (Delivery.UNKNOWN, reasons))
    if row.get("deleted"):
        state = Delivery.REMOVED, None
    view = _view(ObjectKind.CREATIVE, row, now, state)
    return view.model_copy(update={"switched_on": not row.get("deleted")})


def is_on(row: JsonObject) -> bool:
    """The object's own switch."""
    return row.get("status") == ON and not row.get("deleted")


async def _group_states(
    wire: Wire, rows: list[JsonObject], campaigns: Iterable[JsonObject]
) -> dict[str, _State]:
    """Delivery of ad groups, with their campaigns and ads taken into account."""
    above = {str(row["id"]): row for row in campaigns}
    states: dict[str, _State] = {}
    open_: list[JsonObject] = []
    for row in rows:
        state = _own(row)
        campaign = above.get(str(row["campaignId"]))
        if campaign is not None and (state is None or state[0] is Delivery.ACTIVE):
            held = _own(campaign)
            # A campaign that is held back holds its ad groups, whatever Apple already computed.
            if held is not None and held[0] is not Delivery.ACTIVE:
                state = held[0], f"its campaign is {held[0].value}"
        if state is None:
            open_.append(row)
        else:
            states[str(row["id"])] = state
    ads = await _children(wire, "ads", "adGroupId", open_)
    for row in open_:
        below = [_own(ad) or _unknown(ad) for ad in ads.get(str(row["id"]), [])]
        states[str(row["id"])] = _of_children(row, below)
    return states


def _own(row: JsonObject) -> _State | None:
    """An object's state by itself; None when that is somebody else's."""
    if row.get("deleted"):
        return Delivery.REMOVED, None
    if not is_on(row):
        return Delivery.PAUSED, None
    if row.get("systemStatus") == "RUNNING":
        limits = cast(list[str], row.get("systemStatusLimitingReasons") or [])
        return Delivery.ACTIVE, ", ".join(limits) or None
    reasons = _reasons(row)
    shown = ", ".join(sorted(reasons))
    for words, delivery in _CAUSES:
        if reasons & words:
            return delivery, shown
    if reasons <= _BELOW | _ABOVE:
        return None if reasons else (Delivery.UNKNOWN, str(row.get("displayStatus") or "") or None)
    # Schedules to come, budgets used up, cards declined, documents missing: it cannot deliver now.
    return Delivery.PAUSED, shown


def _of_children(row: JsonObject, below: Sequence[_State]) -> _State:
    for wanted in _HOPEFUL:
        for delivery, issue in below:
            if delivery is wanted:
                # A child that could deliver below a parent that Apple has not caught up with.
                caught_up = Delivery.UNKNOWN if delivery is Delivery.ACTIVE else delivery
                return caught_up, issue or ", ".join(sorted(_reasons(row)))
    return Delivery.PAUSED, ", ".join(sorted(_reasons(row)))


def _of_parents(row: JsonObject, *parents: JsonObject | None) -> _State:
    for parent, name in zip(parents, ("campaign", "ad group"), strict=True):
        state = _own(parent) if parent is not None else (Delivery.REMOVED, None)
        if state is None or state[0] is Delivery.ACTIVE:
            continue
        delivery = Delivery.PAUSED if state[0] is Delivery.REMOVED else state[0]
        return delivery, f"its {name} is {state[0].value}"
    return Delivery.PAUSED, str(row.get("displayStatus"))


def _unknown(row: JsonObject) -> _State:
    return Delivery.UNKNOWN, ", ".join(sorted(_reasons(row))) or None


def _reasons(row: JsonObject) -> set[str]:
    return set(cast(list[str], row.get("systemStatusReasons") or []))


def _is_held(row: JsonObject) -> bool:
    """Whether an ad could be shown but for its parents."""
    state = _own(row)
    able = state is not None and state[0] is Delivery.ACTIVE
    return able and row.get("displayStatus") in _ON_HOLD


async def _children(
    wire: Wire, kind: str, field: str, parents: list[JsonObject]
) -> dict[str, list[JsonObject]]:
    ids = [str(row["id"]) for row in parents]
    found: dict[str, list[JsonObject]] = {one: [] for one in ids}
    if len(ids) <= _ONE_BY_ONE:
        for one in ids:
            found[one] = await wire.query(kind, (field, "EQUALS", int(one)))
        return found
    for row in await wire.query(kind):
        if str(row[field]) in found:
            found[str(row[field])].append(row)
    return found


async def _parents(
    wire: Wire, kind: str, field: str, rows: list[JsonObject]
) -> dict[str, JsonObject]:
    ids = sorted({str(row[field]) for row in rows})
    return {str(row["id"]): row for row in await wire.by_ids(kind, ids)} if ids else {}


def _view(kind: ObjectKind, row: JsonObject, now: datetime, state: _State) -> NetworkObject:
    name = str(row.get("name") or "")
    delivery, issue = state
    return NetworkObject(
        kind=kind,
        id=str(row["id"]),
        key=key_of(name),
        name=name,
        switched_on=is_on(row),
        delivery=delivery,
        daily_budget=_budget(row),
        end_time=instant(row.get("endTime")),
        issue=issue,
        as_of=now,
    )


def _budget(row: JsonObject) -> Money | None:
    return money(cast(JsonObject, row.get("dailyBudget") or {}).get("value"))

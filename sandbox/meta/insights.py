"""Insights: the world's figures in Graph's words. Numbers are strings, zeros are left out, and
what did not deliver has no row."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import cast
from zoneinfo import ZoneInfo

from sandbox.meta.graph import GraphError, Node, Parameters, invalid
from sandbox.meta.shelf import NETWORK, MetaShelf
from sandbox.world import Figures

_LEVELS = ("account", "campaign", "adset", "ad")
_DEFAULT = "impressions,spend"
_CENT = Decimal("0.01")
_RATIO = Decimal("0.000001")
_PEOPLE = 2_000_000
_CONVERSION = {
    "PURCHASE": ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"),
    "LEAD": ("lead", "offsite_conversion.fb_pixel_lead"),
    "COMPLETE_REGISTRATION": (
        "omni_complete_registration",
        "complete_registration",
        "offsite_conversion.fb_pixel_complete_registration",
    ),
    "SUBMIT_APPLICATION": ("submit_application_total", "submit_application_website"),
}
_RESULT = {
    "APP_INSTALLS": ("mobile_app_install",),
    "LINK_CLICKS": ("landing_page_view",),
    "LANDING_PAGE_VIEWS": ("landing_page_view",),
    "POST_ENGAGEMENT": ("post_engagement",),
}


@dataclass
class _Sum:
    """Figures of one row being added up."""

    names: Node
    since: date
    until: date
    impressions: int = 0
    clicks: int = 0
    spend_micros: int = 0
    reaches: list[int] = field(default_factory=list[int])
    actions: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    values: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, figures: Figures, result: tuple[str, ...]) -> None:
        self.impressions += figures.impressions
        self.clicks += figures.clicks
        self.spend_micros += figures.spend_micros
        self.reaches.append(figures.reach)
        self.actions["link_click"] += figures.clicks - figures.clicks // 10
        for name in result:
            self.actions[name] += figures.conversions
            self.values[name] += figures.revenue_micros

    def row(self) -> Node:
        """All fields this row could show, as strings; zeros left out."""
        numbers: dict[str, Decimal] = {
            "impressions": Decimal(self.impressions),
            "clicks": Decimal(self.clicks),
            "inline_link_clicks": Decimal(self.actions["link_click"]),
            "reach": Decimal(_people(self.reaches)),
            "spend": _major(self.spend_micros),
        }
        if self.impressions:
            spend = numbers["spend"]
            numbers["ctr"] = (Decimal(100 * self.clicks) / self.impressions).quantize(_RATIO)
            numbers["cpm"] = (spend * 1000 / self.impressions).quantize(_RATIO)
            if numbers["reach"]:
                numbers["frequency"] = (self.impressions / numbers["reach"]).quantize(_RATIO)
            if self.clicks:
                numbers["cpc"] = (spend / self.clicks).quantize(_RATIO)
        row = {name: str(value) for name, value in numbers.items() if value}
        actions = _entries({name: str(n) for name, n in self.actions.items() if n})
        values = _entries({name: str(_major(n)) for name, n in self.values.items() if n})
        return {
            **self.names,
            **row,
            **({"actions": actions} if actions else {}),
            **({"action_values": values} if values else {}),
            "date_start": self.since.isoformat(),
            "date_stop": self.until.isoformat(),
        }


def report(
    shelf: MetaShelf, account: Node, parameters: Parameters, scope: dict[str, str] | None = None
) -> list[Node]:
    """All rows of an insights query, before paging.

    Args:
        shelf: The objects.
        account: Whose figures.
        parameters: ``level``, ``time_range`` or ``date_preset``, ``time_increment``,
            ``filtering``, ``fields``.
        scope: A node the query was asked on: its level and id.
    """
    if "breakdowns" in parameters:
        raise invalid("breakdowns", "This stand-in has no breakdowns.")
    own_level = next(iter(scope), "account") if scope else "account"
    level = parameters.choice("level", _LEVELS, own_level)
    since, until = _days(shelf, account, parameters)
    step = _step(parameters, since, until)
    wanted = _filters(parameters, scope or {})
    ad_sets = {each["id"]: each for each in shelf.every("adset")}
    by_ad = level == "ad" or "ad" in wanted
    sums: dict[tuple[str, int], _Sum] = {}
    for figures in shelf.world.figures(
        NETWORK,
        str(account["account_id"]),
        since.isoformat(),
        until.isoformat(),
        by_ad=by_ad,
    ):
        ids = {
            "account": str(account["account_id"]),
            "campaign": figures.campaign_id,
            "adset": figures.line_id,
            "ad": figures.ad_id,
        }
        if any(ids[name] not in chosen for name, chosen in wanted.items()):
            continue
        block = (date.fromisoformat(figures.day) - since).days // step
        key = (ids[level], block)
        if key not in sums:
            first = since + timedelta(days=block * step)
            last = min(until, first + timedelta(days=step - 1))
            sums[key] = _Sum(_names(shelf, account, level, ids), first, last)
        sums[key].add(figures, _result(ad_sets.get(figures.line_id, {})))
    rows = [total.row() for total in sums.values() if total.impressions or total.spend_micros]
    fields = [name.strip() for name in parameters.text("fields").split(",") if name.strip()]
    if fields and fields[0].startswith("["):
        fields = [str(name) for name in json.loads(parameters.text("fields"))]
    shown = {*(fields or _DEFAULT.split(",")), "date_start", "date_stop"}
    return [{name: row[name] for name in row if name in shown} for row in rows]


def _result(ad_set: Node) -> tuple[str, ...]:
    """The actions under which the market's one result per ad set is reported."""
    promoted: Node = ad_set.get("promoted_object") or {}
    event, goal = promoted.get("custom_event_type"), ad_set.get("optimization_goal")
    return _CONVERSION.get(str(event)) or _RESULT.get(str(goal), ())


def _names(shelf: MetaShelf, account: Node, level: str, ids: dict[str, str]) -> Node:
    names: Node = {
        "account_id": account["account_id"],
        "account_name": account["name"],
        "account_currency": account["currency"],
    }
    for kind in _LEVELS[1 : _LEVELS.index(level) + 1]:
        node = shelf.get(kind, ids[kind]) or {}
        names |= {f"{kind}_id": ids[kind], f"{kind}_name": node.get("name", "")}
        for name in ("objective", "buying_type", "optimization_goal"):
            if node.get(name):
                names[name] = node[name]
    return names


def _days(shelf: MetaShelf, account: Node, parameters: Parameters) -> tuple[date, date]:
    """First and last account day asked for."""
    today = shelf.world.now().astimezone(ZoneInfo(account["timezone_name"])).date()
    wanted = parameters.object("time_range")
    if wanted is not None:
        try:
            since, until = (date.fromisoformat(str(wanted[end])) for end in ("since", "until"))
        except (KeyError, ValueError):
            raise invalid("time_range", "Param time_range needs since and until days.") from None
        if since > until:
            raise invalid("time_range", "since is after until.")
        if since < today - timedelta(days=37 * 31):
            raise GraphError(3018, "The start date of the time range is beyond 37 months.")
        return since, until
    yesterday = today - timedelta(days=1)
    opened = datetime.fromisoformat(account["created_time"]).date()
    presets = {
        "today": (today, today),
        "yesterday": (yesterday, yesterday),
        "last_3d": (today - timedelta(days=3), yesterday),
        "last_7d": (today - timedelta(days=7), yesterday),
        "last_14d": (today - timedelta(days=14), yesterday),
        "last_30d": (today - timedelta(days=30), yesterday),
        "this_month": (today.replace(day=1), today),
        "maximum": (opened, today),
    }
    return presets[parameters.choice("date_preset", tuple(presets), "last_30d")]


def _step(parameters: Parameters, since: date, until: date) -> int:
    """Days a row covers."""
    text = parameters.text("time_increment", "all_days")
    if text == "all_days":
        return (until - since).days + 1
    if not text.isdigit() or not 1 <= int(text) <= 90:
        raise invalid("time_increment", "Param time_increment must be 1 to 90 or all_days.")
    return int(text)


def _filters(parameters: Parameters, scope: dict[str, str]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {level: {object_id} for level, object_id in scope.items()}
    for each in parameters.items("filtering") or ():
        level, _, name = str(each.get("field", "")).partition(".")
        value = each.get("value")
        if level not in _LEVELS or name != "id" or each.get("operator") not in ("IN", "EQUAL"):
            raise invalid("filtering", f"Filtering field {each.get('field')} is not supported.")
        ids = cast("list[object]", value) if isinstance(value, list) else [value]
        chosen = {str(one) for one in ids}
        wanted[level] = wanted.get(level, chosen) & chosen
    return wanted


def _people(reaches: list[int]) -> int:
    """Reach over several rows, which overlap: as if each drew its people by chance from the
    same two million."""
    if len(reaches) == 1:
        return reaches[0]
    missed = 1.0
    for reach in reaches:
        missed *= 1.0 - min(reach, _PEOPLE) / _PEOPLE
    return round(_PEOPLE * (1.0 - missed))


def _entries(values: dict[str, str]) -> list[Node]:
    return [{"action_type": name, "value": value} for name, value in values.items()]


def _major(micros: int) -> Decimal:
    return (Decimal(micros) / 1_000_000).quantize(_CENT, ROUND_HALF_UP)

"""X's metric groups: arrays with one element per time bucket, null where there is no data."""

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.world import Figures

Series = list[int] | None
_Count = Callable[[Figures], int]

# ``clicks`` and ``engagements`` include likes and profile visits, so they exceed the link clicks.
_ENGAGEMENT: dict[str, _Count] = {
    "impressions": lambda row: row.impressions,
    "url_clicks": lambda row: row.clicks,
    "clicks": lambda row: row.clicks + row.impressions // 400,
    "engagements": lambda row: row.clicks + row.impressions // 250,
    "likes": lambda row: row.impressions // 1500,
    "retweets": lambda row: row.impressions // 9000,
    "replies": lambda row: row.impressions // 20000,
}
_NO_ENGAGEMENT = ("follows", "app_clicks", "card_engagements", "qualified_impressions")
_BILLING: dict[str, _Count] = {
    "billed_engagements": lambda row: row.clicks,
    "billed_charge_local_micro": lambda row: row.spend_micros,
}
_NO_CONVERSION = ("conversion_downloads", "conversion_custom")

GROUPS = (
    "ENGAGEMENT",
    "BILLING",
    "VIDEO",
    "WEB_CONVERSION",
    "MOBILE_CONVERSION",
    "LIFE_TIME_VALUE_MOBILE_CONVERSION",
)
_EMPTY_GROUPS = {
    "VIDEO": ("video_total_views", "video_views_25", "video_views_50", "video_views_100"),
    "MOBILE_CONVERSION": ("mobile_conversion_installs", "mobile_conversion_purchases"),
    "LIFE_TIME_VALUE_MOBILE_CONVERSION": ("mobile_conversion_lifetime_value_purchases",),
}


def metrics(groups: Sequence[str], buckets: Sequence[Sequence[Figures]]) -> dict[str, Any]:
    """The metrics of one entity, given the figures in each time bucket."""
    found: dict[str, Any] = {}
    for group in groups:
        if group == "ENGAGEMENT":
            found |= {name: _series(buckets, count) for name, count in _ENGAGEMENT.items()}
            found |= dict.fromkeys(_NO_ENGAGEMENT)
        elif group == "BILLING":
            found |= {name: _series(buckets, count) for name, count in _BILLING.items()}
        elif group == "WEB_CONVERSION":
            found |= _conversions(buckets)
        else:
            found |= dict.fromkeys(_EMPTY_GROUPS[group])
    return found


def _series(buckets: Sequence[Sequence[Figures]], count: _Count) -> Series:
    """Null for the whole metric when it never happened, as X writes it."""
    values = [sum(count(row) for row in rows) for rows in buckets]
    return values if any(values) else None


def _conversions(buckets: Sequence[Sequence[Figures]]) -> dict[str, Any]:
    """Conversions that brought revenue are purchases, the others sign-ups; a fifth of them
    followed a mere view. A site visit is the echo of most clicks."""
    bought: _Count = lambda row: row.conversions if row.revenue_micros else 0  # noqa: E731
    joined: _Count = lambda row: 0 if row.revenue_micros else row.conversions  # noqa: E731
    visited: _Count = lambda row: row.clicks * 4 // 5  # noqa: E731
    found: dict[str, Any] = {
        "conversion_purchases": _kind(buckets, bought, lambda row: row.revenue_micros),
        "conversion_sign_ups": _kind(buckets, joined),
        "conversion_site_visits": _kind(buckets, visited),
    }
    return found | {name: _kind([], lambda _: 0) for name in _NO_CONVERSION}


def _kind(
    buckets: Sequence[Sequence[Figures]], count: _Count, amount: _Count | None = None
) -> dict[str, Series]:
    after_view: _Count = lambda row: count(row) // 5  # noqa: E731
    after_engagement: _Count = lambda row: count(row) - count(row) // 5  # noqa: E731
    return {
        "post_view": _series(buckets, after_view),
        "post_engagement": _series(buckets, after_engagement),
        "order_quantity": _series(buckets, count) if amount else None,
        "sale_amount": _series(buckets, amount) if amount else None,
    }

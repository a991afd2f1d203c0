"""The capability table of every network: from the adapters themselves, for people and for docs."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from models.contract.network import ObjectKind
from models.contract.vocabulary import Platform
from platforms.network import Adapter, Capabilities
from platforms.registry import ADAPTERS
from starter.team import live_variables

_LEVELS = (ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP, ObjectKind.CREATIVE, ObjectKind.AD)
DOCS_HEAD = """# The networks

What Adflight can do on each ad network, in what unit, with what minimum, and what it does where a
network cannot. Generated from the adapters by `adflight networks --markdown`; a test keeps it so.
Amounts marked unsure in the notes are configurable (`ADFLIGHT_OVER_DELIVERY`, account options).
"""


def adapters() -> list[Adapter]:
    """Every adapter, in the order of ``Platform``."""
    return [ADAPTERS[platform] for platform in Platform if platform in ADAPTERS]


def document(adapter: Adapter) -> dict[str, Any]:
    """One network as JSON: durations in seconds, money as decimal strings."""
    able = adapter.capabilities
    return {
        "platform": able.platform.value,
        "label": able.label,
        "api": able.api,
        "objectives": sorted(able.objectives),
        "calls_to_action": sorted(able.calls_to_action),
        "special_categories": {one.value: how for one, how in able.special_categories.items()},
        "min_daily_budget": {
            currency: str(money.amount) for currency, money in able.min_daily_budget.items()
        },
        "over_delivery": able.over_delivery,
        "balanced_within_a_week": able.balanced,
        "spend_cap": able.spend_cap,
        "end_time_granularity_seconds": able.end_time_granularity.total_seconds(),
        "lease_fallback": able.lease_fallback,
        "budget_edits_per_hour": able.budget_edits_per_hour,
        "batch_size": able.batch_size,
        "levels": [kind.value for kind in _LEVELS if kind in able.levels],
        "can_pause_ad": able.can_pause_ad,
        "ads_at_once": able.ads_at_once,
        "needs_bid": able.needs_bid,
        "dayparting": able.dayparting,
        "audiences": sorted(able.audiences),
        "image": list(able.image_size),
        "video": list(able.video_size) if able.video_size else None,
        "copy_limits": {
            "primary_text": able.copy_limits.primary_text,
            "headline": able.copy_limits.headline,
            "description": able.copy_limits.description,
        },
        "rates": {
            name: {"calls": rate.calls, "seconds": rate.seconds, "scope": rate.scope}
            for name, rate in adapter.rates.items()
        },
        "instead": able.instead,
        "notes": list(able.notes),
    }


def minimum(able: Capabilities) -> str:
    """The smallest daily budget, in words."""
    return ", ".join(str(money) for money in able.min_daily_budget.values()) or "none known"


def lease(able: Capabilities) -> str:
    """The finest unit of an end time, in words."""
    grain = able.end_time_granularity
    if grain >= timedelta(days=1):
        return f"{grain.days} d"
    if grain >= timedelta(hours=1):
        return f"{grain // timedelta(hours=1)} h"
    return f"{grain // timedelta(minutes=1)} min" if grain >= timedelta(minutes=1) else "1 s"


def shown(able: Capabilities) -> str:
    """What an ad shows there."""
    image = f"image {able.image_size[0]}x{able.image_size[1]}"
    video = able.video_size
    return image if video is None else f"{image}, video {video[0]}x{video[1]}"


def markdown() -> str:
    """The whole table as a page."""
    lines = [DOCS_HEAD.rstrip(), "", *_overview()]
    for adapter in adapters():
        lines += ["", *_section(adapter)]
    return "\n".join(lines) + "\n"


def _overview() -> Iterable[str]:
    columns = (
        "Network", "Interface", "Smallest daily budget", "Most in a day", "Lease unit", "Batch",
        "Ads",
    )  # fmt: skip
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    for adapter in adapters():
        able = adapter.capabilities
        yield (
            f"| {able.label} (`{able.platform.value}`) | {able.api} | {minimum(able)} | "
            f"{able.over_delivery:g} budgets | {lease(able)} | {able.batch_size} | "
            f"{shown(able)} |"
        )


def _section(adapter: Adapter) -> Iterable[str]:
    able = adapter.capabilities
    yield f"## {able.label}"
    yield ""
    yield f"- Objectives: {', '.join(sorted(able.objectives))}"
    yield f"- Calls to action: {', '.join(sorted(able.calls_to_action))}"
    yield (
        f"- Text: {able.copy_limits.primary_text} characters, headline "
        f"{able.copy_limits.headline}, description {able.copy_limits.description}"
    )
    yield f"- Levels: {', '.join(kind.value for kind in _LEVELS if kind in able.levels)}"
    yield f"- Bidding: {'an amount is needed' if able.needs_bid else 'automatic, or capped'}"
    yield f"- Set: {', '.join(f'`{name}`' for name in live_variables(able.platform))}"
    for category, how in sorted(able.special_categories.items()):
        yield f"- {category.value.capitalize()} ads: {how}"
    if able.audiences:
        yield f"- Audiences: {', '.join(sorted(able.audiences))}"
    if able.lease_fallback:
        yield f"- When nobody renews the lease: {able.lease_fallback}"
    for name, rate in adapter.rates.items():
        yield f"- Quota `{name}`: {rate.calls:,} calls in {rate.seconds:g} s per {rate.scope}"
    for cannot, what in able.instead.items():
        yield f"- Cannot: {cannot}. Adflight: {what}"
    for note in able.notes:
        yield f"- {note}"

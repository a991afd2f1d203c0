"""A recommendation a person can judge and execute: evidence, what it should bring, the change."""

from dataclasses import dataclass
from typing import Literal

from policy.estimate import Estimate, finite
from policy.roas_posterior import RoasPosterior, posterior

MONTH = 30.0
"""Days that an impact speaks of."""

Value = str | int | float | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of a window of ``days`` days. Money in micros; None is missing, not zero.

    ``maturity`` is the spend-weighted share (0..1) of conversions that has arrived.
    """

    spend: float | None
    conversions: float | None
    value: float | None
    days: float = 30.0
    maturity: float | None = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact: its name, the number with its interval (80 %), and the window it is from."""

    name: str
    number: Estimate
    window: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What the money concerned is expected to bring in a month, all from the same figures.

    ``spend`` micros; ``value`` micros with its 80 % interval; ``conversions`` is value over the
    average value; ``cpa`` spend over conversions (micros); ``roas`` value over spend; ``roi``
    roas less 1. ``gain``: value more (or less) than if nothing changed.
    """

    spend: int
    value: Estimate
    gain: Estimate
    conversions: float
    cpa: float | None
    roas: float | None
    roi: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """The exact change: field of the campaign, its value now and the value to set."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Card:
    """One recommendation. Nothing happens by itself: a person executes ``changes``."""

    kind: Literal["budget", "segment", "target_cpa", "bid_strategy", "targeting", "lookalike"]
    title: str
    reason: str
    evidence: tuple[Evidence, ...]
    expected: Impact
    changes: tuple[Change, ...]
    confidence: float


def impact(spend: float, value: Estimate, gain: Estimate, average_value: float) -> Impact:
    """Derive every figure from spend and value, so that they agree with each other.

    Args:
        spend: Micros of the money concerned, per month.
        value: Micros it brings.
        gain: Micros it brings more than now.
        average_value: Micros of one conversion, above 0.
    """
    money = int(spend)
    conversions = value.value / average_value
    roas = value.value / money if money > 0 else None
    return Impact(
        money,
        value,
        gain,
        conversions,
        money / conversions if conversions > 0 and money > 0 else None,
        roas,
        None if roas is None else roas - 1,
    )


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """``estimate`` times a number that is not negative."""
    return Estimate(estimate.value * factor, estimate.low * factor, estimate.high * factor)


def shifted(estimate: Estimate, by: float) -> Estimate:
    """``estimate`` plus a number."""
    return Estimate(estimate.value + by, estimate.low + by, estimate.high + by)


def roas_of(totals: Totals, average_value: float | None = None) -> RoasPosterior | None:
    """The return's posterior of a window."""
    return posterior(totals.spend, totals.value, totals.conversions, totals.maturity, average_value)


def window(totals: Totals) -> str:
    """In words: "last 30 days"."""
    days = finite(totals.days)
    return "unknown window" if days is None or days <= 0 else f"last {days:g} days"


def together(totals: tuple[Totals, ...]) -> Totals:
    """Sum of several windows; a missing figure in one leaves that one out."""
    usable = [
        (spend, conversions, value, share)
        for one in totals
        if (spend := finite(one.spend)) is not None
        and (conversions := finite(one.conversions)) is not None
        and (value := finite(one.value)) is not None
        and (share := finite(one.maturity)) is not None
        and spend > 0
        and conversions >= 0
        and value >= 0
    ]
    spend = sum(one[0] for one in usable)
    matured = sum(one[0] * one[3] for one in usable)
    days = max((d for one in totals if (d := finite(one.days)) is not None), default=0.0)
    return Totals(
        spend,
        sum(one[1] for one in usable),
        sum(one[2] for one in usable),
        days,
        matured / spend if spend > 0 else None,
    )

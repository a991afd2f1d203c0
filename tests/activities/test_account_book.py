"""What a guard knows of an account: cumulative days become hours, however it is read."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.account_book import AccountBook, Entry
from models.contract.account import AdAccount
from models.contract.money import Money
from models.contract.network import MetricsReport, MetricsRow
from models.contract.vocabulary import Platform

NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
CAMPAIGN = UUID("11111111-1111-4111-8111-111111111111")


def book(timezone: str = "UTC") -> AccountBook:
    """A book over one campaign that was switched on two days ago."""
    account = AdAccount(
        id=uuid4(),
        team_id=uuid4(),
        platform=Platform.META,
        name="meta",
        external_id="1",
        timezone=timezone,
    )
    made = AccountBook(account, over_delivery=1.75)
    made.known = {"c1": CAMPAIGN}
    made.entries = (entry(),)
    return made


def entry(**changes: object) -> Entry:
    """The campaign: $48 a day."""
    values: dict[str, object] = {
        "id": CAMPAIGN,
        "network_id": "c1",
        "name": "Nets",
        "converts": False,
        "live_since": NOON - timedelta(days=2),
        "daily_budget": 48_000_000,
        "highest_budget": 48_000_000,
        "lifetime": float("nan"),
        "max_daily_spend": float("nan"),
        "target_cpa": float("nan"),
        "max_cpa": float("nan"),
        "min_roas": float("nan"),
    }
    return Entry(**(values | changes))  # type: ignore[arg-type]


def report(at: datetime, **spend_by_day: int) -> MetricsReport:
    """What the network shows: cumulative dollars by day (``d10`` is the tenth)."""
    rows = tuple(
        MetricsRow(
            campaign_id="c1",
            day=f"2026-03-{day.removeprefix('d')}",
            impressions=spend * 100,
            clicks=spend,
            spend=Money.of(spend),
        )
        for day, spend in spend_by_day.items()
    )
    return MetricsReport(as_of=at, rows=rows)


def test_the_difference_to_the_last_reading_lies_in_the_hours_between() -> None:
    kept = book()
    kept.note_reading(report(NOON - timedelta(hours=2), d10=10))
    kept.note_reading(report(NOON, d10=30))
    view = kept.view(NOON)
    # 20 dollars between 10:30 and 12:30: a quarter, a half, a quarter.
    assert view.spend[0, -3:] == pytest.approx([5e6 + 10e6 * 0.5 / 10.5, 10e6, 5e6])
    assert view.spent_today[0] == 30e6
    assert view.spend.sum() == pytest.approx(30e6)
    assert view.clicks[0].sum() == pytest.approx(30)


def test_a_restated_day_changes_totals_and_never_makes_an_hour_negative() -> None:
    kept = book()
    kept.note_reading(report(NOON - timedelta(hours=1), d10=30))
    kept.note_reading(report(NOON, d10=27))
    view = kept.view(NOON)
    assert view.spent_today[0] == 27e6
    assert (view.spend >= 0).all()


@given(steps=st.lists(st.tuples(st.integers(5, 600), st.integers(0, 40)), min_size=1, max_size=30))
def test_however_often_it_is_read_no_money_is_lost_or_made(steps: list[tuple[int, int]]) -> None:
    kept, at, spent = book(), NOON, 0
    for minutes, more in steps:
        at, spent = at + timedelta(minutes=minutes), spent + more
        kept.note_reading(report(at, d10=spent))
    view = kept.view(at)
    assert view.spend.sum() == pytest.approx(spent * 1e6)
    assert view.as_of == at


def test_hours_move_on_while_nobody_reads() -> None:
    kept = book()
    kept.note_reading(report(NOON, d10=24))
    later = kept.view(NOON + timedelta(hours=5))
    assert later.spend[0, -5:].sum() == 0
    assert later.spend.sum() == pytest.approx(24e6)
    assert later.hour_of_day[-1] == 17
    aged = later.unreported[0]
    assert aged == pytest.approx(48e6 * 1.75 / 24 * 5.5), "at the pace the network may take"


def test_a_budget_that_was_lowered_still_explains_the_day() -> None:
    kept = book()
    kept.entries = (entry(daily_budget=3_000_000, highest_budget=300_000_000),)
    kept.note_reading(report(NOON, d10=90))
    view = kept.view(NOON)
    assert view.day_cap[0] == 525e6
    assert view.unreported[0] == pytest.approx(3e6 * 1.75 / 24 * 0.5)


def test_the_account_day_is_the_accounts_own() -> None:
    kept = book("America/Los_Angeles")
    late = datetime(2026, 3, 11, 5, 0, tzinfo=UTC)  # still the tenth in Los Angeles
    kept.note_reading(report(late, d10=21))
    view = kept.view(late)
    assert view.spent_today[0] == 21e6
    assert view.hour_of_day[-1] == 22
    assert kept.view(late + timedelta(hours=3)).spent_today[0] == 0


def test_the_biggest_spender_comes_first() -> None:
    kept = book()
    other = uuid4()
    kept.known["c2"] = other
    kept.entries = (entry(), entry(id=other, network_id="c2"))
    rows = (
        MetricsRow(campaign_id="c1", day="2026-03-10", spend=Money.of(1)),
        MetricsRow(campaign_id="c2", day="2026-03-10", spend=Money.of(50)),
    )
    kept.note_reading(MetricsReport(as_of=NOON, rows=rows))
    kept.note_reading(MetricsReport(as_of=NOON + timedelta(minutes=10), rows=rows))
    assert kept.spenders() == ("c2", "c1")
    assert np.isfinite(kept.spend_rate())

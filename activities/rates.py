"""Keeping dated exchange rates: listed with their age, recorded with their source."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert

from activities.teams import exchange_rates, team_limits
from models.contract.base import Frozen
from models.contract.exchange import DatedRate, Rates
from models.database import Database
from models.tables import ExchangeRate, LimitChange
from models.tables.columns import now_utc
from policy.exchange import age, is_stale, plain

JUMP = Decimal("0.2")
"""A rate that moved by more than this since the last one is more often a slip than a market."""


class RateView(Frozen):
    """A currency's newest rate: how old it is in days, and whether it still converts."""

    currency: str
    rate: str
    as_of: date
    age_days: int
    stale: bool


class RatesView(Frozen):
    """The reporting currency, the days a rate counts for, and the newest rates."""

    currency: str
    max_age_days: float
    rates: tuple[RateView, ...]


async def present_rates(database: Database, team_id: UUID) -> Rates:
    """The newest rates as of today.

    Raises:
        ApplicationError: the team's limits are not usable.
    """
    async with database.team(team_id) as session:
        limits = await team_limits(session, team_id)
        return await exchange_rates(session, team_id, limits, now_utc().date())


def viewed(rates: Rates) -> RatesView:
    """Rates for people."""
    return RatesView(
        currency=rates.currency,
        max_age_days=rates.max_age.total_seconds() / 86_400,
        rates=tuple(
            RateView(
                currency=name,
                rate=plain(one.rate),
                as_of=one.as_of,
                age_days=age(one, rates).days,
                stale=is_stale(one, rates),
            )
            for name, one in sorted(rates.newest.items())
        ),
    )


def jumps(new: Mapping[str, DatedRate], rates: Rates) -> list[str]:
    """Rates that moved suspiciously far from the last ones, as "EUR 1.08 → 0.108"."""
    found: list[str] = []
    for name, one in sorted(new.items()):
        last = rates.newest.get(name)
        if last is not None and abs(one.rate - last.rate) > JUMP * last.rate:
            found.append(f"{name} {plain(last.rate)} → {plain(one.rate)}")
    return found


async def record_rates(
    database: Database,
    team_id: UUID,
    new: Mapping[str, DatedRate],
    rates: Rates,
    *,
    source: str,
    by: str,
) -> None:
    """Keep rates; a second one of a currency and day replaces the first. Each is also listed
    among the changes of limits, because it changes what limits allow."""
    rows: list[dict[str, object]] = [
        {
            "id": uuid4(),
            "team_id": team_id,
            "currency": name,
            "rate": one.rate,
            "as_of": one.as_of,
            "source": source[:100],
            "recorded_by": by,
            "recorded_at": now_utc(),
        }
        for name, one in new.items()
    ]
    if not rows:
        return
    statement = insert(ExchangeRate).values(rows)
    taken = statement.excluded
    async with database.team(team_id) as session:
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["team_id", "currency", "as_of"],
                set_={
                    "rate": taken.rate,
                    "source": taken.source,
                    "recorded_by": taken.recorded_by,
                    "recorded_at": taken.recorded_at,
                },
            )
        )
        for name, one in new.items():
            last = rates.newest.get(name)
            session.add(
                LimitChange(
                    team_id=team_id,
                    scope="team",
                    name=f"exchange rate {name}",
                    old="none" if last is None else f"{plain(last.rate)} of {last.as_of}",
                    new=f"{plain(one.rate)} of {one.as_of}",
                    reason=source,
                    by=by,
                )
            )

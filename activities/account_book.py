"""What a guard knows of its account: its campaigns and what they did hour by hour.

The network tells cumulative figures of account days; the rules need hours. Each reading's
difference to the one before is spread over the time between the two. The hours are kept in memory
between looks and rebuilt from the appended readings when a worker starts anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.teams import team_limits
from models.contract.account import AdAccount
from models.contract.limits import SpendLimits
from models.contract.network import MetricsReport
from models.contract.vocabulary import Objective
from policy.account_view import HOURS, AccountView, Floats, ScopeSpend
from policy.traffic import cumulative_share

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_REPORTING_LAG = timedelta(minutes=30)
"""What a network may have spent but not yet shown in the figures it gives out now."""
_MEMORY = timedelta(hours=4)
"""A budget that was lowered still explains the hours before, across midnight too."""
_MEASURES = ("spend_micros", "impressions", "clicks", "conversions", "revenue_micros")
_CONVERSION_OBJECTIVES = frozenset(
    {
        Objective.LEADS,
        Objective.SIGNUPS,
        Objective.PURCHASES,
        Objective.CATALOG_SALES,
        Objective.APP_INSTALLS,
        Objective.APPLICATIONS,
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A campaign of the account that may be switched on. Money in micros.

    ``highest_budget`` is the highest daily budget it had today: what was spent before somebody
    lowered it was within what was agreed then.
    """

    id: UUID
    network_id: str
    name: str
    converts: bool
    live_since: datetime
    daily_budget: int
    highest_budget: int
    lifetime: float
    max_daily_spend: float
    target_cpa: float
    max_cpa: float
    min_roas: float


@dataclass(slots=True)
class AccountBook:
    """One account. ``known`` maps the network's ids to campaigns; ``tried_at`` is when it was last
    attempted to read the figures, ``read_at`` their age."""

    account: AdAccount
    over_delivery: float
    entries: tuple[Entry, ...] = ()
    known: dict[str, UUID] = field(default_factory=dict[str, UUID])
    read_at: datetime | None = None
    tried_at: datetime | None = None
    whole_week_at: datetime | None = None
    reading_failed: bool = False
    rebuilt: bool = False
    api_failures: int = 0
    team: ScopeSpend | None = None
    platform: ScopeSpend | None = None
    first_hand: bool = False
    _hour: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    _hours: dict[UUID, Floats] = field(default_factory=dict[UUID, Floats])
    _seen: dict[UUID, Floats] = field(default_factory=dict[UUID, Floats])
    _cumulative: dict[tuple[UUID, date], Floats] = field(
        default_factory=dict[tuple[UUID, date], Floats]
    )
    _before: dict[UUID, float] = field(default_factory=dict[UUID, float])
    _newest_event: int = 0

    # -- what is read -------------------------------------------------------------------------

    def note_reading(self, report: MetricsReport) -> None:
        """Add what a reading shows beyond the one before, spread over the time between."""
        since = self.read_at
        for row in report.rows:
            campaign = self.known.get(row.campaign_id)
            if campaign is None:
                continue
            day = date.fromisoformat(row.day)
            now = np.array(
                [
                    row.spend.micros,
                    row.impressions,
                    row.clicks,
                    row.conversions,
                    row.revenue.micros if row.revenue else 0,
                ],
                dtype=np.float64,
            )
            before = self._cumulative.get((campaign, day))
            start = since or self._began(campaign, day)
            self._cumulative[campaign, day] = now
            # Read for the first time, a day's figures lie in that day; later news came just now.
            end = min(report.as_of, self._day_start(day + _DAY)) if since is None else report.as_of
            self._spread(campaign, now - (0 if before is None else before), start, end)
        oldest = report.as_of.date() - 10 * _DAY
        self._cumulative = {key: one for key, one in self._cumulative.items() if key[1] >= oldest}
        self.read_at, self.reading_failed, self.rebuilt = report.as_of, False, True
        # Counted anew: an event may be committed after one with a later number.
        self._seen.clear()
        self._newest_event = 0

    def _spread(self, campaign: UUID, more: Floats, start: datetime, end: datetime) -> None:
        """Add figures evenly to the hours between two instants (a restatement may lower them)."""
        if not more.any():
            return
        self._roll(end)
        hours = self._hours.setdefault(campaign, np.zeros((len(_MEASURES), HOURS)))
        start = max(min(start, end), self._hour - (HOURS - 1) * _HOUR)
        length = (end - start) / _HOUR
        first = HOURS - 1 - int((self._hour - _floor(start)) / _HOUR)
        for column in range(max(first, 0), HOURS):
            begins = self._hour - (HOURS - 1 - column) * _HOUR
            part = (min(begins + _HOUR, end) - max(begins, start)) / _HOUR
            share = max(part, 0.0) / length if length > 0 else float(column == HOURS - 1)
            hours[:, column] = np.maximum(hours[:, column] + more * share, 0.0)

    def _roll(self, now: datetime) -> None:
        """Let column -1 be the hour of ``now``."""
        hour = _floor(now)
        steps = int((hour - self._hour) / _HOUR)
        if steps <= 0:
            return
        for arrays in (self._hours, self._seen):
            for campaign, array in arrays.items():
                moved = np.zeros_like(array)
                if steps < HOURS:
                    moved[:, : HOURS - steps] = array[:, steps:]
                arrays[campaign] = moved
        self._hour = hour

    # -- what the database knows --------------------------------------------------------------

    async def refresh(self, session: AsyncSession, now: datetime) -> None:
        """Campaigns, first-hand events, failing calls and the scopes around, as of now."""
        local = now.astimezone(ZoneInfo(self.account.timezone)).date()
        self._roll(now)
        since = min(self._day_start(local), now - _MEMORY)
        rows = (
            await session.execute(_CAMPAIGNS, {"account": self.account.id, "since": since})
        ).mappings()
        limits = await team_limits(session, self.account.team_id)
        self.entries = tuple(_entry(row, limits) for row in rows)
        self.known |= {one.network_id: one.id for one in self.entries}
        if not self.rebuilt:
            await self._rebuild(session, now)
        await self._note_events(session, now)
        await self._sum_earlier_days(session, local)
        failures = await session.execute(
            _FAILURES, {"account": self.account.id, "since": now - _HOUR}
        )
        self.api_failures = int(failures.scalar_one())
        scopes = (
            await session.execute(
                _SCOPES, {"platform": self.account.platform.value, "today": now.date()}
            )
        ).mappings()
        spends = {
            bool(row["of_platform"]): ScopeSpend(
                spent_today=float(row["spent"]),
                daily_limit=float(
                    (limits.platform_daily if row["of_platform"] else limits.team_daily).micros
                ),
                tolerance=max(float(row["tolerance"] or 1.0), 1.0),
            )
            for row in scopes
        }
        self.team, self.platform = spends.get(False), spends.get(True)

    async def _rebuild(self, session: AsyncSession, now: datetime) -> None:
        """Hours from the readings of the last days: a worker may have started anew."""
        rows = (
            await session.execute(
                _READINGS, {"account": self.account.id, "since": now - HOURS * _HOUR}
            )
        ).all()
        instants = sorted({row[2] for row in rows})
        earlier = dict(zip(instants[1:], instants, strict=False))
        for campaign, day, as_of, *measures in cast(Iterable[tuple[Any, ...]], rows):
            totals = np.array([float(one or 0) for one in measures])
            before = self._cumulative.get((campaign, day))
            start = earlier.get(as_of, self._began(campaign, day))
            self._cumulative[campaign, day] = totals
            self._spread(campaign, totals - (0 if before is None else before), start, as_of)
        if instants and self.read_at is None:
            self.read_at = instants[-1]
        self.rebuilt = True

    async def _note_events(self, session: AsyncSession, now: datetime) -> None:
        rows = (
            await session.execute(
                _EVENTS,
                {
                    "account": self.account.id,
                    "newest": self._newest_event,
                    "since": now - HOURS * _HOUR,
                },
            )
        ).all()
        for campaign, kind, hour, count, newest in cast(Iterable[tuple[Any, ...]], rows):
            self._newest_event = max(self._newest_event, int(newest))
            self.first_hand |= kind == "conversion"
            seen = self._seen.setdefault(campaign, np.zeros((2, HOURS)))
            column = HOURS - 1 - int((self._hour - hour) / _HOUR)
            if 0 <= column < HOURS:
                seen[int(kind == "conversion"), column] += int(count)

    async def _sum_earlier_days(self, session: AsyncSession, today: date) -> None:
        rows = await session.execute(
            _EARLIER, {"account": self.account.id, "from": today - timedelta(days=1)}
        )
        self._before = {campaign: float(spent) for campaign, spent in rows.all()}

    # -- what the rules judge -----------------------------------------------------------------

    def view(self, now: datetime) -> AccountView:
        """The account as the safety rules see it at campaign time ``now``."""
        self._roll(now)
        entries, zone = self.entries, ZoneInfo(self.account.timezone)
        local = now.astimezone(zone)
        hours = _stack([self._hours.get(one.id) for one in entries], len(_MEASURES))
        seen = _stack([self._seen.get(one.id) for one in entries], 2)
        today, recent = (local.date(), local.date() - timedelta(days=1))
        spent_today = self._spent(entries, (today,))
        spent_total = spent_today + self._spent(entries, (recent,))
        spent_total += np.array([self._before.get(one.id, 0.0) for one in entries])
        budget = _array(one.highest_budget for one in entries)
        live = _array(one.daily_budget for one in entries)
        age = now - (self.read_at or min((one.live_since for one in entries), default=now))
        passed = max((now - self._hour) / _HOUR, 1 / 3600)
        last_full = hours[0, :, -2]
        rate = np.maximum(np.where(live < budget, 0.0, last_full), live * self.over_delivery / 24)
        return AccountView(
            now=now,
            as_of=self.read_at,
            campaigns=tuple(one.id for one in entries),
            names=tuple(one.name for one in entries),
            currency=self.account.currency,
            platform_name=self.account.platform.value,
            last_hour_share=min(passed, 1.0),
            hour_of_day=np.array(
                [
                    (self._hour - (HOURS - 1 - column) * _HOUR).astimezone(zone).hour
                    for column in range(HOURS)
                ],
                dtype=np.int64,
            ),
            on=np.ones(len(entries), dtype=np.bool_),
            converts=np.array([one.converts for one in entries], dtype=np.bool_),
            hours_on=_array((now - one.live_since) / _HOUR for one in entries),
            daily_budget=budget,
            day_cap=_array(
                one.highest_budget * self.over_delivery
                if np.isnan(one.max_daily_spend)
                else one.max_daily_spend
                for one in entries
            ),
            lifetime=_array(one.lifetime for one in entries),
            target_cpa=_array(one.target_cpa for one in entries),
            max_cpa=_array(one.max_cpa for one in entries),
            min_roas=_array(one.min_roas for one in entries),
            spent_today=spent_today,
            spent_total=spent_total,
            unreported=rate * ((max(age, timedelta(0)) + _REPORTING_LAG) / _HOUR),
            day_share=cumulative_share(local),
            over_delivery=self.over_delivery,
            spend=hours[0],
            impressions=hours[1],
            clicks=hours[2],
            conversions=hours[3],
            revenue=hours[4],
            seen_clicks=seen[0],
            seen_conversions=seen[1],
            first_hand=self.first_hand,
            api_failures=self.api_failures,
            reading_failed=self.reading_failed,
            team=self.team,
            platform=self.platform,
        )

    def spenders(self) -> tuple[str, ...]:
        """Network ids by spend of this hour and the last, biggest first."""
        recent = {
            one.network_id: float(hours[0, -2:].sum()) if hours is not None else 0.0
            for one in self.entries
            for hours in (self._hours.get(one.id),)
        }
        return tuple(sorted(recent, key=lambda one: -recent[one]))

    def spend_rate(self) -> int:
        """Micros per hour of the whole account: of the last full hour, as reported."""
        arrays = [self._hours.get(one.id) for one in self.entries]
        return round(sum(float(one[0, -2]) for one in arrays if one is not None))

    def _spent(self, entries: Sequence[Entry], days: Iterable[date]) -> Floats:
        return _array(
            sum(
                self._cumulative[one.id, day][0]
                for day in days
                if (one.id, day) in self._cumulative
            )
            for one in entries
        )

    def _began(self, campaign: UUID, day: date) -> datetime:
        """From when a day's figures can be: its midnight, or the campaign's first moment."""
        live_since = next((one.live_since for one in self.entries if one.id == campaign), None)
        midnight = self._day_start(day)
        return midnight if live_since is None else max(midnight, live_since)

    def _day_start(self, day: date) -> datetime:
        zone = ZoneInfo(self.account.timezone)
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _entry(row: Mapping[Any, Any], limits: SpendLimits) -> Entry:
    plan = cast(dict[str, Any], row["plan"])
    rails = cast(dict[str, Any], plan.get("guardrails") or {})

    def micros(value: dict[str, Any] | None) -> float:
        return float(value["micros"]) if value else float("nan")

    # A limit in another currency is the spend authority's to judge, with a dated rate.
    same = limits.campaign_lifetime.currency == row["currency"]
    most = float(limits.campaign_lifetime.micros) if same else float("nan")
    planned = float("nan") if row["lifetime"] is None else float(row["lifetime"])
    return Entry(
        id=row["id"],
        network_id=row["network_id"],
        name=row["name"],
        converts=Objective(plan.get("objective", "traffic")) in _CONVERSION_OBJECTIVES,
        live_since=datetime.fromisoformat(row["live_since"]) if row["live_since"] else row["made"],
        daily_budget=(budget := int(row["live_budget"] or row["daily_budget"])),
        highest_budget=max(budget, int(row["highest"] or 0)),
        lifetime=float(np.fmin(most, planned)),
        max_daily_spend=micros(rails.get("max_daily_spend")),
        target_cpa=micros(rails.get("target_cpa")),
        max_cpa=micros(rails.get("max_cpa")),
        min_roas=float(rails.get("min_roas") or "nan"),
    )


def _array(values: Iterable[float]) -> Floats:
    return np.fromiter(values, dtype=np.float64)


def _stack(arrays: Sequence[Floats | None], rows: int) -> Floats:
    """(rows, campaigns, HOURS)."""
    if not arrays:
        return np.zeros((rows, 0, HOURS))
    empty = np.zeros((rows, HOURS))
    return np.stack([empty if one is None else one for one in arrays], axis=1)


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


_CAMPAIGNS = text(
    """
    SELECT c.id, c.platform_campaign_id AS network_id, c.name, c.plan, c.currency,
           c.lifetime_budget_micros AS lifetime, c.daily_budget_micros AS daily_budget,
           c.live_budget_micros AS live_budget, c.created_at AS made,
           (SELECT MAX(GREATEST(a.old_micros, a.new_micros)) FROM ad_budget_adjustments AS a
            WHERE a.campaign_id = c.id AND a.at >= :since) AS highest,
           (SELECT v ->> 'at' FROM jsonb_array_elements(c.visits) WITH ORDINALITY AS e(v, n)
            WHERE v ->> 'status' IN ('pending_review', 'active') ORDER BY n LIMIT 1) AS live_since
    FROM ad_campaigns AS c
    WHERE c.account_id = :account AND c.status IN ('pending_review', 'active')
      AND c.platform_campaign_id IS NOT NULL
    ORDER BY c.id
    """
)
_READINGS = text(
    """
    SELECT campaign_id, day, as_of, spend_micros, impressions, clicks, conversions, revenue_micros
    FROM (
        SELECT DISTINCT ON (s.campaign_id, s.day, date_trunc('hour', s.as_of)) s.*
        FROM ad_performance_snapshots AS s
        JOIN ad_campaigns AS c ON c.id = s.campaign_id
        WHERE s.account_id = :account AND s.as_of > :since
          AND c.status IN ('pending_review', 'active')
        ORDER BY s.campaign_id, s.day, date_trunc('hour', s.as_of), s.as_of DESC
    ) AS newest
    ORDER BY as_of
    """
)
_EVENTS = text(
    """
    SELECT e.campaign_id, e.kind, date_trunc('hour', e.at) AS hour, COUNT(*), MAX(e.id)
    FROM first_hand_events AS e JOIN ad_campaigns AS c ON c.id = e.campaign_id
    WHERE c.account_id = :account AND e.id > :newest AND e.at > :since
    GROUP BY 1, 2, 3
    """
)
_EARLIER = text(
    """
    SELECT campaign_id, SUM(spend_micros)
    FROM (
        SELECT DISTINCT ON (s.campaign_id, s.day) s.campaign_id, s.spend_micros
        FROM ad_performance_snapshots AS s JOIN ad_campaigns AS c ON c.id = s.campaign_id
        WHERE s.account_id = :account AND s.day < :from
          AND c.status IN ('pending_review', 'active')
        ORDER BY s.campaign_id, s.day, s.as_of DESC
    ) AS newest
    GROUP BY campaign_id
    """
)
# A rate limit is an answer: it asks for patience and says nothing about losing control.
_FAILURES = text(
    "SELECT COUNT(*) FROM api_failures "
    "WHERE account_id = :account AND at > :since AND kind <> 'RateLimited'"
)
_SCOPES = text(
    """
    SELECT b.platform IS NOT NULL AS of_platform, b.spent_micros AS spent,
           (SELECT SUM(m.daily_micros * m.over_delivery) / NULLIF(SUM(m.daily_micros), 0)
            FROM spend_commitments AS m
            WHERE m.state IN ('reserved', 'confirmed')
              AND (b.platform IS NULL OR m.platform = b.platform)) AS tolerance
    FROM ad_budgets AS b
    WHERE b.period_type = 'daily' AND b.period_start = :today AND b.account_id IS NULL
      AND (b.platform IS NULL OR b.platform = :platform)
    """
)

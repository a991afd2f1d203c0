"""What was delivered (the truth) and what a network reports of it at a given time.

Rows are per line, ad and slot and only ever grow while their slot runs; lag, late conversions
and corrected spend are functions of the report time, so a report can be asked for any instant.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from market import reporting, response
from market.delivery import AdFigures
from sandbox.database import Database
from sandbox.tally import Tally
from sandbox.world import Figures, Line


class Ledger:
    """Deliveries and conversions of all networks."""

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed
        self.tallies: dict[tuple[str, str], Tally] = {}
        self._campaign_days: dict[tuple[str, str], tuple[str, int]] = {}
        self._campaign_ever: defaultdict[tuple[str, str], int] = defaultdict(int)
        with database.lock:
            self._recall()

    def _recall(self) -> None:
        """Rebuild the running sums from the file, as they were when it was closed."""
        rows = self._database.connection.execute(
            "SELECT network, campaign, line, ad, slot, day, impressions, spend "
            "FROM delivery ORDER BY slot"
        )
        budgets = {
            (network, line): (micros, since)
            for network, line, micros, since in self._database.connection.execute(
                "SELECT network, line, micros, since FROM budget"
            )
        }
        for network, campaign, line, ad, slot, day, impressions, spend in rows:
            tally = self.tallies.setdefault((network, line), Tally())
            budget, since = budgets.get((network, line), (0, 0))
            tally.open(slot, day, 0 if slot < since else budget)
            tally.add(ad, impressions, spend)
            self._spend_in_campaign(network, campaign, day, spend)
        for network, line, clicked in self._database.connection.execute(
            "SELECT network, line, clicked FROM conversion ORDER BY clicked"
        ):
            self.tallies[network, line].clicked.append(clicked)

    def _spend_in_campaign(self, network: str, campaign: str, day: str, spend: int) -> None:
        self._campaign_ever[network, campaign] += spend
        known, before = self._campaign_days.get((network, campaign), (day, 0))
        if day >= known:
            total = spend + (before if day == known else 0)
            self._campaign_days[network, campaign] = (day, total)

    def tally(self, line: Line, slot: int, day: str) -> Tally:
        """The line's sums, moved on to a slot."""
        tally = self.tallies.setdefault((line.network, line.id), Tally())
        if tally.open(slot, day, line.daily_budget_micros):
            with self._database.transaction() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO budget VALUES (?, ?, ?, ?)",
                    (line.network, line.id, line.daily_budget_micros, slot),
                )
        return tally

    def room(self, line: Line, tally: Tally) -> int:
        """Micros the line may still spend: the day's cap, the campaign's cap, the total."""
        limits = [round(line.daily_budget_micros * line.over_delivery) - tally.spent_today]
        if line.campaign_daily_micros is not None:
            day, spent = self._campaign_days.get((line.network, line.campaign_id), ("", 0))
            spent = spent if day == tally.day else 0
            limits.append(round(line.campaign_daily_micros * line.over_delivery) - spent)
        if line.campaign_total_micros is not None:
            ever = self._campaign_ever.get((line.network, line.campaign_id), 0)
            limits.append(line.campaign_total_micros - ever)
        if line.total_budget_micros is not None:
            limits.append(line.total_budget_micros - tally.spent_ever)
        return max(0, min(limits))

    def record(
        self, line: Line, tally: Tally, start: datetime, end: int, pieces: Sequence[AdFigures]
    ) -> None:
        """Write down a piece of a slot that began at ``start`` (account zone) and ends at
        ``end`` (epoch seconds)."""
        network, began = line.network, int(start.timestamp())
        where = (network, line.account_id, line.campaign_id, line.id)
        reported = reporting.reported_at(self._seed, network, end)
        final = reported + reporting.rules(network).final_after
        estimate = reporting.first_estimate(self._seed, network, line.id, tally.slot)
        rows: list[tuple[Any, ...]] = []
        late: list[tuple[Any, ...]] = []
        for piece in pieces:
            if not (piece.impressions or piece.spend):
                continue
            tally.add(piece.ad, piece.impressions, piece.spend)
            self._spend_in_campaign(network, line.campaign_id, tally.day, piece.spend)
            converted = [c for c in piece.conversions if c.delay < _WINDOW]
            for conversion in converted:
                clicked = began + int(conversion.clicked)
                seen = reporting.reported_at(self._seed, network, clicked + conversion.delay)
                seen = max(seen, reported)
                occasion = (tally.day, start.hour, clicked, seen, conversion.revenue)
                late.append((*where, piece.ad, *occasion))
                tally.clicked.append(clicked)
            when = (tally.slot, tally.day, start.hour)
            done = (piece.impressions, piece.clicks, len(converted), piece.spend)
            rows.append((*where, piece.ad, *when, line.audience, *done, estimate, reported, final))
        if not rows:
            return
        with self._database.transaction() as connection:
            connection.executemany(_ADD, rows)
            connection.executemany(
                "INSERT INTO conversion (network, account, campaign, line, ad, day, hour,"
                " clicked, reported, revenue) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                late,
            )

    def figures(
        self,
        network: str,
        account_id: str,
        since: str,
        until: str,
        at: datetime,
        *,
        hourly: bool,
        by_ad: bool,
    ) -> list[Figures]:
        """What the network reports at ``at`` for account days ``since..until``."""
        keys = "campaign, line, day" + (", ad" if by_ad else "") + (", hour" if hourly else "")
        wanted = (network, account_id, since, until, int(at.timestamp()))
        where = "network = ? AND account = ? AND day BETWEEN ? AND ? AND reported <= ?"
        with self._database.lock:
            query = self._database.connection.execute
            shown = query(
                f"SELECT {keys}, SUM(impressions), SUM(clicks), "  # noqa: S608 (fixed words)
                "SUM(CASE WHEN final <= ? THEN spend ELSE CAST(spend * estimate AS INTEGER) END),"
                f" MAX(audience) FROM delivery WHERE {where} GROUP BY {keys} ORDER BY {keys}",
                (wanted[-1], *wanted),
            ).fetchall()
            arrived = query(
                f"SELECT {keys}, COUNT(*), SUM(revenue) "  # noqa: S608 (fixed words)
                f"FROM conversion WHERE {where} GROUP BY {keys}",
                wanted,
            ).fetchall()
        conversions = {tuple(row[:-2]): (row[-2], row[-1]) for row in arrived}
        answer: list[Figures] = []
        for *key, impressions, clicks, spend, audience in shown:
            count, revenue = conversions.get(tuple(key), (0, 0))
            campaign, line, day, *rest = key
            answer.append(
                Figures(
                    network=network,
                    account_id=account_id,
                    campaign_id=campaign,
                    line_id=line,
                    ad_id=rest[0] if by_ad else "",
                    day=day,
                    hour=rest[-1] if hourly else None,
                    impressions=impressions,
                    clicks=clicks,
                    conversions=count,
                    reach=min(impressions, round(response.reach(audience, impressions))),
                    spend_micros=spend,
                    revenue_micros=revenue,
                )
            )
        return answer

    def truth(self) -> list[dict[str, Any]]:
        """True sums by network and campaign, reported or not."""
        with self._database.lock:
            rows = self._database.connection.execute(
                "SELECT network, account, campaign, SUM(impressions), SUM(clicks),"
                " SUM(conversions), SUM(spend) FROM delivery "
                "GROUP BY network, account, campaign ORDER BY 1, 2, 3"
            ).fetchall()
        return [
            {
                "network": network,
                "account_id": account,
                "campaign_id": campaign,
                "impressions": impressions,
                "clicks": clicks,
                "conversions": conversions,
                "spend_micros": spend,
            }
            for network, account, campaign, impressions, clicks, conversions, spend in rows
        ]

    def busiest_days(self, network: str) -> dict[str, int]:
        """The largest true spend of one account day, micros, by campaign."""
        most: defaultdict[str, int] = defaultdict(int)
        with self._database.lock:
            for campaign, spend in self._database.connection.execute(
                "SELECT campaign, SUM(spend) FROM delivery WHERE network = ? "
                "GROUP BY campaign, day",
                (network,),
            ):
                most[campaign] = max(most[campaign], spend)
        return dict(most)


_WINDOW = response.ATTRIBUTION.total_seconds()
_ADD = (
    "INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (network, line, slot, ad) DO UPDATE SET "
    "impressions = impressions + excluded.impressions, clicks = clicks + excluded.clicks, "
    "conversions = conversions + excluded.conversions, spend = spend + excluded.spend"
)

"""The running sums of one line that its network's pacer looks at."""

from collections import deque
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

_WEEK_SECONDS: Final = 7 * 86_400


def week_of(day: str) -> str:
    """The Sunday that begins the network's budget week of an account day."""
    moment = date.fromisoformat(day)
    return (moment - timedelta(days=(moment.weekday() + 1) % 7)).isoformat()


@dataclass(slots=True)
class Tally:
    """Sums up to the start of the running slot, and the running slot's own.

    They are kept apart because a slot is drawn from the state at its start: looking often
    must not change what happens.
    """

    slot: int = -1
    day: str = ""
    budget: int = 0
    day_spend: int = 0
    week_spend: int = 0
    lifetime_spend: int = 0
    impressions: dict[str, int] = field(default_factory=dict[str, int])
    slot_spend: int = 0
    slot_impressions: dict[str, int] = field(default_factory=dict[str, int])
    clicked: deque[int] = field(default_factory=deque[int])

    def open(self, slot: int, day: str, budget: int) -> bool:
        """Move on to a slot of an account day; whether the budget is a new one.

        A change of budget begins the network's week anew: what was spent before is not
        netted off.
        """
        if slot != self.slot:
            self.day_spend += self.slot_spend
            self.week_spend += self.slot_spend
            self.lifetime_spend += self.slot_spend
            for ad, shown in self.slot_impressions.items():
                self.impressions[ad] = self.impressions.get(ad, 0) + shown
            self.slot, self.slot_spend = slot, 0
            self.slot_impressions.clear()
        if day != self.day:
            if self.day and week_of(day) != week_of(self.day):
                self.week_spend = 0
            self.day, self.day_spend = day, 0
        changed = budget != self.budget
        if changed:
            self.week_spend = 0
            self.budget = budget
        return changed

    def add(self, ad: str, impressions: int, spend: int) -> None:
        """Count a piece of the running slot."""
        self.slot_spend += spend
        self.slot_impressions[ad] = self.slot_impressions.get(ad, 0) + impressions

    def conversions_in_week(self, second: int) -> int:
        """Conversions of clicks in the seven days before ``second`` (epoch)."""
        while self.clicked and self.clicked[0] < second - _WEEK_SECONDS:
            self.clicked.popleft()
        # Clicks of the running slot are not yet known at its start.
        return sum(1 for clicked in self.clicked if clicked < second)

    @property
    def spent_today(self) -> int:
        """Micros on the account day, the running slot included."""
        return self.day_spend + self.slot_spend

    @property
    def spent_ever(self) -> int:
        """Micros in the line's life, the running slot included."""
        return self.lifetime_spend + self.slot_spend

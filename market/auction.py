"""Second-price auctions against a lognormal highest competing bid, in closed form.

With price ~ LogNormal(log median, sd), a bid ``b`` wins with probability
``Phi((ln b - mu) / sd)`` and then pays on average
``exp(mu + sd**2 / 2) * Phi((ln b - mu - sd**2) / sd) / P(win)``.
Prices are micros per thousand impressions (CPM).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

_PHI = NormalDist().cdf


@dataclass(frozen=True, slots=True)
class Competition:
    """The highest competing bid of one slot: its median CPM in micros and log deviation."""

    median: float
    sd: float = 0.9

    def win_probability(self, bid: float) -> float:
        """Chance that ``bid`` (CPM micros) beats the competition."""
        if bid <= 0:
            return 0.0
        return _PHI((math.log(bid) - math.log(self.median)) / self.sd)

    def spend_per_entry(self, bid: float) -> float:
        """Expected CPM micros paid per auction entered, counting lost ones as zero."""
        if bid <= 0:
            return 0.0
        mu = math.log(self.median)
        mean = math.exp(mu + self.sd**2 / 2)
        return mean * _PHI((math.log(bid) - mu - self.sd**2) / self.sd)

    def price_paid(self, bid: float) -> float:
        """Mean CPM micros of a won impression; 0 when nothing can be won."""
        wins = self.win_probability(bid)
        return self.spend_per_entry(bid) / wins if wins > 1e-9 else 0.0


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a budget buys in one slot: expected impressions and their CPM in micros."""

    impressions: float
    cpm: float


def buy(
    competition: Competition, opportunities: float, wanted: float, bid: float, ceiling: float
) -> Purchase:
    """Spend ``wanted`` micros on up to ``opportunities`` auctions.

    The network enters only as many auctions as the wanted spend needs (throttling) at
    ``bid``; when all of them do not suffice it raises the bid up to ``ceiling``. What cannot
    be bought stays unspent.
    """
    start = min(bid, ceiling)
    if wanted <= 0 or opportunities <= 0 or start <= 0:
        return Purchase(0.0, 0.0)
    need = wanted * 1000.0 / opportunities
    if competition.spend_per_entry(start) < need and ceiling > start:
        low, high = start, ceiling
        for _ in range(24):
            middle = math.sqrt(low * high)
            if competition.spend_per_entry(middle) < need:
                low = middle
            else:
                high = middle
        start = high
    price = competition.price_paid(start)
    if price <= 0:
        return Purchase(0.0, 0.0)
    most = opportunities * competition.win_probability(start)
    return Purchase(min(wanted * 1000.0 / price, most), price)

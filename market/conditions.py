"""What may be different from an ordinary market for a while: dearer, worn out, out of hand.

A rehearsal's scenarios are made of these. All factors are 1 in an ordinary market.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conditions:
    """Factors on an ordinary market during one slot.

    Attributes:
        price: On the competing bids, and so on what a thousand impressions and a click cost.
        pace: On what the network's pacer wants to spend and on its caps: above 1 it overruns.
        wear: On how fast people tire of the line's first ad (the oldest).
        audience: People there are to show ads to, at most; None leaves the targeting's number.
        measured: Whether conversions are counted; without it they happen unseen.
    """

    price: float = 1.0
    pace: float = 1.0
    wear: float = 1.0
    audience: int | None = None
    measured: bool = True


ORDINARY = Conditions()

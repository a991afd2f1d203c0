"""How many objects are switched: what one failure means for the others, and for the whole.

The money law behind it: a stop of many must go on when a part of it fails. So a call that failed
as a whole marks its own objects and does not stop the others, and what it raised is raised again
only when nothing at all went through: then it speaks of the account, not of an object.

A network gives the one thing that is its own: how it switches an object, or a group of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from models.contract.network import SwitchResult
from platforms.errors import NetworkError, Refused

Outcome = NetworkError | str | None
"""What became of one object: None when it was accepted, the network's reason for it alone, or the
error of the call it was in."""


async def in_groups(
    ids: Sequence[str],
    size: int,
    switch: Callable[[list[str]], Awaitable[Mapping[str, Outcome]]],
    *,
    last: tuple[type[NetworkError], ...] = (),
) -> dict[str, Outcome]:
    """Switch up to ``size`` objects to a call, one call after the other.

    Args:
        ids: What to switch; each is sent once.
        size: The most a call takes.
        switch: The network's call; tells the outcome of each object it was given.
        last: Errors after which no more is sent and the rest is marked, where a network counts
            every further call against the account.
    """
    unique = list(dict.fromkeys(ids))
    outcomes: dict[str, Outcome] = {}
    for start in range(0, len(unique), size):
        some = unique[start : start + size]
        try:
            outcomes |= await switch(some)
        except NetworkError as error:
            if isinstance(error, last):
                return outcomes | dict.fromkeys(unique[start:], error)
            outcomes |= dict.fromkeys(some, error)
    return outcomes


async def one_by_one(
    ids: Sequence[str], switch: Callable[[str], Awaitable[None]], *, at_once: int
) -> dict[str, NetworkError | None]:
    """Switch objects with a call each, ``at_once`` of them side by side, each id once."""
    room = asyncio.Semaphore(at_once)

    async def one(object_id: str) -> NetworkError | None:
        async with room:
            try:
                await switch(object_id)
            except NetworkError as error:
                return error
            return None

    unique = list(dict.fromkeys(ids))
    return dict(zip(unique, await asyncio.gather(*map(one, unique)), strict=True))


def told(
    ids: Sequence[str],
    outcomes: Mapping[str, Outcome],
    *,
    unknown: str = "the network knows no such object",
    own: tuple[type[NetworkError], ...] = (Refused,),
) -> list[SwitchResult]:
    """One result per id, in order; ``unknown`` is said of an id that has no outcome.

    Raises:
        NetworkError: nothing was accepted; the first error of a call, but for the kinds in
            ``own``, which are an answer about one object.
    """
    if None not in outcomes.values():
        for outcome in outcomes.values():
            if isinstance(outcome, NetworkError) and not isinstance(outcome, own):
                raise outcome
    return [_result(one, outcomes.get(one, unknown)) for one in ids]


def _result(object_id: str, outcome: Outcome) -> SwitchResult:
    error = None if outcome is None else str(outcome)
    return SwitchResult(id=object_id, accepted=outcome is None, error=error)

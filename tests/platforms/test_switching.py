"""The money law of a stop of many: it goes on when a part of it fails."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contract.vocabulary import Platform
from platforms.errors import (
    AccessDenied,
    Ambiguous,
    NetworkError,
    PolicyRefused,
    RateLimited,
    Refused,
    Transient,
)
from platforms.switching import Outcome, in_groups, one_by_one, told

KINDS = (AccessDenied, Ambiguous, PolicyRefused, RateLimited, Refused, Transient)
ids = st.lists(st.sampled_from([str(number) for number in range(12)]), max_size=20)
failing = st.dictionaries(
    st.sampled_from([str(number) for number in range(12)]), st.sampled_from(KINDS), max_size=12
)
own = st.sampled_from([(), (Refused,)])


class Network:
    """Fails the objects it is told to, or the whole call that holds one of them."""

    def __init__(self, failing: Mapping[str, type[NetworkError]]) -> None:
        self.failing = failing
        self.calls: list[list[str]] = []

    async def one(self, object_id: str) -> None:
        self.calls.append([object_id])
        await asyncio.sleep(0)
        if object_id in self.failing:
            raise self.failing[object_id](Platform.X, f"no {object_id}")

    async def group(self, some: list[str]) -> dict[str, Outcome]:
        self.calls.append(some)
        for object_id in some:
            if object_id in self.failing:
                raise self.failing[object_id](Platform.X, f"no {object_id}")
        return {one: "its own reason" if one == "7" else None for one in some}


@settings(max_examples=40)
@given(ids, st.integers(1, 5), failing)
def test_a_group_that_fails_stops_no_other(
    wanted: list[str], size: int, failing: dict[str, type[NetworkError]]
) -> None:
    network = Network(failing)
    outcomes = asyncio.run(in_groups(wanted, size, network.group))
    sent = [one for call in network.calls for one in call]
    assert sent == list(dict.fromkeys(wanted)), "every object is sent, once, in order"
    assert all(len(call) <= size for call in network.calls)
    for call in network.calls:
        spoiled = [one for one in call if one in failing]
        for one in call:
            said = str(outcomes[one])
            assert (
                said.startswith(f"x: no {spoiled[0]}")
                if spoiled
                else (outcomes[one] == ("its own reason" if one == "7" else None))
            )


@settings(max_examples=40)
@given(ids, st.integers(1, 5), failing)
def test_after_a_last_error_nothing_more_is_sent(
    wanted: list[str], size: int, failing: dict[str, type[NetworkError]]
) -> None:
    network = Network(failing)
    outcomes = asyncio.run(in_groups(wanted, size, network.group, last=(RateLimited,)))
    assert set(outcomes) == set(wanted)
    blocked = [isinstance(outcomes[call[0]], RateLimited) for call in network.calls]
    assert not any(blocked[:-1])
    sent = {one for call in network.calls for one in call}
    for one in set(wanted) - sent:
        assert blocked[-1]
        assert isinstance(outcomes[one], RateLimited)


@settings(max_examples=40)
@given(ids, failing, st.integers(1, 4), own)
def test_only_when_nothing_went_through_is_an_error_raised(
    wanted: list[str],
    failing: dict[str, type[NetworkError]],
    at_once: int,
    own: tuple[type[NetworkError], ...],
) -> None:
    network = Network(failing)
    outcomes = asyncio.run(one_by_one(wanted, network.one, at_once=at_once))
    assert sorted(network.calls) == sorted([one] for one in set(wanted))
    accepted = [one for one in wanted if one not in failing]
    loud = [one for one in wanted if one in failing and not issubclass(failing[one], own)]
    if not accepted and loud:
        with pytest.raises(NetworkError) as raised:
            told(wanted, outcomes, own=own)
        assert raised.value is outcomes[loud[0]]
        return
    results = told([*wanted, "stranger"], outcomes, own=own, unknown="nobody")
    assert [result.id for result in results] == [*wanted, "stranger"]
    assert [result.accepted for result in results[:-1]] == [one not in failing for one in wanted]
    assert all((result.error is None) == result.accepted for result in results)
    assert results[-1].error == "nobody"


async def test_no_more_calls_are_under_way_than_a_network_takes() -> None:
    under_way = most = 0

    async def one(_: str) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    await one_by_one([str(number) for number in range(20)], one, at_once=3)
    assert most == 3

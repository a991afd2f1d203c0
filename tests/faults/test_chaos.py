"""A small chaos through the product's own code, and the proof that it would notice."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from starter.chaos.network_truth import Switches, by_key
from starter.chaos.plan import Victim, Wish, draw
from starter.chaos.promises import PROMISES
from starter.chaos.run import run

SEED = 432


@pytest.mark.stack
@pytest.mark.timeout(230)
@pytest.mark.timeout(420)
async def test_the_promises_hold_in_a_seeded_chaos() -> None:
    report = await asyncio.wait_for(run(promotions=2, crashes=4, seed=SEED, patience=150), 380)
    document = report.document()
    assert report.ok, (document["evidence"], report.repeat)
    assert document["campaigns"] == 4
    assert set(document["crashes"].values()) == {1}, "each part must have died"
    assert sum(sum(kinds.values()) for kinds in document["faults"].values()) >= 1
    bound = document["refused_by_limit"] >= 1 or max(document["fullest"].values()) > 0.8
    assert bound, "no limit was ever near"
    assert all(share <= 1 for share in document["fullest"].values())
    assert document["states"]["killed"] == 1
    assert document["account_stop"]["seconds_to_off"] is not None
    assert f"--seed {SEED}" in document["repeat"]


def test_a_seed_draws_the_same_chaos_and_spares_no_part() -> None:
    plan = draw(7, 40, 15)
    assert plan == draw(7, 40, 15) != draw(8, 40, 15)
    deaths = [crash.victim for crash in plan.crashes]
    assert len(deaths) == 15
    assert all(deaths.count(victim) >= 2 for victim in Victim)
    assert {one.wish for one in plan.interventions} == set(Wish)
    targets = [(one.article, one.platform) for one in plan.interventions]
    assert len(targets) == len(set(targets)), "nobody both kills and lowers a campaign"


def switched(number: int, kind: str, identity: str, status: str, minute: int) -> dict[str, Any]:
    at = datetime(2026, 11, 21, 12, minute, tzinfo=UTC)
    detail = {"kind": kind, "id": identity, "status": status, "keys": ["kaaa"]}
    return {
        "number": number, "at": at.isoformat(), "network": "meta", "kind": "switched",
        "detail": detail,
    }  # fmt: skip


def test_the_journal_shows_two_active_objects_of_a_key_and_a_revival() -> None:
    calm = Switches()
    calm.take(
        [
            switched(1, "campaign", "1", "ACTIVE", 0),
            switched(2, "adset", "9", "ACTIVE", 1),  # another kind under the same key is no twin
            switched(3, "campaign", "1", "PAUSED", 2),
            switched(4, "campaign", "2", "ACTIVE", 3),
            switched(5, "campaign", "2", "DELETED", 4),
        ]
    )
    ended = datetime(2026, 11, 21, 12, 5, tzinfo=UTC)
    assert not calm.twice
    assert not calm.on_since("kaaa", ended)
    assert calm.on_since("kaaa", ended - timedelta(minutes=2)), "it was on at that instant"
    calm.take([switched(6, "campaign", "1", "ACTIVE", 6)])
    assert calm.on_since("kaaa", ended), "a revival after the end must show"
    calm.take([switched(7, "campaign", "2", "ACTIVE", 7)])
    assert list(calm.twice) == [("meta", "kaaa")]


def test_twins_are_found_whatever_the_network_calls_a_key() -> None:
    label = [{"name": "kone"}]
    meta = by_key(
        "meta",
        {
            "campaign": [
                {"id": "1", "status": "PAUSED", "adlabels": label},
                {"id": "2", "status": "ACTIVE", "adlabels": label},
                {"id": "3", "status": "DELETED", "adlabels": label},
            ]
        },
    )
    assert [(one.id, one.on) for one in meta["kone"]] == [("1", False), ("2", True)]
    post = {"id": "t1", "tweet_id": "77", "name": "kpost kad text", "deleted": False}
    ad = {"id": "p1", "tweet_id": "77", "entity_status": "ACTIVE", "deleted": False}
    x = by_key("x", {"tweet": [post], "promoted_tweet": [ad, {**ad, "id": "p2"}]})
    assert [one.id for one in x["kpost"]] == ["77"]
    assert [one.id for one in x["kad"]] == ["p1", "p2"]
    half = {"id": "l1", "name": "pending kgroup text", "entity_status": "PAUSED", "deleted": False}
    assert list(by_key("x", {"line_item": [half]})) == ["kgroup"], "not complete yet"


def test_a_broken_or_unchecked_promise_is_no_success() -> None:
    from starter.chaos.report import Report

    held: dict[str, list[str]] = {name: [] for name in PROMISES}
    report = Report(draw(7, 4, 4), 300.0, broken=held)
    assert report.ok
    for name in PROMISES:
        assert not replace(report, broken={**held, name: ["seen"]}).ok
        assert not replace(report, broken={k: v for k, v in held.items() if k != name}).ok
    silent = replace(report, faults={"x": {"delay": 0, "duplicate": 2}})
    assert silent.did_not_fire[0] == "x delay"
    assert "kill of guard" in silent.did_not_fire

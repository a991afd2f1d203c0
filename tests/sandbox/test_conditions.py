"""A clock that is stepped, and a market that is not itself: what rehearsals are played on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.conditions import ConditionOrder
from sandbox.durable_world import DurableWorld, open_world
from sandbox.reviews import ReviewOrder, disapprove
from sandbox.world import Line, WorldSettings
from sandbox.world_clock import HeldInstant
from tests.sandbox_server import serve

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def open_held(directory: Path, seed: int = 7) -> DurableWorld:
    return open_world(WorldSettings(directory, seed, START, 1.0), real=HeldInstant(START))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DurableWorld]:
    opened = open_held(tmp_path)
    yield opened
    opened.close()


def line(**changes: Any) -> Line:
    values: dict[str, Any] = {
        "network": "meta",
        "account_id": "act",
        "campaign_id": "c1",
        "id": "l1",
        "ads": ("a1", "a2"),
        "active": True,
        "daily_budget_micros": 50_000_000,
        "over_delivery": 1.75,
    }
    return Line(**{**values, **changes})


def days(world: DurableWorld, count: int) -> list[dict[str, int]]:
    """Let days pass; what each delivered, looked at long after."""
    for hour in range(24 * count):
        world.step(START + timedelta(hours=hour + 1))
    world.step(START + (count + 10) * DAY)
    rows = world.figures("meta", "act", "2026-03-02", (START + count * DAY).date().isoformat())
    found: list[dict[str, int]] = []
    for number in range(count):
        day = (START + number * DAY).date().isoformat()
        of_day = [row for row in rows if row.day == day]
        names = ("spend_micros", "impressions", "clicks", "conversions", "reach")
        found.append({name: sum(getattr(row, name) for row in of_day) for name in names})
    return found


def test_a_held_clock_stands_until_it_is_stepped_and_never_goes_back(world: DurableWorld) -> None:
    assert world.now() == world.now() == START
    world.step(START + DAY)
    assert world.now() == START + DAY
    with pytest.raises(ValueError, match="only stepped forward"):
        world.step(START)
    with pytest.raises(ValueError, match="time zone"):
        world.step(datetime(2027, 1, 1))  # noqa: DTZ001
    assert world.now() == START + DAY


def test_an_ordinary_clock_is_not_stepped(tmp_path: Path) -> None:
    running = open_world(WorldSettings(tmp_path, 7, START, 60.0), real=lambda: START)
    with pytest.raises(ValueError, match="--held"):
        running.step(START + DAY)
    running.close()


def test_how_time_is_cut_into_steps_changes_nothing(tmp_path: Path) -> None:
    ends: list[int] = []
    for name, hours in (("fine", 1), ("coarse", 12)):
        world = open_held(tmp_path / name)
        world.observe("meta", lambda: [line()])
        for hour in range(0, 48, hours):
            world.step(START + timedelta(hours=hour + hours))
        ends.append(sum(row["spend_micros"] for row in world.truth()["campaigns"]))
        world.close()
    assert ends[0] == ends[1] > 0


def test_conditions_hold_from_their_day_on(world: DurableWorld) -> None:
    world.observe("meta", lambda: [line()])
    since, until = START + 4 * DAY, START + 8 * DAY
    world.conditions.add(ConditionOrder(network="meta", since=since, until=until, price=2.0))
    world.conditions.add(ConditionOrder(network="x", since=START, pace=50.0))
    by_day = days(world, 12)

    def cpm(some: list[dict[str, int]]) -> float:
        return sum(d["spend_micros"] for d in some) / sum(d["impressions"] for d in some)

    before, dear, after = by_day[:4], by_day[4:8], by_day[8:]
    assert 1.7 < cpm(dear) / cpm(before) < 2.3
    assert 0.85 < cpm(after) / cpm(before) < 1.15
    assert sum(d["spend_micros"] for d in dear) < 1.3 * sum(d["spend_micros"] for d in before)


def test_a_pacer_out_of_hand_passes_its_caps_and_comes_back(world: DurableWorld) -> None:
    world.observe("meta", lambda: [line()])
    since = START + 2 * DAY
    order = ConditionOrder(network="meta", since=since, until=since + DAY, pace=4.0, price=5.0)
    world.conditions.add(order)
    by_day = days(world, 4)
    assert by_day[2]["spend_micros"] > 1.75 * 50_000_000 > by_day[1]["spend_micros"]
    assert by_day[3]["spend_micros"] <= 1.75 * 50_000_000


def test_an_outage_hides_conversions_and_nothing_else(world: DurableWorld, tmp_path: Path) -> None:
    calm = open_held(tmp_path / "calm")
    for each in (world, calm):
        each.observe("meta", lambda: [line(daily_budget_micros=400_000_000)])
    since = START + 2 * DAY
    world.conditions.add(
        ConditionOrder(network="meta", since=since, until=since + 2 * DAY, measured=False)
    )
    seen, usual = days(world, 5), days(calm, 5)
    calm.close()
    assert [d["conversions"] for d in seen[2:4]] == [0, 0]
    assert all(d["conversions"] > 0 for d in (*seen[:2], *usual))
    for each, other in zip(seen[:4], usual[:4], strict=True):
        assert each["clicks"] == other["clicks"]
        assert each["spend_micros"] == other["spend_micros"]


def test_a_small_audience_tires_of_the_worn_ad(world: DurableWorld) -> None:
    world.observe("meta", lambda: [line()])
    world.conditions.add(
        ConditionOrder(network="meta", since=START + DAY, audience=5_000, wear=20.0)
    )
    days(world, 6)
    rows = world.figures("meta", "act", "2026-03-02", "2026-03-07", by_ad=True)

    def rate(ad: str, some: tuple[str, ...]) -> float:
        mine = [row for row in rows if row.ad_id == ad and row.day in some]
        return sum(row.clicks for row in mine) / sum(row.impressions for row in mine)

    first, last = ("2026-03-02",), ("2026-03-06", "2026-03-07")
    worn, other = rate("a1", last) / rate("a1", first), rate("a2", last) / rate("a2", first)
    assert worn < 0.5
    assert worn < other
    assert max(row.reach for row in rows if row.day == "2026-03-06") <= 5_000


def test_orders_survive_a_restart(tmp_path: Path) -> None:
    world = open_held(tmp_path)
    world.conditions.add(ConditionOrder(network="meta", since=START, price=3.0))
    world.conditions.add(ConditionOrder(network="meta", since=START, price=2.0, audience=9_000))
    world.close()
    again = open_held(tmp_path)
    conditions = again.conditions.at("meta", START)
    assert (conditions.price, conditions.audience) == (6.0, 9_000)
    assert again.conditions.at("x", START).price == 1.0
    assert again.conditions.at("meta", START - DAY).price == 1.0
    again.close()


def test_every_ad_of_a_network_may_be_disapproved(world: DurableWorld) -> None:
    world.put("meta", "ad", "1", {"id": "1", "_disapproved": False})
    world.put("x", "promoted_tweet", "2", {"id": "2", "_verdict": "ACCEPTED"})
    assert disapprove(world, ReviewOrder(network="meta")) == 1
    assert world.every("meta", "ad") == [{"id": "1", "_disapproved": True}]
    assert world.every("x", "promoted_tweet")[0]["_verdict"] == "ACCEPTED"
    assert disapprove(world, ReviewOrder(network="x")) == 1
    assert world.every("x", "promoted_tweet")[0]["_verdict"] == "REJECTED"
    with pytest.raises(ValueError, match="reviews no ads"):
        disapprove(world, ReviewOrder(network="radio"))


def test_it_is_all_ordered_over_http(tmp_path: Path) -> None:
    sandbox = serve(tmp_path, real=HeldInstant(START), origin=START, tempo=1.0)
    try:
        later = (START + DAY).isoformat()
        assert sandbox.control.post("/clock", json={"now": later}).json()["now"] == later
        assert sandbox.control.get("/clock").json()["now"] == later
        back = sandbox.control.post("/clock", json={"now": START.isoformat()})
        assert back.status_code == 400
        made = sandbox.control.post(
            "/conditions", json={"network": "x", "since": later, "price": 2}
        )
        assert made.status_code == 201
        wrong = sandbox.control.post(
            "/conditions", json={"network": "x", "since": later, "price": -2}
        )
        assert wrong.status_code == 400
        assert "price" in wrong.json()["error"]
        assert sandbox.control.post("/reviews", json={"network": "meta"}).json() == {
            "disapproved": 0
        }
    finally:
        sandbox.stop()

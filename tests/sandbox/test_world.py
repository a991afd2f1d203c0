"""The world: clock, shelf, market over time, restarts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.durable_world import DurableWorld, open_world
from sandbox.switchboard import FaultOrder, request_context
from sandbox.world import Line, World, WorldSettings

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.real = START

    def __call__(self) -> datetime:
        return self.real

    def pass_campaign(self, world: DurableWorld, **duration: float) -> None:
        self.real += timedelta(**duration) / world.clock.tempo


@pytest.fixture
def wall() -> Wall:
    return Wall()


def settings(directory: Path, tempo: float = 3600.0, seed: int = 7) -> WorldSettings:
    return WorldSettings(directory, seed, START, tempo)


@pytest.fixture
def world(tmp_path: Path, wall: Wall) -> Iterator[DurableWorld]:
    opened = open_world(settings(tmp_path), real=wall)
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
        "daily_budget_micros": 20_000_000,
        "over_delivery": 1.75,
    }
    return Line(**{**values, **changes})


def spend(world: DurableWorld, campaign: str = "c1") -> int:
    rows = world.truth()["campaigns"]
    return sum(row["spend_micros"] for row in rows if row["campaign_id"] == campaign)


def rate(world: DurableWorld) -> int:
    return sum(row["rate_micros_per_hour"] for row in world.truth()["campaigns"])


def test_it_fulfils_the_protocol(world: DurableWorld) -> None:
    surface: World = world
    assert surface.now() == START


def test_the_shelf_keeps_objects_in_order_and_apart(world: DurableWorld) -> None:
    world.put("meta", "ad", "2", {"id": "2", "list": [1]})
    world.put("meta", "ad", "1", {"id": "1"})
    world.put("meta", "ad", "2", {"id": "2", "list": [1, 2]})
    got = world.get("meta", "ad", "2")
    assert got == {"id": "2", "list": [1, 2]}
    got["list"].append(3)
    assert world.get("meta", "ad", "2") == {"id": "2", "list": [1, 2]}
    assert [each["id"] for each in world.every("meta", "ad")] == ["2", "1"]
    assert world.every("x", "ad") == []
    assert world.get("meta", "ad", "9") is None
    assert [world.next_number("meta") for _ in range(3)] == [1, 2, 3]
    assert world.next_number("x") == 1


def test_everything_survives_a_restart(tmp_path: Path, wall: Wall) -> None:
    first = open_world(settings(tmp_path), real=wall)
    first.put("meta", "ad", "1", {"id": "1"})
    first.next_number("meta")
    first.note("meta", "created", {"id": "1"})
    first.switchboard.arm(FaultOrder(network="meta", kind="rate_limited", count=2))
    assert first.fault("meta", "rate_limited")
    first.observe("meta", lambda: [line()])
    wall.pass_campaign(first, hours=6)
    before = spend(first)
    first.close()

    second = open_world(settings(tmp_path, seed=99), real=wall)
    assert second.seed == 7
    assert second.get("meta", "ad", "1") == {"id": "1"}
    assert second.next_number("meta") == 2
    assert second.journal.read()[0]["detail"] == {"id": "1"}
    assert second.fault("meta", "rate_limited")
    assert not second.fault("meta", "rate_limited")
    assert spend(second) == before > 0
    second.close()


def test_a_network_keeps_spending_while_the_sandbox_is_off(tmp_path: Path, wall: Wall) -> None:
    ends = START + timedelta(hours=10)
    paths = (tmp_path / "interrupted", tmp_path / "steady")
    worlds = [open_world(settings(path), real=wall) for path in paths]
    for each in worlds:
        each.observe("meta", lambda: [line(end=ends)])
    wall.pass_campaign(worlds[0], hours=2.3)
    for each in worlds:
        each.settle()
    worlds[0].database.close()  # as a kill would: nothing settled at the end
    for _ in range(50):
        wall.pass_campaign(worlds[1], hours=1)
        worlds[1].settle()
    worlds[0] = open_world(settings(paths[0]), real=wall)
    worlds[0].observe("meta", lambda: [line(end=ends)])
    assert spend(worlds[0]) == spend(worlds[1]) > 5_000_000
    assert rate(worlds[0]) == 0
    for each in worlds:
        each.close()


def test_looking_often_changes_nothing(tmp_path: Path, wall: Wall) -> None:
    often, seldom = (
        open_world(settings(tmp_path / name), real=wall) for name in ("often", "seldom")
    )
    for each in (often, seldom):
        each.observe("meta", lambda: [line(), line(id="l2", ads=("a3",))])
    for _ in range(700):
        wall.pass_campaign(often, minutes=2.37)
        often.settle()
    seldom.settle()
    assert spend(often) == spend(seldom) > 15_000_000
    for each in (often, seldom):
        each.close()


def test_spend_stops_at_the_pause_and_nothing_else_does(world: DurableWorld, wall: Wall) -> None:
    lines = [line(), line(id="l2", campaign_id="c2", ads=("a3",))]
    world.observe("meta", lambda: lines)
    wall.pass_campaign(world, hours=3)
    assert rate(world) > 0
    world.settle()
    lines[0] = line(active=False)
    stopped, other = spend(world), spend(world, "c2")
    wall.pass_campaign(world, hours=30)
    assert spend(world) == stopped > 0
    assert spend(world, "c2") > other
    rows = {row["campaign_id"]: row for row in world.truth()["campaigns"]}
    assert rows["c1"]["rate_micros_per_hour"] == 0


def test_a_line_spends_from_its_start_to_its_end_however_late_one_looks(
    tmp_path: Path, wall: Wall
) -> None:
    begin, end = START + timedelta(hours=2, minutes=7), START + timedelta(hours=4, minutes=1)

    def spent_by(hours: float, *, filtered: bool) -> int:
        name = f"{hours}{filtered}"
        wall.real = START
        each = open_world(settings(tmp_path / name), real=wall)

        def view() -> list[Line]:
            inside = begin <= each.now() < end
            return [line(start=begin, end=end, active=inside if filtered else True)]

        each.observe("meta", view)
        wall.pass_campaign(each, hours=hours)
        total = spend(each)
        each.close()
        return total

    assert spent_by(2.1, filtered=True) == 0
    assert 0 < spent_by(3, filtered=True) < spent_by(40, filtered=True)
    assert spent_by(40, filtered=True) == spent_by(4.05, filtered=True)
    assert spent_by(40, filtered=True) == spent_by(40, filtered=False)


def test_a_review_that_ended_long_ago_counts_from_then(world: DurableWorld, wall: Wall) -> None:
    approved = START + timedelta(minutes=20)

    def view() -> list[Line]:
        done = world.now() >= approved
        return [line(active=done, ads=("a1",) if done else ())]

    world.observe("meta", view)
    wall.pass_campaign(world, days=3)
    assert world.now() == START + timedelta(days=3)
    assert spend(world) == pytest.approx(60_000_000, rel=0.25)


def test_days_keep_the_caps(world: DurableWorld, wall: Wall) -> None:
    capped = [
        line(id=f"l{i}", campaign_id="c1", network="x", campaign_daily_micros=30_000_000)
        for i in range(3)
    ]
    total = line(network="x", id="l9", campaign_id="c9", total_budget_micros=33_000_000)
    lines = [each.model_copy(update={"over_delivery": 1.2}) for each in (*capped, total)]
    world.observe("x", lambda: lines)
    wall.pass_campaign(world, days=10)
    rows = {row["campaign_id"]: row for row in world.truth()["campaigns"]}
    assert 30_000_000 < rows["c1"]["busiest_day_micros"] <= 36_000_000
    assert 32_000_000 < rows["c9"]["spend_micros"] <= 33_000_000


def test_reports_lag_and_are_restated(world: DurableWorld, wall: Wall) -> None:
    lines = [line(network="x", daily_budget_micros=3_000_000_000, over_delivery=1.2)]
    world.observe("x", lambda: lines)

    def reported(day: str = "2026-03-02") -> Any:
        world.settle()
        found = world.figures("x", "act", day, day)
        return found[0] if found else None

    wall.pass_campaign(world, minutes=14)
    assert reported() is None
    assert spend(world) > 0
    wall.pass_campaign(world, minutes=20)
    assert 0 < reported().spend_micros < spend(world)
    wall.pass_campaign(world, hours=17)
    world.settle()
    lines[0] = line(active=False, network="x")
    early, truth = reported(), spend(world)
    wall.pass_campaign(world, days=8)
    late = reported()
    # Conversions count for the day of the click; spend is corrected downwards.
    assert late.conversions > early.conversions
    assert late.revenue_micros > early.revenue_micros
    assert early.spend_micros > late.spend_micros
    assert late.spend_micros + reported("2026-03-03").spend_micros == truth == spend(world)
    assert late.reach <= late.impressions


def test_figures_by_hour_and_by_ad_add_up(world: DurableWorld, wall: Wall) -> None:
    lines = [line(timezone="America/New_York")]
    world.observe("meta", lambda: lines)
    wall.pass_campaign(world, days=3)
    days = world.figures("meta", "act", "2026-03-02", "2026-03-04")
    hours = world.figures("meta", "act", "2026-03-02", "2026-03-04", hourly=True)
    ads = world.figures("meta", "act", "2026-03-02", "2026-03-04", by_ad=True)
    assert [each.day for each in days] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    # 08:00 UTC is 03:00 in New York (EST): no earlier hour has delivery.
    assert min(each.hour or 0 for each in hours if each.day == "2026-03-02") == 3
    assert {each.ad_id for each in ads} == {"a1", "a2"}
    for split in (hours, ads):
        for name in ("impressions", "clicks", "conversions", "spend_micros", "revenue_micros"):
            whole = sum(getattr(each, name) for each in days)
            assert sum(getattr(each, name) for each in split) == whole
    assert world.figures("meta", "other", "2026-03-01", "2026-03-09") == []


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_days_when_the_clocks_change_are_ordinary(tmp_path: Path, wall: Wall, day: str) -> None:
    wall.real = datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(days=1)
    each = open_world(WorldSettings(tmp_path, 7, wall.real, 3600.0), real=wall)
    each.observe("meta", lambda: [line(timezone="America/New_York")])
    wall.pass_campaign(each, days=4)
    each.settle()
    (figures,) = each.figures("meta", "act", day, day)
    assert 14_000_000 < figures.spend_micros <= 35_000_000
    each.close()


def test_idle_years_are_skipped_quickly(world: DurableWorld, wall: Wall) -> None:
    calls = 0
    begin = START + timedelta(days=700, hours=3)

    def view() -> list[Line]:
        nonlocal calls
        calls += 1
        return [line(active=world.now() >= begin, start=begin)]

    world.observe("meta", view)
    wall.pass_campaign(world, days=701)
    assert spend(world) > 0
    assert calls < 1200


def test_long_absence_is_bounded_work(world: DurableWorld, wall: Wall) -> None:
    world.observe("meta", lambda: [line()])
    wall.pass_campaign(world, days=200)
    assert spend(world) == pytest.approx(200 * 20_000_000, rel=0.1)


def test_the_view_may_ask_for_figures_and_the_time(world: DurableWorld, wall: Wall) -> None:
    seen: list[datetime] = []

    def view() -> list[Line]:
        world.settle()
        world.figures("meta", "act", "2026-03-02", "2026-03-02")
        seen.append(world.now())
        return [line()]

    world.observe("meta", view)
    wall.pass_campaign(world, hours=1)
    world.settle()
    assert seen == sorted(seen)
    assert spend(world) > 0


# -- clock ----------------------------------------------------------------------------------


def test_a_restart_at_another_tempo_continues_campaign_time(tmp_path: Path, wall: Wall) -> None:
    first = open_world(settings(tmp_path, tempo=60), real=wall)
    wall.real += timedelta(minutes=10)
    assert first.now() == START + timedelta(hours=10)
    first.close()
    for tempo in (600.0, 0.5, 60.0):
        wall.real += timedelta(seconds=0)
        again = open_world(settings(tmp_path, tempo=tempo), real=wall)
        before = again.now()
        assert abs(before - (START + timedelta(hours=10))) < timedelta(milliseconds=5)
        line_of_time = again.clock.origin + (wall.real - again.clock.origin) * tempo
        assert line_of_time == before
        again.close()


def test_the_same_tempo_keeps_the_stored_origin(tmp_path: Path, wall: Wall) -> None:
    open_world(settings(tmp_path), real=wall).close()
    wall.real += timedelta(seconds=5)
    later = WorldSettings(tmp_path, 7, START + timedelta(days=9), 3600.0)
    again = open_world(later, real=wall)
    assert again.now() == START + timedelta(hours=5)
    again.close()


def test_clocks_that_cannot_be_are_refused(tmp_path: Path, wall: Wall) -> None:
    open_world(settings(tmp_path), real=wall).close()
    wall.real += timedelta(minutes=1)
    with pytest.raises(ValueError, match="tempo 1 means"):
        open_world(settings(tmp_path, tempo=1.0), real=wall)
    with pytest.raises(ValueError, match="must be a positive number"):
        open_world(settings(tmp_path / "b", tempo=0.0), real=wall)
    with pytest.raises(ValueError, match="needs a time zone"):
        open_world(WorldSettings(tmp_path / "c", 7, datetime(2026, 1, 1), 2.0))  # noqa: DTZ001


def test_at_tempo_one_campaign_time_is_real_time(tmp_path: Path, wall: Wall) -> None:
    each = open_world(WorldSettings(tmp_path, 7, START - timedelta(days=5), 1.0), real=wall)
    wall.real += timedelta(hours=1)
    assert each.now() == wall.real
    each.close()


def test_a_directory_serves_one_sandbox(tmp_path: Path, world: DurableWorld) -> None:
    with pytest.raises(RuntimeError, match="in use by another sandbox"):
        open_world(settings(tmp_path))


# -- switchboard ------------------------------------------------------------------------------


def test_faults_have_counts_filters_and_seeded_chances(world: DurableWorld) -> None:
    board = world.switchboard
    board.arm(FaultOrder(network="meta", kind="rate_limited", method="POST", path="campaigns$"))
    assert not world.fault("meta", "rate_limited")
    with request_context("POST", "/v26.0/act_1/ads"):
        assert not world.fault("meta", "rate_limited")
    with request_context("POST", "/v26.0/act_1/campaigns"):
        assert not world.fault("x", "rate_limited")
        assert world.fault("meta", "rate_limited")
        assert not world.fault("meta", "rate_limited")
    board.arm(FaultOrder(network="x", kind="server_error", chance=0.3))
    hits = [world.fault("x", "server_error") for _ in range(400)]
    assert 80 < sum(hits) < 160
    counts = board.report()["counts"]
    assert counts["meta"]["rate_limited"] == {"armed": 1, "fired": 1}
    assert counts["x"]["server_error"] == {"armed": None, "fired": sum(hits)}
    assert board.clear("x") == 1
    assert not any(world.fault("x", "server_error") for _ in range(50))

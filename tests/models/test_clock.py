"""Campaign time and the wall."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.contract.clock import CampaignClock

ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
tempos = st.sampled_from((1.0, 1.5, 60.0, 1200.0)) | st.floats(0.1, 10_000)
moments = st.integers(-(10**12), 10**12).map(lambda us: ORIGIN + timedelta(microseconds=us))
clocks = st.builds(CampaignClock, origin=moments, tempo=tempos)


@given(clocks, moments)
def test_there_and_back_again(clock: CampaignClock, moment: datetime) -> None:
    tick = timedelta(microseconds=1)
    back = clock.real_time(clock.campaign_time(moment))
    assert abs(back - moment) <= tick * (1 + 1 / clock.tempo)
    forth = clock.campaign_time(clock.real_time(moment))
    assert abs(forth - moment) <= tick * (1 + clock.tempo)


@given(clocks, moments, st.integers(0, 10**12))
def test_time_runs_forward_at_the_tempo(clock: CampaignClock, moment: datetime, us: int) -> None:
    later = moment + timedelta(microseconds=us)
    passed = clock.campaign_time(later) - clock.campaign_time(moment)
    assert passed >= timedelta(0)
    assert abs(clock.real_duration(passed) - (later - moment)) <= timedelta(
        microseconds=2 + 2 / clock.tempo
    )


@given(moments)
def test_in_production_campaign_time_is_the_wall(moment: datetime) -> None:
    assert CampaignClock().campaign_time(moment) == CampaignClock().real_time(moment) == moment


def test_a_day_passes_in_72_seconds_at_tempo_1200() -> None:
    clock = CampaignClock(origin=ORIGIN, tempo=1200)
    assert clock.real_duration(timedelta(days=1)) == timedelta(seconds=72)
    assert clock.campaign_time(ORIGIN) == ORIGIN
    assert clock.campaign_time(ORIGIN + timedelta(seconds=72)) == ORIGIN + timedelta(days=1)


@pytest.mark.parametrize("tempo", [0, -1, float("nan")])
def test_time_neither_stands_nor_runs_backward(tempo: float) -> None:
    with pytest.raises(ValidationError):
        CampaignClock(tempo=tempo)

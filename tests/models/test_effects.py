"""Keys of effects: the same for the same step, and told from any other text."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.effects import effect_key, is_effect_key


@given(st.uuids(), st.text(max_size=30))
def test_a_key_depends_on_campaign_and_step_alone_and_is_recognised(
    campaign: UUID, step: str
) -> None:
    key = effect_key(campaign, step)
    assert key == effect_key(UUID(str(campaign)), step)
    assert key != effect_key(campaign, f"{step}'")
    assert is_effect_key(key)


@pytest.mark.parametrize(
    "text", ["", "Q4 promo", "kabc", "k9foreign", "kabcdefghi1", "kabcdefghijk"]
)
def test_others_labels_are_not_ours(text: str) -> None:
    assert not is_effect_key(text)

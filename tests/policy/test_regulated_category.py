"""What a content says of itself decides whether it is regulated."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.network import Targeting
from models.contract.regulated import ADULTS_ONLY, OPEN_TO_ALL, forbidden_targeting, open_targeting
from models.contract.vocabulary import SpecialCategory
from policy.regulated_category import decide

targetings = st.builds(
    Targeting,
    locations=st.just(("US",)),
    age_min=st.integers(18, 65),
    age_max=st.integers(18, 65),
    genders=st.sampled_from([(), ("male",), ("female",), ("male", "female")]),
    interests=st.sampled_from([(), ("Golf",)]),
)


@pytest.mark.parametrize(
    ("title", "text", "category"),
    [
        ("We're hiring a harbour pilot", "", SpecialCategory.EMPLOYMENT),
        ("A quiet week", "Join our team. Send your CV by Friday.", SpecialCategory.EMPLOYMENT),
        ("Two flats to let by the harbour", "", SpecialCategory.HOUSING),
        ("Personal loans explained", "Borrow up to 5,000.", SpecialCategory.CREDIT),
        ("New casino opens", "", SpecialCategory.GAMBLING),
        ("Sea trade grew", "He will invest in ropes and nets.", SpecialCategory.NONE),
        ("How nets are mended", "The crew is full of salary men.", SpecialCategory.NONE),
    ],
)
def test_titles_weigh_and_texts_need_two_words(
    title: str, text: str, category: SpecialCategory
) -> None:
    answer = decide(title, text)
    assert answer.category is category
    assert all(word in answer.reason for word in answer.found[:4])


@given(st.text(), st.text(), st.lists(st.text(), max_size=4))
def test_any_text_has_one_answer_that_quotes_it(title: str, text: str, tags: list[str]) -> None:
    answer = decide(title, text, tags)
    assert decide(title, text, tags) == answer
    assert answer.reason
    assert 0 < answer.confidence < 1
    assert (answer.category is SpecialCategory.NONE) == (not answer.found)
    everything = f"{title}\n{' '.join(tags)}\n{text}".lower()
    assert all(word in everything for word in answer.found)
    json.dumps(answer.reason)


@given(st.sampled_from(SpecialCategory), targetings)
def test_what_is_opened_is_allowed_and_what_was_allowed_stays(
    category: SpecialCategory, targeting: Targeting
) -> None:
    opened = open_targeting(category, targeting)
    assert forbidden_targeting(category, opened) is None
    assert opened.locations == targeting.locations
    if forbidden_targeting(category, targeting) is None:
        assert opened == targeting
    elif category in OPEN_TO_ALL:
        assert (opened.age_min, opened.age_max, opened.genders, opened.interests) == (
            18,
            65,
            (),
            (),
        )
    else:
        assert category in ADULTS_ONLY
        assert opened.genders == targeting.genders

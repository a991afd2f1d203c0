"""What an account's options say of regulated categories, and what they cannot say (C7, D24)."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.account import PERMITTED, AdAccount, kept_options
from models.contract.vocabulary import Platform, SpecialCategory

REGULATED = [one for one in SpecialCategory if one is not SpecialCategory.NONE]


def permitted(options: dict[str, str]) -> tuple[SpecialCategory, ...] | None:
    account = AdAccount(
        id=uuid4(), team_id=uuid4(), platform=Platform.X, name="x", external_id="1", options=options
    )
    return account.permitted


@given(st.sets(st.sampled_from(REGULATED), min_size=1), st.sampled_from([",", ", ", " ,,"]))
def test_what_is_stated_is_read_again(named: set[SpecialCategory], between: str) -> None:
    stated = {PERMITTED: between.join(one.value.upper() for one in named), "page_id": "7"}
    kept = kept_options(stated)
    assert kept["page_id"] == "7"
    assert set(permitted(kept) or ()) == named
    assert kept_options(kept) == kept


@given(st.text(max_size=20))
def test_whatever_is_stated_permits_only_what_it_names(text: str) -> None:
    found = permitted({PERMITTED: text})
    assert found is not None
    assert all(one.value in text for one in found)
    try:
        kept = kept_options({PERMITTED: text})
    except ValueError as refused:
        assert "of employment, housing, credit, financial, gambling" in str(refused)  # noqa: PT017
    else:
        assert permitted(kept)


def test_what_says_nothing_is_refused_by_name() -> None:
    for wrong, why in (
        ("lottery,credit", "'lottery' is no regulated category"),
        ("gambling;credit", "'gambling;credit' is no regulated category"),
        ("none,gambling", "'none,gambling' says nothing"),
        (" , ", "says nothing; name categories of"),
    ):
        with pytest.raises(ValueError, match=why):
            kept_options({PERMITTED: wrong})
    assert kept_options({"page_id": "1"}) == {"page_id": "1"}
    assert permitted({}) is None
    assert permitted(kept_options({PERMITTED: "none"})) == (SpecialCategory.NONE,)

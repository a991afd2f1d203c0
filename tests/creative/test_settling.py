"""Whatever a model answers, what is kept can be shown (D8, D10, BUG-13, BUG-33, BUG-66)."""

import string
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative import copywriting
from creative.angles import Angle
from creative.claims import proven_by, unstated
from creative.compliance import too_long
from creative.copywriting import Assignment
from creative.facts import sentences
from creative.likeness import alike, same_headline
from models.contract.vocabulary import CallToAction, Platform
from platforms.registry import capabilities
from tests.creative.articles import LIBRARY

SOURCE = copywriting.source_of(LIBRARY)
TRUE = sentences(SOURCE)[:8]
FALSE = [
    "It has 900 seats.", "Opens on 5 May.", "The best room anywhere.", "Save 40% today.",
    "Entry is $12.", "“Never again”, says Ana.",
]  # fmt: skip
said = st.lists(st.sampled_from([*TRUE, *FALSE, "Come in.", "x" * 90]), max_size=4).map(" ".join)
claims = st.builds(
    lambda text, sentence: {"text": text, "source_sentence": sentence},
    st.sampled_from([*TRUE, *FALSE]),
    st.sampled_from([*TRUE, *FALSE]),
)
variants = st.fixed_dictionaries(
    {
        "angle": st.sampled_from([one.value for one in Angle]),
        "primary_text": said,
        "headline": st.sampled_from(
            ["A new reading room", "a new  Reading Room!", "Quiet at last", "9 best rooms", ""]
        ),
        "description": said,
        "call_to_action": st.sampled_from([one.value for one in CallToAction]),
        "hashtags": st.lists(st.sampled_from(["#City", "Room"]), max_size=2),
        "claims": st.lists(claims, max_size=3),
    }
)
batches = st.lists(variants, min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(batches, st.sampled_from([Platform.META, Platform.X, Platform.TIKTOK, Platform.GOOGLE]))
def test_what_is_kept_fits_is_proven_and_differs(batch: list[Any], platform: Platform) -> None:
    able = capabilities(platform)
    actions = tuple(one.value for one in able.calls_to_action)
    angles = (Angle.BENEFIT, Angle.QUESTION, Angle.URGENCY)
    task = Assignment(platform, able.copy_limits, actions, angles, SOURCE)
    kept = copywriting.settle({"variants": batch}, task)
    for copy in kept.variants:
        assert not too_long(copy, able.copy_limits, platform)
        assert copy.call_to_action.value in actions
        assert all(proven_by(claim, SOURCE) for claim in copy.claims)
        written = [one for one in batch if one["angle"] == copy.angle]
        for field in ("headline", "primary_text", "description"):
            for sentence in sentences(getattr(copy, field)):
                assert not unstated(sentence, SOURCE)
                # Sentences are left out, never shortened.
                assert any(sentence in sentences(one[field]) for one in written)
    assert len({copy.angle for copy in kept.variants}) == len(kept.variants) <= len(angles)
    pairs = list(combinations(kept.variants, 2))
    assert not any(alike(one, other) or same_headline(one, other) for one, other in pairs)
    assert len(kept.variants) + len(kept.dropped) >= len(batch), "nothing goes unnamed"


@given(st.lists(st.text(string.ascii_letters + " .!?”“\n", max_size=20), max_size=6).map(" ".join))
def test_splitting_into_sentences_loses_no_word(text: str) -> None:
    assert " ".join(sentences(text)).split() == text.split()


@pytest.mark.parametrize(
    ("platform", "primary_text", "headline", "description"),
    [
        (Platform.META, 125, 40, 30),
        (Platform.GOOGLE, 90, 30, 90),
        (Platform.X, 280, 70, 0),
        (Platform.TIKTOK, 100, 40, 0),
        (Platform.TELEGRAM, 160, 40, 0),
        (Platform.SNAPCHAT, 125, 34, 0),
    ],
)
def test_limits_are_each_networks_own(
    platform: Platform, primary_text: int, headline: int, description: int
) -> None:
    limits = capabilities(platform).copy_limits
    assert (limits.primary_text, limits.headline, limits.description) == (
        primary_text,
        headline,
        description,
    )

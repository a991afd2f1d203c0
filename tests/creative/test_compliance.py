"""What copy may say, and how long it may be."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.compliance import check, too_long, with_hashtags_that_fit
from creative.counting import length
from models.contract.briefs import ComplianceOutcome, ComplianceReport, CopyToCheck
from models.contract.creative import AdCopy
from models.contract.vocabulary import Platform
from platforms.network import CopyLimits
from platforms.registry import capabilities
from platforms.x.post import checked_text

LIMITS = CopyLimits(primary_text=120, headline=40, description=30)
SOURCE = "The town mends 1,200 nets a year; 5.5 percent are new. 40 lofts stand since 1890."
TEXTS = {"primary_text": "Visit the net lofts.", "headline": "Mending nets", "description": "See."}


def copy(**texts: str) -> AdCopy:
    return AdCopy(angle="benefit", **{**TEXTS, **texts})  # type: ignore[arg-type]


def judged(
    words: AdCopy, source: str = SOURCE, *, category: str = "none", limits: CopyLimits = LIMITS
) -> ComplianceReport:
    case = CopyToCheck(
        platform=Platform.META, copy_text=words, source=source, special_category=category
    )
    return check(case, limits)


def test_plain_copy_passes() -> None:
    assert judged(copy()) == ComplianceReport(outcome=ComplianceOutcome.PASS)


PROMISES = {
    "Guaranteed returns for all": "promises a financial result: 'Guaranteed returns'",
    "It guarantees  income": "promises a financial result: 'guarantees  income'",
    "double your money": "promises a financial result: 'double your money'",
    "risk-free fun": "promises freedom from risk: 'risk-free'",
    "Risk free fun": "promises freedom from risk: 'Risk free'",
    "risk\u2011free fun": "promises freedom from risk: 'risk-free'",
    "ｒｉｓｋ－ｆｒｅｅ fun": "promises freedom from risk: 'risk-free'",
    "GET RICH slowly": "promises wealth: 'GET RICH'",
    "financial freedom": "promises wealth: 'financial freedom'",
    "the price will explode": "predicts a price: 'price will explode'",
    "price is going to rise": "predicts a price: 'price is going to rise'",
    "invest now": "reads as an investment offer: 'invest now'",
    "investment opportunity": "reads as an investment offer: 'investment opportunity'",
    "revolutionary nets": "hype the brand voice forbids: 'revolutionary'",
    "game-changing nets": "hype the brand voice forbids: 'game-changing'",
    "unbelievable nets": "hype the brand voice forbids: 'unbelievable'",
    "the world\u2019s best nets": 'hype the brand voice forbids: "world\'s best"',
}


@pytest.mark.parametrize("field", ["primary_text", "headline", "description"])
@pytest.mark.parametrize(("phrase", "told"), PROMISES.items())
def test_promises_and_hype_are_rejected_and_quoted(field: str, phrase: str, told: str) -> None:
    report = judged(copy(**{field: phrase}))
    assert report.outcome is ComplianceOutcome.REJECTED
    assert report.reasons == (told,)


@pytest.mark.parametrize(
    "phrase", ["No risk of freezing", "Get richer soil", "Investors met", "A guarantee of rain"]
)
def test_innocent_words_are_not_taken_for_promises(phrase: str) -> None:
    assert judged(copy(primary_text=phrase)).outcome is ComplianceOutcome.PASS


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("1,200 nets", True),
        ("1200 nets", True),
        ("40 lofts, since 1890.", True),
        ("5.5 percent", True),
        ("200 nets", False),
        ("1,20 nets", False),
        ("5 percent", False),
        ("5.55 percent", False),
        ("55 percent", False),
        ("4 lofts", False),
        ("40.5 lofts", False),
        ("４０ lofts", True),
    ],
)
def test_numbers_must_stand_in_the_source(text: str, known: bool) -> None:
    report = judged(copy(primary_text=text))
    assert (report.outcome is ComplianceOutcome.PASS) is known
    if not known:
        assert "is not in the source" in report.reasons[0]
        assert report.reasons[0].split("'")[1] in text


@given(st.integers(0, 10**7), st.text("abc .", max_size=20), st.text("abc ,", max_size=20))
def test_a_number_of_the_source_is_accepted_wherever_it_stands(
    number: int, before: str, after: str
) -> None:
    source = f"{before} {number:,} {after}"
    assert judged(copy(headline=f"All {number}"), source).outcome is ComplianceOutcome.PASS
    assert judged(copy(headline=f"All {number}1"), source).outcome is ComplianceOutcome.REJECTED


@pytest.mark.parametrize(
    "phrase", ["Pay in bitcoin", "a cryptocurrency", "Mortgage talk", "weight  loss", "Loans here"]
)
def test_delicate_topics_need_a_person(phrase: str) -> None:
    report = judged(copy(primary_text=phrase))
    assert report.outcome is ComplianceOutcome.NEEDS_PERSON
    assert report.reasons[0].startswith("a topic networks restrict: ")


def test_a_delicate_hashtag_needs_a_person() -> None:
    tagged = copy().model_copy(update={"hashtags": ("#harbour", "#Crypto", "#top10")})
    assert judged(tagged).outcome is ComplianceOutcome.NEEDS_PERSON


def test_a_regulated_category_needs_a_person_and_a_breach_outweighs_it() -> None:
    report = judged(copy(), category="employment")
    assert report.outcome is ComplianceOutcome.NEEDS_PERSON
    assert report.reasons == ("regulated category employment",)
    assert (
        judged(copy(headline="Get rich"), category="credit").outcome is ComplianceOutcome.REJECTED
    )


@pytest.mark.parametrize(
    ("field", "limit"), [("primary_text", 120), ("headline", 40), ("description", 30)]
)
def test_a_text_over_its_limit_is_named_with_measure_and_limit(field: str, limit: int) -> None:
    assert not too_long(copy(**{field: "x" * limit}), LIMITS)
    over = copy(**{field: "x" * (limit - 1) + "網"})
    told = f"{field} has {limit + 1} characters, the limit is {limit}"
    assert too_long(over, LIMITS) == [told]
    assert told in judged(over).reasons


def test_empty_copy_is_no_copy() -> None:
    for field in ("primary_text", "headline"):
        assert judged(copy(**{field: "  "})).outcome is ComplianceOutcome.REJECTED


tags = st.lists(st.text("abcλ網😀", min_size=1, max_size=40), max_size=12)


@given(st.integers(1, 256), tags, st.booleans())
def test_hashtags_that_fit_make_a_post_x_takes(size: int, found: list[str], signed: bool) -> None:
    limits = capabilities(Platform.X).copy_limits
    found = [f"#{tag}" if signed else tag for tag in found]
    words = copy(primary_text="x" * size, description="").model_copy(
        update={"hashtags": tuple(found)}
    )
    fitted = with_hashtags_that_fit(words, limits)
    assert fitted.hashtags == tuple(found)[: len(fitted.hashtags)]
    assert checked_text(fitted, "https://journal.example/" + "y" * 90)
    if len(fitted.hashtags) < len(found):
        following = found[len(fitted.hashtags)]
        used = size + sum(length(tag) + 2 for tag in fitted.hashtags)
        assert used + length(following) + 2 > 256


def test_where_hashtags_cost_nothing_all_stay() -> None:
    tagged = copy().model_copy(update={"hashtags": tuple("abc" * 50)})
    assert with_hashtags_that_fit(tagged, replace(LIMITS, hashtags="on top")) == tagged
    assert with_hashtags_that_fit(tagged, replace(LIMITS, hashtags="none")).hashtags == ()

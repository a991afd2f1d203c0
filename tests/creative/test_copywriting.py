"""The brief, the complaints, and what of an answer is kept (D6–D10, D38, BUG-13, BUG-33, B27)."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative import copywriting
from creative.angles import Angle, Won, choose
from creative.claims import stands_whole
from creative.compliance import STRICT, Standards
from creative.copywriting import Assignment
from creative.likeness import same_headline
from models.contract.brand import Brand
from models.contract.campaign import Offer
from models.contract.content import Article
from models.contract.creative import AdCopy
from models.contract.vocabulary import Objective, Platform, SpecialCategory
from platforms.network import CopyLimits
from platforms.registry import capabilities
from sandbox.copywriter import write_copy
from tests.creative.articles import EVERY, LIBRARY, MUG

LIMITS = CopyLimits(primary_text=125, headline=40, description=30, hashtags="on top")
ANGLES = (Angle.BENEFIT, Angle.QUESTION, Angle.URGENCY)
SEATS = "It has 120 seats, and every one of them is free to use."
TEAMS = "Teams can book small rooms until midnight."
PAPER = "Why does paper still matter?"
MATTERS = "Because people remember more of what they read on paper, the librarian says."
OPENS = "The city library opens its new reading room on 4 May."


def assignment(**changes: Any) -> Assignment:
    base = Assignment(
        platform=Platform.META,
        limits=LIMITS,
        actions=("learn_more", "sign_up"),
        angles=ANGLES,
        source=copywriting.source_of(LIBRARY),
    )
    return replace(base, **changes)


def variant(angle: Angle, text: str, headline: str = "A new reading room", **more: Any) -> Any:
    found = {
        "angle": angle.value,
        "primary_text": text,
        "headline": headline,
        "description": "",
        "call_to_action": "learn_more",
        "hashtags": [],
        "claims": [],
    }
    return found | more


def claim(text: str, sentence: str) -> dict[str, str]:
    return {"text": text, "source_sentence": sentence}


def good() -> list[Any]:
    return [
        variant(Angle.BENEFIT, f"{SEATS} Come in.", claims=[claim("120 free seats", SEATS)]),
        variant(
            Angle.QUESTION, f"{PAPER} {MATTERS}", "Paper still matters",
            claims=[claim(MATTERS, MATTERS)],
        ),
        variant(Angle.URGENCY, OPENS, "Quiet at last", claims=[claim("opens on 4 May", OPENS)]),
    ]  # fmt: skip


def told(variants: list[Any], task: Assignment | None = None) -> str:
    task = task or assignment()
    return copywriting.problems({"variants": variants}, task.limits, task.actions, task)


def settled(variants: list[Any], task: Assignment | None = None) -> Any:
    return copywriting.settle({"variants": variants}, task or assignment(), "model")


def test_a_sound_answer_is_kept_whole_with_its_claims() -> None:
    assert told(good()) == ""
    kept = settled(good())
    assert (len(kept.variants), kept.dropped, kept.model) == (3, (), "model")
    assert [copy.angle for copy in kept.variants] == [one.value for one in ANGLES]
    assert kept.variants[0].claims[0].sentence == SEATS
    assert kept.variants[0].claims[0].text == "120 free seats"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"primary_text": "x" * 126}, "has 126 characters, the limit is 125; rewrite it shorter"),
        ({"headline": "y" * 41}, "headline has 41 characters, the limit is 40"),
        ({"headline": ""}, "headline must not be empty"),
        ({"call_to_action": "shop_now"}, "call_to_action shop_now is not offered; use one of"),
        ({"hashtags": ["#city life"]}, "hashtag '#city life' must be one word"),
        ({"angle": "urgency"}, "angle urgency is used already"),
        ({"angle": "curiosity"}, "angle curiosity was not asked for"),
        ({"headline": "\N{BOOKS}  QUIET at last!"}, "at last' is variant 1's too; write another"),
        ({"primary_text": OPENS}, "says nearly the same as variant"),
        ({"primary_text": "All 9,000 seats are free."}, "number '9,000' is not in the source"),
        ({"primary_text": "The best room in town."}, "'The best'; leave it out"),
        ({"primary_text": "Guaranteed results for you."}, "promises a financial result"),
        ({"primary_text": "COME INTO THIS ROOM TODAY."}, "shouts in capitals"),
        ({"claims": [claim("120 seats", "It has 1,200 seats.")]}, "is not borne out"),
        ({"claims": [claim("12 seats", SEATS)]}, "claim '12 seats' is not borne out"),
        ({"claims": [claim("Members pay nothing", TEAMS)]}, "is not borne out"),
    ],
)
def test_what_is_wrong_is_sent_back_by_name(change: dict[str, Any], complaint: str) -> None:
    variants = good()
    variants[0] |= change
    said = told(variants)
    assert complaint in said
    assert "variant " in said


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"variants": []},
        {"variants": [{"angle": "benefit"}]},
        {"variants": [variant(Angle.BENEFIT, "x") | {"angle": "loud"}]},
        {"variants": [variant(Angle.BENEFIT, "x") | {"call_to_action": "BUY"}]},
    ],
)
def test_an_answer_of_another_shape_is_no_copy(answer: dict[str, Any]) -> None:
    assert copywriting.problems(answer, LIMITS, ["learn_more"])
    with pytest.raises(ValueError, match="the copy is unusable: variants"):
        copywriting.settle(answer, assignment())


def test_a_missing_angle_is_asked_for() -> None:
    assert told(good()[:2]) == "a variant with the angle urgency is missing"
    assert len(settled(good()[:2]).variants) == 2


def test_over_long_copy_is_dropped_and_never_cut() -> None:
    variants = good()
    variants[1]["primary_text"] = f"{PAPER} {MATTERS} {TEAMS}"
    kept = settled(variants)
    assert [copy.angle for copy in kept.variants] == ["benefit", "urgency"]
    assert kept.dropped == (
        "variant 2 (question): primary_text has 148 characters, the limit is 125",
    )


def test_an_unproven_claim_takes_its_sentence_and_leaves_the_rest() -> None:
    variants = good()
    variants[0] |= {
        "primary_text": f"{TEAMS} It won four awards.",
        "description": "Loved by 50,000 members",
        "claims": [claim(TEAMS, TEAMS), claim("It won four awards", "The room won four awards.")],
    }
    kept = settled(variants)
    assert kept.variants[0].primary_text == TEAMS
    assert kept.variants[0].description == ""
    assert [one.text for one in kept.variants[0].claims] == [TEAMS]
    assert kept.dropped[0].startswith("variant 1 (benefit): left out “It won four awards.” of the")
    assert "number '50,000' is not in the source" in kept.dropped[1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"headline": "The city's 9 best rooms"}, "the headline states what the source does not"),
        ({"primary_text": "Up to 1000x more quiet."}, "nothing of the primary text is proven"),
    ],
)
def test_a_claim_that_cannot_be_left_out_drops_the_variant(
    change: dict[str, Any], why: str
) -> None:
    variants = good()
    variants[0] |= change
    kept = settled(variants)
    assert [copy.angle for copy in kept.variants] == ["question", "urgency"]
    assert any(one.startswith("variant 1 (benefit)") and why in one for one in kept.dropped)


def test_twins_and_texts_that_run_already_are_refused() -> None:
    variants = good()
    variants[2]["primary_text"] = f"{SEATS} Do come in."
    assert "variant 3: says nearly the same as variant 1" in told(variants)
    assert any("nearly the same as another" in one for one in settled(variants).dropped)
    running = AdCopy(angle="benefit", primary_text=f"{SEATS} Come in!", headline="Other")
    task = assignment(running=(running,))
    assert "an ad that runs already" in told(good(), task)
    assert len(settled(good(), task).variants) == 2


def test_a_headline_is_shown_once() -> None:
    variants = good()
    variants[2]["headline"] = "a new  Reading Room."
    again = "variant 3: headline 'a new  Reading Room.' is variant 1's too; write another"
    assert told(variants) == again
    kept = settled(variants)
    assert len(kept.variants) == 2
    (why,) = kept.dropped
    assert why == "variant 3 (urgency): headline 'a new  Reading Room.' is another variant's too"
    running = AdCopy(angle="benefit", primary_text="Other words.", headline="Quiet at last \u2728")
    task = assignment(running=(running,))
    assert told(good(), task) == (
        "variant 3: headline 'Quiet at last' is that of an ad that runs already; write another"
    )
    (why,) = settled(good(), task).dropped
    assert "is that of an ad that runs already" in why
    # An ad without a headline repeats none.
    bare = replace(LIMITS, headline=0)
    silent = [one | {"headline": ""} for one in good()]
    assert len(settled(silent, assignment(limits=bare)).variants) == 3


@given(
    words=st.lists(st.sampled_from(["Quiet", "at", "last", "C++", "20%"]), min_size=1, max_size=4),
    around=st.sampled_from(
        ["{}", "{}.", "{}!?", "\u201c{}\u201d", "\N{BOOKS} {}", "{} \u2728\u2728", " {} \u2026"]
    ),
    between=st.sampled_from([" ", "  ", "\u00a0", " \N{BOOKS} "]),
)
def test_dressing_a_headline_makes_no_other(words: list[str], around: str, between: str) -> None:
    plain = AdCopy(angle="x", primary_text="", headline=" ".join(words))
    dressed = plain.model_copy(update={"headline": around.format(between.join(words)).upper()})
    assert same_headline(plain, dressed)
    assert not same_headline(
        plain, dressed.model_copy(update={"headline": f"{dressed.headline} now"})
    )


def test_no_more_variants_than_asked_for() -> None:
    extra = [*good(), variant(Angle.CURIOSITY, TEAMS)]
    kept = settled(extra)
    assert len(kept.variants) == 3
    assert "more variants than the 3 asked for" in kept.dropped[0]


def test_a_disclaimer_counts_from_the_start() -> None:
    standards = Standards(brand=Brand(disclaimers={SpecialCategory.FINANCIAL: "Capital at risk."}))
    task = assignment(standards=standards, category=SpecialCategory.FINANCIAL)
    variants = good()
    kept = settled(variants, task)
    assert all(copy.primary_text.endswith(" Capital at risk.") for copy in kept.variants)
    variants[0]["primary_text"] = f"{SEATS} {TEAMS} Please do come."
    assert len(variants[0]["primary_text"]) <= 125
    assert "variant 1: primary_text has" in told(variants, task)
    dropped = settled(variants, task).dropped
    assert len(dropped) == 1
    assert "the brand's disclaimer included: 'Capital at risk.'" in dropped[0]
    said = copywriting.brief(
        LIMITS,
        platform="meta",
        objective="traffic",
        variants=3,
        actions=["learn_more"],
        brand=standards.brand,
        category=SpecialCategory.FINANCIAL,
    )
    assert said["limits"]["primary_text"] == 125 - len(" Capital at risk.")
    assert said["disclaimer"].endswith("Capital at risk.")


def test_hashtags_only_where_the_network_shows_them() -> None:
    variants = good()
    variants[0]["hashtags"] = ["#Libraries", "#CityLife"]
    assert settled(variants).variants[0].hashtags == ("#Libraries", "#CityLife")
    hidden = assignment(limits=replace(LIMITS, hashtags="none"))
    assert settled(variants, hidden).variants[0].hashtags == ()
    said = {
        way: copywriting.brief(
            replace(LIMITS, hashtags=way),  # type: ignore[arg-type]
            platform="meta",
            objective="traffic",
            variants=1,
            actions=[],
        )["hashtags"]
        for way in ("none", "counted", "on top")
    }
    assert said["none"].startswith("none")
    assert "counted in" in said["counted"]
    assert "below" in said["on top"]


def test_the_brief_says_all_that_binds() -> None:
    brand = Brand(name="Quay", rules=("say 'reader', not 'user'",), forbidden_words=("cheap",))
    won = [Won("question", "Why mend?", "Why mend nets? It pays.", "learn_more", 0.3)]
    said = copywriting.brief(
        capabilities(Platform.X).copy_limits,
        platform="x",
        objective="traffic",
        variants=3,
        actions=["learn_more"],
        angles=choose(3, Objective.TRAFFIC, won),
        brand=brand,
        offer=Offer(text="20 % off in May"),
        won=won,
        running=[AdCopy(angle="benefit", primary_text="Old words.", headline="Old")],
        competitors=["Netco"],
    )
    assert said["limits"] == {"primary_text": 256, "headline": 70, "description": 0}
    assert "a link is 23" in said["counting"]
    assert said["angles"][0]["angle"] == "question"
    assert said["brand"]["forbidden_words"] == ["cheap", "Netco"]
    assert said["brand"]["voice"].startswith("confident without hype")
    assert said["offer"] == "20 % off in May"
    assert said["winners"]["tests_won"] == 1
    assert said["already_running"] == ["Old words."]
    assert said["running_headlines"] == ["Old"]


def test_price_and_offer_are_facts_of_the_source() -> None:
    source = copywriting.source_of(MUG, Offer(text="Two for 35 EUR until 4 May"))
    words = [
        variant(
            Angle.BENEFIT,
            "Thrown by hand in Porto, for €19.90. Two for 35 EUR until 4 May.",
            "Harbour mug",
            claims=[claim("€19.90", "The price is 19.90 EUR.")],
        )
    ]
    task = assignment(source=source, angles=(Angle.BENEFIT,))
    assert told(words, task) == ""
    elsewhere = copywriting.source_of(MUG.model_copy(update={"price": ""}))
    assert "number '€19.90' is not in the source" in told(words, replace(task, source=elsewhere))


def test_an_offer_that_nobody_says_is_asked_for() -> None:
    offer = Offer(text="Bring a friend for free")
    task = assignment(source=copywriting.source_of(LIBRARY, offer), offer=offer.text)
    assert told(good(), task) == "no variant says the offer: Bring a friend for free"
    variants = good()
    variants[2]["description"] = "Bring a friend for free"
    assert told(variants, task) == ""


@pytest.mark.parametrize(
    ("sentence", "stands"),
    [
        ("No member wins a prize.", True),
        ("No  member wins\na prize", True),
        ("member wins a prize.", False),
        ("wins", False),
        ("", False),
        ("Ana said “we mend by hand” and left.", True),
        ("we mend by hand", True),  # a quotation is a sentence of its own
        ("A heading without a stop", True),
        ("The text begins here.", True),
        ("heading without a stop The text begins here.", False),
    ],
)
def test_a_source_sentence_is_quoted_whole(sentence: str, stands: bool) -> None:
    source = (
        "A heading without a stop\nThe text begins here. No member wins a prize. Ana said "
        "“we mend by hand” and left."
    )
    assert stands_whole(sentence, source) is stands


def test_every_article_and_network_is_served_by_the_rule_based_planner() -> None:
    """The stand-in's answers pass the product's own checks, offer and all."""
    for article in EVERY:
        for platform in Platform:
            able = capabilities(platform)
            actions = tuple(sorted(one.value for one in able.calls_to_action))
            angles = choose(3, Objective.TRAFFIC)
            offer = Offer(text="Readers get 10 % off in May")
            task = Assignment(
                platform,
                able.copy_limits,
                actions,
                angles,
                copywriting.source_of(article, offer),
                offer=offer.text,
            )
            said = copywriting.brief(
                able.copy_limits,
                platform=platform.value,
                objective="traffic",
                variants=3,
                actions=actions,
                angles=angles,
                offer=offer,
            )
            answer = {"variants": write_copy(said, article.model_dump(mode="json"))}
            assert copywriting.problems(answer, able.copy_limits, actions, task) == ""
            kept = copywriting.settle(answer, task)
            assert (len(kept.variants), kept.dropped) == (3, ())
            assert all(copy.claims for copy in kept.variants)
            assert any("10 % off" in copy.primary_text for copy in kept.variants)


@pytest.mark.parametrize("article", EVERY, ids=lambda one: one.title[:12])
def test_refreshes_repeat_no_headline_and_lose_no_variant_for_it(article: Article) -> None:
    """By rule, for four ads and three fresh ones beside them, within each network's limits."""
    for platform in Platform:
        able = capabilities(platform)
        actions = tuple(sorted(one.value for one in able.calls_to_action))
        running: tuple[AdCopy, ...] = ()
        for wanted in (4, 3):
            angles = choose(wanted, Objective.TRAFFIC, [], [one.angle for one in running])
            task = Assignment(
                platform, able.copy_limits, actions, angles, copywriting.source_of(article),
                running=running,
            )  # fmt: skip
            said = copywriting.brief(
                able.copy_limits, platform=platform.value, objective="traffic", variants=wanted,
                actions=actions, angles=angles, running=running,
            )  # fmt: skip
            answer = {"variants": write_copy(said, article.model_dump(mode="json"))}
            complaints = copywriting.problems(answer, able.copy_limits, actions, task)
            assert "headline" not in complaints
            assert len(answer["variants"]) == wanted, platform
            running = (*running, *copywriting.settle(answer, task).variants)


def test_nothing_permitted_is_the_default() -> None:
    assert assignment().standards == STRICT
    assert STRICT.permitted is None

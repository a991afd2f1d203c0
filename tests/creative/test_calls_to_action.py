"""Buttons by people's own words, on every network (D11, D40, C14, BUG-31)."""

import pytest

from creative.calls_to_action import nearest, read, understood
from models.contract.vocabulary import CallToAction, Platform
from platforms.registry import capabilities

C = CallToAction


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Install Now", C.DOWNLOAD),
        ("Learn More", C.LEARN_MORE),
        ("Play Now", C.DOWNLOAD),
        ("Claim Free Spins", C.GET_OFFER),
        ("Contact us", C.CONTACT_US),
        ("Apply now", C.APPLY_NOW),
        ("Get a quote", C.CONTACT_US),
        ("Jetzt kaufen", C.SHOP_NOW),
        ("S'inscrire", C.SIGN_UP),
        ("BOOK_NOW", C.BOOK_NOW),
        ("", C.LEARN_MORE),
        ("Wow", C.LEARN_MORE),
    ],
)
def test_words_mean_a_button(text: str, action: CallToAction) -> None:
    assert read(text) is action


@pytest.mark.parametrize("text", ["", "Wow", "Click here", "42", "...", "shopping_cart"])
def test_words_that_mean_no_button_are_told(text: str) -> None:
    assert understood(text) is None


@pytest.mark.parametrize("text", ["Learn more", "READ_MORE", "Mehr erfahren", "Watch the film"])
def test_learn_more_has_words_of_its_own(text: str) -> None:
    assert understood(text) is C.LEARN_MORE


@pytest.mark.parametrize("action", CallToAction)
def test_each_buttons_own_name_means_it(action: CallToAction) -> None:
    assert read(action.value) is action


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("action", CallToAction)
def test_every_network_gets_a_button_it_offers(platform: Platform, action: CallToAction) -> None:
    offered = capabilities(platform).calls_to_action
    found = nearest(action, offered)
    assert found in offered
    assert found is action or action not in offered


def test_the_nearest_button_is_taken_before_the_general_one() -> None:
    assert nearest(C.APPLY_NOW, {C.SIGN_UP, C.LEARN_MORE}) is C.SIGN_UP
    assert nearest(C.BOOK_NOW, {C.SHOP_NOW, C.LEARN_MORE}) is C.LEARN_MORE
    assert nearest(C.LEARN_MORE, {C.DOWNLOAD}) is C.DOWNLOAD
    with pytest.raises(ValueError, match="offers no button"):
        nearest(C.SHOP_NOW, set())

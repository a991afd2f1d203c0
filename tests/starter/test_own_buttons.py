"""The button of an ad of one's own, in its maker's own words (D11, C14)."""

import pytest

from models.contract.vocabulary import CallToAction
from starter.campaign_file import CampaignFile, CampaignFileRefused, check

C = CallToAction


def file(action: object) -> CampaignFile:
    return check(
        {
            "url": "https://journal.example/nets", "platform": "meta", "daily_budget": 20,
            "article": {"title": "Nets", "text": "All about nets. " * 40},
            "ads": [{"headline": "Nets", "action": action}],
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "button"),
    [
        ("Shop Now", C.SHOP_NOW),
        ("Apply now", C.APPLY_NOW),
        ("Install Now", C.DOWNLOAD),
        ("apply_now", C.APPLY_NOW),
        ("Learn more", C.LEARN_MORE),
        (None, None),
        *((one.value, one) for one in C),
    ],
)
def test_a_button_is_named_in_ones_own_words(words: str | None, button: CallToAction) -> None:
    assert file(words).ads[0].action is button


@pytest.mark.parametrize("words", ["Wow", "", "x" * 500])
def test_words_that_mean_no_button_are_refused_with_the_list(words: str) -> None:
    with pytest.raises(CampaignFileRefused) as refused:
        file(words)
    said = str(refused.value)
    assert f"ads.1.action: {words[:60]!r} means no button; use one of {', '.join(C)}, or" in said
    assert "\n" not in said
    assert len(said) < 300


def test_a_number_is_no_button() -> None:
    with pytest.raises(CampaignFileRefused, match=r"ads\.1\.action"):
        file(7)

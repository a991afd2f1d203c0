"""People's own words for a button, as one of the buttons a network offers.

A button is never free text on a network: what a person writes ("Install now", "Play now") is read
as the nearest of our list, then as the nearest that this network has. Nothing falls silently to
"learn more" where a better button stands.
"""

import re
from collections.abc import Collection
from typing import Final

from models.contract.vocabulary import CallToAction

_WORDS: Final[tuple[tuple[CallToAction, str], ...]] = (
    (CallToAction.APPLY_NOW, r"\b(?:apply|bewerben|postuler|aplicar|candidat\w+|başvur\w*)\b"),
    (CallToAction.BOOK_NOW, r"\b(?:book|reserve|buchen|réserver|reservar|prenota|rezervasyon)\b"),
    (CallToAction.CONTACT_US, r"\b(?:contact|call|message|write|quote|kontakt\w*|contactez)\b"),
    (
        CallToAction.DOWNLOAD,
        r"\b(?:download|install|get the app|play|use app|open app|herunterladen|spielen|jouer"
        r"|télécharger|descargar|jugar|scarica|gioca|baixar|jogar|indir|oyna|downloaden|speel)\b",
    ),
    (
        CallToAction.GET_OFFER,
        r"\b(?:offer|claim|deal|coupon|discount|free spins?|redeem|save|angebot|offre|oferta"
        r"|offerta|fırsat|aanbieding)\b",
    ),
    (
        CallToAction.SHOP_NOW,
        r"\b(?:shop|buy|order|purchase|kaufen|bestellen|acheter|comprar|compra|acquista|satın al"
        r"|kopen)\b",
    ),
    (
        CallToAction.SIGN_UP,
        r"\b(?:sign ?up|register|join|subscribe|start|try|anmelden|registrieren|s'inscrire"
        r"|inscri\w+|registr\w+|iscriviti|cadastr\w+|kaydol|aanmelden)\b",
    ),
)
_MORE: Final = (
    r"\b(?:more|learn|read|see|view|watch|discover|explore|find out|details?|mehr|ansehen|entdecken"
    r"|en savoir plus|découvrir|lire|más|ver|descubr\w+|scopri\w*|mais|saiba|daha|meer|lees)\b"
)
_NEAREST: Final[dict[CallToAction, tuple[CallToAction, ...]]] = {
    CallToAction.SHOP_NOW: (CallToAction.GET_OFFER,),
    CallToAction.GET_OFFER: (CallToAction.SHOP_NOW, CallToAction.SIGN_UP),
    CallToAction.SIGN_UP: (CallToAction.APPLY_NOW,),
    CallToAction.APPLY_NOW: (CallToAction.SIGN_UP,),
    CallToAction.BOOK_NOW: (CallToAction.CONTACT_US, CallToAction.SIGN_UP),
    CallToAction.CONTACT_US: (CallToAction.SIGN_UP,),
    CallToAction.DOWNLOAD: (),
    CallToAction.LEARN_MORE: (),
}


def read(text: str) -> CallToAction:
    """The button that some words mean; learn more where they mean none in particular."""
    return understood(text) or CallToAction.LEARN_MORE


def understood(text: str) -> CallToAction | None:
    """The button that some words mean; None where they mean none."""
    words = " ".join(text.replace("_", " ").casefold().split())
    for action, pattern in (*_WORDS, (CallToAction.LEARN_MORE, _MORE)):
        if re.search(pattern, words):
            return action
    return None


def nearest(wanted: CallToAction, offered: Collection[CallToAction]) -> CallToAction:
    """``wanted`` if a network offers it, else what comes nearest of what it does.

    Raises:
        ValueError: the network offers no button at all.
    """
    if not offered:
        raise ValueError("calls_to_action is empty: the network offers no button")
    for action in (wanted, *_NEAREST[wanted], CallToAction.LEARN_MORE):
        if action in offered:
            return action
    # One with its own button only (a store's "install") leaves no choice.
    return min(offered, key=lambda one: list(CallToAction).index(one))

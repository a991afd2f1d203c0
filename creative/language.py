"""Which language an ad is in, as far as the rules need to know it.

Told by script first, then by function words ("the", "und", "que"), which every sentence of some
length holds and which hardly move between languages. That is enough for its one purpose: to
notice a text that the wordings forbidden here cannot judge. It names no language it is not asked
about, and a text of a few words has none of its own: then its source's counts.
"""

import re
import unicodedata
from typing import Final

RULED: Final[dict[str, frozenset[str]]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the and of to in is for with on at by from that this it you your our we are as be"
        " have has not or an how what why who will can more its their they was were",
        "de": "der die das und ist für mit auf im den dem ein eine einen einem nicht zu von sie ihr"
        " wir wie was auch aus bei nach sich es sind wird werden oder mehr jetzt",
        "fr": "le la les des et est pour avec sur dans un une du au aux vous votre vos nous que qui"
        " pas plus ce cette ces ne par sont notre il elle en",
        "es": "el la los las y es para con en un una del al que no por su sus más se lo como está"
        " son tu usted nuestro pero sin",
        "it": "il lo la i gli le e è per con su in un una del della dei che non di da più si come"
        " sono al alla nel nella tuo ma",
        "pt": "o a os as e é para com em um uma do da dos das que não por seu sua mais se como na"
        " no ao são você mas",
        "tr": "ve bir bu için ile de da ne mi çok daha en gibi olan var değil kadar şimdi sizin"
        " olarak her siz biz ama veya sonra",
        "nl": "de het een en van is voor met op in niet te dat die zijn je jouw uw wij ook aan naar"
        " om bij of meer wat hoe maar nu",
    }.items()
}
"""Function words by language, for those the forbidden wordings are written in."""

_OTHERS: Final[dict[str, frozenset[str]]] = {
    code: frozenset(words.split())
    for code, words in {
        "Polish": "i w na z się nie jest do że jak dla po od przez oraz ale który są twój",
        "Swedish": "och att det som en på är av för med till den har inte om ett din vi",
        "Danish or Norwegian": "og at det som en på er af for med til den har ikke om et din vi av",
        "Finnish": "ja on ei että se kun niin mutta kuin tai myös sinun ovat oli",
        "Czech or Slovak": "a v na se je že z do pro jak ale nebo jsou není po od si ako pre sa",
        "Hungarian": "a az és egy hogy nem is van de meg ha csak már még mint vagy",
        "Romanian": "și în la de cu pe nu este sunt pentru din care mai un o că ale",
        "Indonesian or Malay": "yang dan di untuk dengan dari ini itu tidak ke pada anda adalah",
        "Vietnamese": "và của là không có cho được với các một này những người trong bạn",
        "Catalan": "i de la el els les amb per és una del que no més als seva",
        "Croatian or Serbian": "i u na je se da za od su ne što kao ali ili ovo vaš",
    }.items()
}
_ENOUGH: Final = 8
"""Words from which on a text should show some function words of its own."""


def unjudged(text: str, source: str = "") -> str | None:
    """Why the wordings forbidden here cannot judge a text; None where they can.

    Short texts lean on ``source``: an ad of three words is taken to be in its article's language.
    """
    if script := _foreign_script(text):
        return f"the text is written in {script} letters, which no rule here reads"
    words = _words(text)
    ruled, other, name = _scores(words)
    if other > ruled and other >= 2:
        return f"the text reads as {name}, which no rule here covers"
    if ruled == 0 and len(words) >= _ENOUGH:
        return "the text's language could not be told"
    if ruled == 0 and source:
        ruled, other, name = _scores(_words(source)[:400])
        if other > ruled:
            return f"the text is short and its source reads as {name}, which no rule here covers"
        if _foreign_script(source):
            return "the text is short and its source is in letters that no rule here reads"
    return None


def detect(text: str) -> str:
    """The ruled language that shows most of its function words, two at least; else empty."""
    words = _words(text)
    scores = {code: sum(word in known for word in words) for code, known in RULED.items()}
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] >= 2 else ""


def _scores(words: list[str]) -> tuple[int, int, str]:
    """Function words of the best ruled language, of the best other one, and its name."""
    ruled = max(sum(word in known for word in words) for known in RULED.values())
    counts = {name: sum(word in known for word in words) for name, known in _OTHERS.items()}
    name = max(counts, key=lambda one: counts[one])
    return ruled, counts[name], name


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", text).casefold())


def _foreign_script(text: str) -> str:
    """The script most letters are in where that is not Latin; a foreign word or two is none."""
    letters = [one for one in unicodedata.normalize("NFKC", text) if one.isalpha()]
    scripts: dict[str, int] = {}
    for one in letters:
        name = unicodedata.name(one, "UNKNOWN").split()[0]
        scripts[name] = scripts.get(name, 0) + 1
    latin = scripts.pop("LATIN", 0)
    if not scripts or sum(scripts.values()) * 3 <= latin:
        return ""
    return max(scripts, key=lambda one: scripts[one]).capitalize()

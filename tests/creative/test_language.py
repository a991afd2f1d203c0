"""Whether the rules can read a text (D24)."""

import pytest

from creative.language import RULED, detect, unjudged

READ = {
    "en": "The town mends its nets in winter and you can visit the lofts.",
    "de": "Die Stadt flickt ihre Netze im Winter und nicht im Sommer.",
    "fr": "La ville répare ses filets en hiver et vous pouvez visiter les ateliers.",
    "es": "La ciudad repara sus redes en invierno y no en verano.",
    "it": "La città ripara le sue reti in inverno e non in estate.",
    "pt": "A cidade conserta as suas redes no inverno e não no verão.",
    "tr": "Kasaba kışın ağlarını onarır ve bu iş için çok zaman ayırır.",
    "nl": "De stad herstelt haar netten in de winter en niet in de zomer.",
}
UNREAD = {
    "Polish": "Miasto naprawia sieci zimą i nie jest to dla nikogo tajemnicą.",
    "Swedish": "Staden lagar sina nät på vintern och det är inte svårt.",
    "Finnish": "Kaupunki korjaa verkkoja talvella ja se ei ole helppoa, mutta myös kaunista.",
    "Czech": "Město opravuje sítě v zimě a není to pro nikoho tajemství, ale je to práce.",
    "Hungarian": "A város télen javítja a hálókat, és ez nem titok, hogy már egy napig tart.",
    "Romanian": "Orașul repară plasele iarna și nu este un secret pentru cei care vin din sat.",
    "Indonesian": "Kota ini memperbaiki jaring di musim dingin dan tidak untuk dijual.",
    "Vietnamese": "Thành phố sửa lưới vào mùa đông và không có gì là bí mật với những người này.",
}


@pytest.mark.parametrize(("code", "text"), READ.items())
def test_the_eight_languages_are_read(code: str, text: str) -> None:
    assert unjudged(text) is None
    assert detect(text) == code


@pytest.mark.parametrize(("name", "text"), UNREAD.items())
def test_another_language_is_noticed(name: str, text: str) -> None:
    assert name.split()[0] in (unjudged(text) or "")


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Город чинит сети зимой", "Cyrillic"),
        ("港の町は冬に網を直す", "Cjk"),
        ("항구 도시는 겨울에 그물을 고친다", "Hangul"),
        ("المدينة تصلح الشباك في الشتاء", "Arabic"),
        ("Η πόλη επισκευάζει τα δίχτυα", "Greek"),
    ],
)
def test_another_script_is_noticed(text: str, script: str) -> None:
    told = unjudged(text) or ""
    assert "letters, which no rule here reads" in told
    assert script in told or script == "Cjk"


def test_a_foreign_word_or_a_few_words_are_no_language() -> None:
    assert unjudged("Visit the Акрополь museum with your family") is None
    assert unjudged("Mending nets", READ["en"]) is None
    assert unjudged("Naprawa sieci", UNREAD["Polish"]) is not None
    assert unjudged("") is None
    assert len(RULED) == 8

"""What ads can be aimed at on Telegram: languages, topics, countries, places, channels, bots."""

import zlib
from typing import Any, cast

from sandbox.telegram.request import AdsError, Call
from sandbox.telegram.store import JsonObject

LANGUAGES = {"en": "English", "de": "German", "es": "Spanish", "fr": "French", "ru": "Russian"}
TOPICS = {
    11: "Art & Design", 12: "Books", 13: "Business", 14: "Cryptocurrencies", 15: "Economics",
    16: "Education", 17: "Entertainment", 18: "Food & Cooking", 19: "Health & Fitness",
    20: "Music", 21: "News & Media", 22: "Science", 23: "Sports", 24: "Technology", 25: "Travel",
    26: "Video Games",
}  # fmt: skip
COUNTRIES = {
    "AT": "Austria", "BR": "Brazil", "CA": "Canada", "CH": "Switzerland", "DE": "Germany",
    "ES": "Spain", "FR": "France", "GB": "United Kingdom", "IN": "India", "IT": "Italy",
    "JP": "Japan", "MX": "Mexico", "NL": "Netherlands", "PL": "Poland", "US": "United States",
}  # fmt: skip
LOCATIONS = {
    901: ("Berlin", "DE"), 902: ("Munich", "DE"), 903: ("New York", "US"), 904: ("Boston", "US"),
}  # fmt: skip
_TYPES = ("channels", "users", "bots", "search")


def languages(call: Call) -> list[JsonObject]:
    return [_language(code) for code in LANGUAGES]


def topics(call: Call) -> list[JsonObject]:
    return [_topic(number) for number in TOPICS]


def countries(call: Call) -> list[JsonObject]:
    return [_country(code) for code in COUNTRIES]


def locations(call: Call) -> JsonObject:
    """Places of a country by part of their name."""
    code = call.text("country_code", "COUNTRY_CODE", 2, least=1)
    query = call.text("query", "QUERY", 64, least=1).lower()
    found = [
        _location(number)
        for number, (name, country) in LOCATIONS.items()
        if country == code and query in name.lower()
    ]
    page, beside = call.page(found)
    return {**beside, "locations": page}


def locations_by_id(call: Call) -> list[JsonObject]:
    wanted = call.words("location_ids", "LOCATION_IDS")
    return [_location(int(one)) for one in wanted if int(one) in LOCATIONS]


def channel(call: Call) -> JsonObject:
    """Resolve a channel; from then on its number is known to this account."""
    return _resolve(call, "channel")


def bot(call: Call) -> JsonObject:
    """Resolve a bot."""
    return _resolve(call, "bot")


def checked_target(call: Call) -> JsonObject:
    """The target of a new ad.

    Raises:
        AdsError: it is missing or not what Telegram takes.
    """
    given = call.value("target")
    if given is None:
        raise AdsError("TARGET_REQUIRED")
    if not isinstance(given, dict) or cast(JsonObject, given).get("type") not in _TYPES:
        raise AdsError("TARGET_INVALID")
    target = cast(JsonObject, given)
    _check_count(target, ("language_codes",), 8)
    _check_count(target, ("topic_ids", "exclude_topic_ids"), 20)
    _check_count(target, ("channel_ids", "exclude_channel_ids"), 100)
    _check_count(target, ("location_ids",), 20)
    _check_count(target, ("bot_ids",), 100)
    _check_count(target, ("search_queries",), 10)
    if target["type"] == "users" and "country_codes" not in target:
        raise AdsError("COUNTRY_CODES_REQUIRED")
    _check_count(target, ("country_codes",), 8)
    if any(code not in COUNTRIES for code in _listed(target, "country_codes")):
        raise AdsError("COUNTRY_CODE_INVALID")
    if any(int(one) not in TOPICS for one in _listed(target, "topic_ids")):
        raise AdsError("TOPIC_ID_INVALID")
    if target["type"] == "channels":
        _check_channels(target)
    for kind in ("channel", "bot"):
        for one in _listed(target, f"{kind}_ids") + _listed(target, f"exclude_{kind}_ids"):
            if not str(one).startswith("@") and call.store.get("peer", one) is None:
                raise AdsError(f"{kind.upper()}_ID_UNKNOWN")
    return target


def shown_target(target: JsonObject) -> JsonObject:
    """A target as an ad shows it: with names instead of ids."""
    answer: JsonObject = {"type": target["type"]}
    for name, shown, one in (
        ("country_codes", "countries", _country),
        ("language_codes", "languages", _language),
    ):
        if name in target:
            answer[shown] = [one(str(code)) for code in target[name]]
    if "topic_ids" in target:
        answer["topics"] = [_topic(int(number)) for number in target["topic_ids"]]
    if "channel_ids" in target:
        answer["channels"] = [_peer("channel", str(one)) for one in target["channel_ids"]]
    if "search_queries" in target:
        answer["search_queries"] = target["search_queries"]
    return answer


def _check_channels(target: JsonObject) -> None:
    narrowed = bool(_listed(target, "topic_ids")) or bool(_listed(target, "language_codes"))
    if _listed(target, "channel_ids") and narrowed:
        raise AdsError("TARGET_INVALID")
    if _listed(target, "topic_ids") and len(_listed(target, "language_codes")) != 1:
        raise AdsError("LANGUAGE_CODES_INVALID")


def _check_count(target: JsonObject, names: tuple[str, ...], most: int) -> None:
    if sum(len(_listed(target, name)) for name in names) > most:
        raise AdsError(f"{names[0].upper()}_TOO_MANY")


def _listed(target: JsonObject, name: str) -> list[Any]:
    value: Any = target.get(name) or []
    if not isinstance(value, list):
        raise AdsError(f"{name.upper()}_INVALID")
    return cast(list[Any], value)


def _resolve(call: Call, kind: str) -> JsonObject:
    wanted = str(call.values.get(f"{kind}_id") or "")
    if not wanted:
        raise AdsError(f"{kind.upper()}_ID_REQUIRED")
    if not wanted.startswith("@"):
        known = call.store.get("peer", wanted)
        if known is None:
            raise AdsError(f"{kind.upper()}_ID_UNKNOWN")
        return known
    peer = _peer(kind, wanted)
    call.store.put("peer", peer[f"{kind}_id"], peer)
    return peer


def _peer(kind: str, name: str) -> JsonObject:
    number = 2_000_000_000 + zlib.crc32(name.encode()) if name.startswith("@") else int(name)
    username = name.removeprefix("@")
    return {f"{kind}_id": number, "title": username.title(), "username": username}


def _language(code: str) -> JsonObject:
    return {"language_code": code, "name": LANGUAGES.get(code, code)}


def _topic(number: int) -> JsonObject:
    return {"topic_id": number, "name": TOPICS[number]}


def _country(code: str) -> JsonObject:
    return {"country_code": code, "name": COUNTRIES[code]}


def _location(number: int) -> JsonObject:
    name, country = LOCATIONS[number]
    return {"location_id": number, "name": name, "country_code": country}

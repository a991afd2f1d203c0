"""Who sees an ad group's ads: Apple's dimensions, hours and keywords."""

from collections.abc import Sequence
from typing import cast

from models.contract.account import AdAccount
from models.contract.network import AdGroupOrder, Targeting
from models.contract.regulated import forbidden_targeting
from platforms.apple_search_ads.errors import JsonObject, item_error, refused
from platforms.apple_search_ads.terms import ANY_AGE, KEYWORD_LIMIT, MATCH_TYPE, check_category
from platforms.apple_search_ads.wire import Wire

_YOUNGEST, _OPEN = 18, 65
_GENDERS = {"male": "M", "female": "F"}
_EVERY_HOUR = (1 << 24) - 1
_KEYWORDS_PER_CALL = 1000
"""Keywords in one bulk request (from Apple's older API; unsure)."""


def dimensions(order: AdGroupOrder, account: AdAccount) -> JsonObject:
    """``targeting`` of an ad group. Countries are the campaign's.

    Raises:
        Refused: what the special category forbids, or hours that never come.
    """
    targeting = order.targeting
    check_category(order.special_category)
    if (why := forbidden_targeting(order.special_category, targeting)) is not None:
        raise refused(why, field="targeting")
    found: JsonObject = {}
    everyone = (targeting.age_min, targeting.age_max) == (_YOUNGEST, _OPEN)
    if not (everyone and account.options.get(ANY_AGE) == "yes"):
        found["minAge"] = _include([str(targeting.age_min)])
        # Up to 64 a limit is sent; people of 65 and more are reached by sending none.
        if targeting.age_max < _OPEN:
            found["maxAge"] = _include([str(targeting.age_max)])
    genders = sorted(set(targeting.genders))
    if len(genders) == 1:
        found["gender"] = _include([_GENDERS[genders[0]]])
    if hours := slots(order.dayparts):
        found["daypart"] = _include(hours)
    return found


def slots(dayparts: Sequence[int]) -> list[str]:
    """Hours as Apple counts them: 0 to 167 from Sunday midnight, in the account's time zone;
    empty is always.

    Raises:
        Refused: not seven days, or no hour at all.
    """
    if not dayparts or all(mask == _EVERY_HOUR for mask in dayparts):
        return []
    if len(dayparts) != 7 or not any(dayparts):
        raise refused(
            "dayparts need seven days and at least one hour; leave them out to show ads always",
            field="dayparts",
        )
    # Ours begin on Monday, Apple's on Sunday.
    hours = [
        (day + 1) % 7 * 24 + hour
        for day, mask in enumerate(dayparts)
        for hour in range(24)
        if mask >> hour & 1
    ]
    return [str(hour) for hour in sorted(hours)]


def keywords(targeting: Targeting) -> list[str]:
    """The keywords of an ad group: its interests, as they are searched for.

    Raises:
        Refused: one is too long.
    """
    words = list(dict.fromkeys(" ".join(one.split()).lower() for one in targeting.interests))
    for word in words:
        if not word or len(word) > KEYWORD_LIMIT:
            raise refused(
                f"interest {word!r} is no keyword: Apple takes 1 to {KEYWORD_LIMIT} characters",
                field="interests",
            )
    return words


async def ensure_keywords(wire: Wire, ad_group_id: int, words: Sequence[str]) -> None:
    """Give an ad group the keywords it lacks, all or none of them.

    What is there is listed first, so that a repeat after a lost answer adds nothing twice. They
    carry no bid of their own, so that the ad group's one decides and lowering it lowers them all
    (Apple's pages say so in one place and name the campaign's strategy in another: unsure).

    Raises:
        Refused: Apple refuses one; none was added.
    """
    present = {
        str(row["text"]).lower()
        for row in await wire.query("keywords", ("adGroupId", "EQUALS", ad_group_id))
    }
    missing = [word for word in words if word not in present]
    for start in range(0, len(missing), _KEYWORDS_PER_CALL):
        items: list[JsonObject] = [
            {
                "correlationId": number,
                "data": {
                    "adGroupId": ad_group_id,
                    "text": word,
                    "matchType": MATCH_TYPE,
                    "status": "ENABLED",
                },
            }
            for number, word in enumerate(missing[start : start + _KEYWORDS_PER_CALL])
        ]
        content = {"allowPartialSuccess": False, "items": items}
        answer = cast(list[JsonObject], await wire.post("keywords/bulk-create", content))
        for item in answer:
            if not item.get("success"):
                raise refused(f"a keyword was refused: {item_error(item)}", field="interests")


def _include(values: list[str]) -> JsonObject:
    return {"include": values}

"""X's targeting criteria and the catalogues their values come from."""

import hashlib
from typing import cast

from babel import Locale

from sandbox.x import line_items as x_line_items
from sandbox.x.campaigns import filtered
from sandbox.x.request import Answer, Call, Values, invalid, not_found, page, stamp
from sandbox.x.store import JsonObject

_TYPES = (
    "LOCATION",
    "AGE",
    "GENDER",
    "LANGUAGE",
    "PLATFORM",
    "INTEREST",
    "BROAD_KEYWORD",
    "SIMILAR_TO_FOLLOWERS_OF_USER",
    "CUSTOM_AUDIENCE",
)
_OPERATORS = ("EQ", "NE", "GTE", "LT")
_AGES = frozenset(
    [f"AGE_13_TO_{top}" for top in (24, 34, 49, 54)]
    + [f"AGE_{low}_TO_{top}" for low in (18, 21) for top in (34, 49, 54)]
    + [f"AGE_{low}_TO_{top}" for low in (25, 35) for top in (49, 54)]
    + [f"AGE_OVER_{low}" for low in (13, 18, 21, 25, 35, 50)]
)
_LONGEST_KEYWORD = 80

_TOPICS = {
    "Books and literature": ("Biographies and memoirs", "Nonfiction", "Science fiction"),
    "Business": ("Advertising", "Entrepreneurship", "Marketing", "Small business", "Technology"),
    "Careers": ("Job search", "Career news", "Human resources"),
    "Education": ("Adult education", "Online education", "Science"),
    "Food and drink": ("Cooking", "Restaurants", "Wine", "Coffee and tea"),
    "Gaming": ("Computer gaming", "Console gaming", "Mobile gaming", "Online gaming"),
    "Health": ("Fitness", "Nutrition", "Running"),
    "Home and garden": ("Gardening", "Home repair", "Interior decorating"),
    "Law, government, and politics": ("Government resources", "Legal issues"),
    "Movies and television": ("Documentary", "Drama", "Comedy"),
    "Music and radio": ("Electronic", "Jazz", "Rock"),
    "Personal finance": ("Beginning investing", "Credit", "Investing", "Cryptocurrencies"),
    "Science": ("Biology", "Physics", "Space and astronomy", "Environment"),
    "Shopping": ("Fashion", "Beauty", "Bargain hunting"),
    "Society": ("Parenting", "Sustainability"),
    "Sports": ("Cycling", "Football", "Running"),
    "Technology and computing": (
        "Artificial intelligence",
        "Computer programming",
        "Databases",
        "Network security",
        "Open source",
        "Web design",
    ),
    "Travel": ("Adventure travel", "Europe", "Hotels"),
}


def _interest_rows() -> list[JsonObject]:
    rows: list[JsonObject] = []
    for number, (topic, parts) in enumerate(_TOPICS.items(), start=1):
        names = [topic, *(f"{topic}/{part}" for part in parts)]
        rows += [
            {
                "name": name,
                "targeting_type": "INTEREST",
                "targeting_value": str(1000 * number + index),
            }
            for index, name in enumerate(names)
        ]
    return rows


def _location_rows() -> list[JsonObject]:
    names = cast(dict[str, str], Locale("en").territories)
    return [
        {
            "name": name,
            "country_code": code,
            "location_type": "COUNTRIES",
            "targeting_type": "LOCATION",
            # X's place ids are opaque 16-digit hexadecimal numbers.
            "targeting_value": hashlib.sha256(code.encode()).hexdigest()[:16],
        }
        for code, name in sorted(names.items())
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "XA", "XB")
    ]


INTERESTS = _interest_rows()
LOCATIONS = _location_rows()
_INTEREST_VALUES = frozenset(row["targeting_value"] for row in INTERESTS)
_LOCATION_VALUES = frozenset(row["targeting_value"] for row in LOCATIONS)


def create(call: Call, values: Values) -> JsonObject:
    """Add one criterion. X does not say that it refuses a second of the same, so it is taken."""
    line = x_line_items.live(call, values.need("line_item_id"))
    values.need("targeting_type")
    kind = values.choice("targeting_type", _TYPES) or ""
    value = values.need("targeting_value")
    _check(kind, value)
    row: JsonObject = {
        "id": call.store.new_id(),
        "account_id": call.account_id,
        "line_item_id": line["id"],
        "name": value,
        "targeting_type": kind,
        "targeting_value": value,
        "operator_type": values.choice("operator_type", _OPERATORS) or "EQ",
        "created_at": stamp(call.now),
        "updated_at": stamp(call.now),
        "deleted": False,
    }
    call.store.put("targeting_criterion", row["id"], row)
    return row


def delete(call: Call, criterion_id: str) -> JsonObject:
    """Take one criterion away."""
    row = live(call, criterion_id)
    row.update(deleted=True, updated_at=stamp(call.now))
    call.store.put("targeting_criterion", criterion_id, row)
    return row


def live(call: Call, criterion_id: str) -> JsonObject:
    """A criterion of the account that is not deleted.

    Raises:
        XError: there is none.
    """
    row = call.store.get("targeting_criterion", criterion_id)
    if row is None or row["account_id"] != call.account_id or row["deleted"]:
        raise not_found("TARGETING_CRITERION", criterion_id)
    return row


def listed(call: Call) -> Answer:
    """The criteria of line items, which must be named."""
    call.values.need("line_item_ids")
    by = {"line_item_ids": "line_item_id", "targeting_criterion_ids": "id"}
    return page(call, filtered(call, call.store.every("targeting_criterion"), by))


def locations(call: Call) -> Answer:
    """Countries; the sandbox knows nothing finer."""
    values, rows = call.values, LOCATIONS
    if kind := values.text("location_type"):
        rows = [row for row in rows if row["location_type"] == kind]
    if code := values.text("country_code"):
        rows = [row for row in rows if row["country_code"] == code.upper()]
    return page(call, _named(rows, values), "targeting_value")


def interests(call: Call) -> Answer:
    """Interest categories, two levels deep."""
    return page(call, _named(INTERESTS, call.values), "targeting_value")


def _named(rows: list[JsonObject], values: Values) -> list[JsonObject]:
    text = (values.text("q") or "").lower()
    return [row for row in rows if text in str(row["name"]).lower()]


def _check(kind: str, value: str) -> None:
    known = {
        "LOCATION": value in _LOCATION_VALUES,
        "AGE": value in _AGES,
        "GENDER": value in ("1", "2"),
        "INTEREST": value in _INTEREST_VALUES,
        "BROAD_KEYWORD": 0 < len(value) <= _LONGEST_KEYWORD,
    }
    if not known.get(kind, True):
        raise invalid("targeting_value", value, f"a value of type {kind}")

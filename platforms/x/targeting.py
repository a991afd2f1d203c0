"""Targeting criteria of a line item: X's values for countries, ages, genders and interests."""

import asyncio
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from models.contract.network import AdGroupOrder
from models.contract.regulated import forbidden_targeting
from platforms.x.errors import JsonObject, refused
from platforms.x.wire import Wire

Criterion = tuple[str, str]
"""``targeting_type`` and ``targeting_value``."""

_AGES = {
    13: (24, 34, 49, 54, 65),
    18: (34, 49, 54, 65),
    21: (34, 49, 54, 65),
    25: (49, 54, 65),
    35: (49, 54, 65),
    50: (65,),
}
_OPEN = 65
"""``age_max`` that means no upper end."""
_GENDERS = {"male": "1", "female": "2"}

_CATALOGUE_AGE = 24 * 3600.0
# X allows five catalogue reads in 15 minutes for the whole app, so they outlive a connection.
_catalogues: dict[tuple[str, str], tuple[float, list[JsonObject]]] = {}
_reading: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], asyncio.Lock]] = (
    WeakKeyDictionary()
)


async def criteria_for(wire: Wire, order: AdGroupOrder) -> list[Criterion]:
    """The criteria an ad group order asks for.

    Raises:
        Refused: X has no such country or age range, or the special category forbids it.
    """
    targeting = order.targeting
    if why := forbidden_targeting(order.special_category, targeting):
        raise refused(why, field="targeting")
    wanted = [("LOCATION", await _country(wire, code)) for code in targeting.locations]
    wanted.append(("AGE", _age_bucket(targeting.age_min, targeting.age_max)))
    genders = set(targeting.genders)
    if len(genders) == 1:
        wanted.append(("GENDER", _GENDERS[genders.pop()]))
    if targeting.interests:
        catalogue = await _interests(wire)
        wanted += [_interest(name, catalogue) for name in targeting.interests]
    return list(dict.fromkeys(wanted))


async def ensure_criteria(wire: Wire, line_item_id: str, wanted: list[Criterion]) -> None:
    """Give a line item exactly the wanted criteria it lacks, in one all-or-nothing batch.

    What is there is listed first, so that a repeat after a lost answer adds nothing twice.
    """
    present = {
        (str(row["targeting_type"]), str(row["targeting_value"]))
        for row in await wire.by_ids("targeting_criteria", "line_item_ids", [line_item_id])
    }
    operations: list[JsonObject] = [
        {
            "operation_type": "Create",
            "params": {
                "line_item_id": line_item_id,
                "targeting_type": kind,
                "targeting_value": value,
                "operator_type": "EQ",
            },
        }
        for kind, value in wanted
        if (kind, value) not in present
    ]
    if not operations:
        return
    response = await wire.batch("targeting_criteria", operations)
    if not response.is_success:
        raise wire.failure(response)


def _age_bucket(low: int, high: int) -> str:
    if high not in _AGES.get(low, ()):
        pairs = ", ".join(f"{a}-{b}" for a, ends in _AGES.items() if a >= 18 for b in ends)
        raise refused(
            f"age range {low}-{high} is not offered on X; use one of: {pairs} (65 is open)",
            field="age",
        )
    return f"AGE_OVER_{low}" if high == _OPEN else f"AGE_{low}_TO_{high}"


async def _country(wire: Wire, code: str) -> str:
    rows = await _catalogue(wire, "locations", {"location_type": "COUNTRIES"})
    for row in rows:
        if row.get("country_code") == code.upper() and row.get("location_type") == "COUNTRIES":
            return str(row["targeting_value"])
    raise refused(
        f"country {code!r} cannot be targeted on X; use ISO 3166 codes such as US", field="location"
    )


async def _interests(wire: Wire) -> dict[str, str]:
    """X's interest ids by lower-case name, whole (``Technology/Computing``) and last part."""
    rows = await _catalogue(wire, "interests", {})
    whole = {str(row["name"]).lower(): str(row["targeting_value"]) for row in rows}
    last = {name.rsplit("/", 1)[-1].strip(): value for name, value in whole.items()}
    return {**last, **whole}


def _interest(name: str, catalogue: dict[str, str]) -> Criterion:
    value = catalogue.get(name.strip().lower())
    return ("INTEREST", value) if value else ("BROAD_KEYWORD", name.strip().lower())


async def _catalogue(
    wire: Wire,
    which: str,
    params: dict[str, str],
    clock: Callable[[], float] = time.monotonic,
) -> list[JsonObject]:
    locks = _reading.setdefault(asyncio.get_running_loop(), {})
    # Launches side by side must not each spend one of the five reads.
    async with locks.setdefault((wire.base_url, which), asyncio.Lock()):
        held = _catalogues.get((wire.base_url, which))
        if held is None or clock() - held[0] > _CATALOGUE_AGE:
            held = (clock(), await wire.pages(f"/targeting_criteria/{which}", params))
            _catalogues[(wire.base_url, which)] = held
        return held[1]

"""One call of the Ads API: its parameters, however they were sent, and refusals by code."""

import json
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, cast

from sandbox.telegram.store import JsonObject, Store

_MICROS = 1_000_000
_DECIMALS = {"EUR": (2, 5), "TON": (2, 5), "XTR": (0, 3)}


class AdsError(Exception):
    """A refusal: Telegram answers it with HTTP 200 unless told otherwise."""

    def __init__(self, code: str, status: int = 200) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(slots=True)
class Call:
    """One authorised call."""

    store: Store
    values: JsonObject
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, code: str, most: int, *, least: int = 0, size: bool = False) -> str:
        """A text of ``least`` to ``most`` characters (bytes with ``size``)."""
        value = self.values.get(name)
        if value is None or value == "":
            if least:
                raise AdsError(f"{code}_REQUIRED")
            return ""
        if not isinstance(value, str):
            raise AdsError(f"{code}_INVALID")
        length = len(value.encode()) if size else len(value)
        if length > most:
            raise AdsError(f"{code}_TOO_LONG")
        return value

    def whole(self, name: str, code: str, default: int | None = None) -> int:
        value = self.values.get(name)
        if value is None or value == "":
            if default is None:
                raise AdsError(f"{code}_REQUIRED")
            return default
        try:
            return int(str(value))
        except ValueError:
            raise AdsError(f"{code}_INVALID") from None

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in ("true", "1")

    def money(self, name: str, code: str, *, amount: bool = False) -> int:
        """A number in the account's currency as micros, rounded to what Telegram keeps."""
        value = self.values.get(name)
        if value is None or value == "":
            raise AdsError(f"{code}_REQUIRED")
        try:
            exact = Decimal(str(value))
        except InvalidOperation:
            raise AdsError(f"{code}_INVALID") from None
        if not exact.is_finite() or exact < 0:
            raise AdsError(f"{code}_INVALID")
        decimals = _DECIMALS[self.store.account["currency"]][int(amount)]
        kept = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
        return int(kept * _MICROS)

    def words(self, name: str, code: str) -> list[Any]:
        """A list; a form or a query sends it as JSON."""
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise AdsError(f"{code}_INVALID")
        return cast(list[Any], value)

    def value(self, name: str) -> Any:
        """Any JSON value."""
        value = self.values.get(name)
        if isinstance(value, str) and value[:1] in "[{":
            try:
                return json.loads(value)
            except ValueError:
                return value
        return value

    def page(self, rows: list[JsonObject], most: int = 100) -> tuple[list[JsonObject], JsonObject]:
        """A page of rows, and what comes beside them."""
        limit = self.whole("limit", "LIMIT", most)
        start = self.whole("offset", "OFFSET", 0)
        if not 0 <= limit <= most or start < 0:
            raise AdsError("LIMIT_INVALID" if start >= 0 else "OFFSET_INVALID")
        shown = rows[start : start + limit]
        more = start + limit < len(rows)
        beside: JsonObject = {"total_count": len(rows)}
        return shown, beside | ({"next_offset": str(start + limit)} if more else {})


def shown_money(micros: int) -> float:
    """Micros as the JSON number Telegram writes."""
    return float(Decimal(micros) / _MICROS)

"""Reading the European Central Bank's daily reference rates (eurofxref), as XML or CSV.

The file tells units of each currency for one euro; we keep units of the reporting currency for
one unit of each, so every rate is a cross rate through the euro.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import lxml.html

from models.contract.exchange import DatedRate

EURO = "EUR"
_LARGEST = 5 * 2**20
_DIGITS = Decimal("0.000000000001")  # as stored
_etree = cast("Any", lxml.html).etree


class UnreadableRates(ValueError):
    """The file holds no rates we understand; the message says why."""


@dataclass(frozen=True, slots=True)
class RatesFile:
    """Rates into ``currency`` and, in words, what the file held beside them."""

    currency: str
    as_of: date
    rates: dict[str, DatedRate]
    skipped: tuple[str, ...]


def read_rates(content: bytes, currency: str) -> RatesFile:
    """The newest day's rates into the reporting ``currency``.

    Raises:
        UnreadableRates: no such file, or it has no rate of the reporting currency.
    """
    if len(content) > _LARGEST:
        raise UnreadableRates(f"it is larger than {_LARGEST:,} bytes; load one day's file")
    if content.startswith(b"PK"):
        raise UnreadableRates("it is a zip archive; unpack it first")
    start = content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    as_of, texts = _xml(content) if start == b"<" else _csv(content)
    per_euro, skipped = _numbers(texts)
    per_euro[EURO] = Decimal(1)
    if currency not in per_euro:
        raise UnreadableRates(f"it has no rate of {currency}, the team's reporting currency")
    rates: dict[str, DatedRate] = {}
    for name, rate in per_euro.items():
        cross = (per_euro[currency] / rate).quantize(_DIGITS)
        if name == currency:
            continue
        if cross <= 0:
            skipped.append(f"{name} (its rate is too small to be kept)")
        else:
            rates[name] = DatedRate(rate=cross, as_of=as_of)
    return RatesFile(currency, as_of, rates, tuple(skipped))


def _numbers(texts: dict[str, str]) -> tuple[dict[str, Decimal], list[str]]:
    rates: dict[str, Decimal] = {}
    skipped: list[str] = []
    for name, text in texts.items():
        if len(name) != 3 or not (name.isascii() and name.isalpha() and name.isupper()):
            skipped.append(f"{name[:20]!r} (no currency code)")
            continue
        try:
            rate = Decimal(text)
        except InvalidOperation:
            rate = Decimal(0)
        if rate.is_finite() and Decimal("1e-9") < rate < Decimal("1e9"):
            rates[name] = rate
        else:
            skipped.append(f"{name} ({text[:20] or 'nothing'} is no rate)")
    return rates, skipped


def _xml(content: bytes) -> tuple[date, dict[str, str]]:
    parser = _etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = _etree.fromstring(content, parser)
    except (_etree.XMLSyntaxError, ValueError):
        raise UnreadableRates("it is no XML") from None
    days: dict[date, dict[str, str]] = {}
    for cube in root.xpath("//*[local-name()='Cube'][@time]"):
        try:
            day = date.fromisoformat(str(cube.get("time")))
        except ValueError:
            raise UnreadableRates(f"its day {cube.get('time')!r} is no date") from None
        days[day] = {str(one.get("currency")): str(one.get("rate")) for one in cube}
    return _newest(days)


def _csv(content: bytes) -> tuple[date, dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableRates("it is neither XML nor text") from None
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text)) if any(row)]
    if not rows or rows[0][0].lower() != "date":
        raise UnreadableRates("its first line does not begin with Date")
    names = rows[0][1:]
    days: dict[date, dict[str, str]] = {}
    for row in rows[1:]:
        days[_day(row[0])] = {
            name: value for name, value in zip(names, row[1:], strict=False) if name
        }
    return _newest(days)


def _day(text: str) -> date:
    """2026-11-20, or "20 November 2026" as in the daily file."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.strptime(f"{text} +0000", "%d %B %Y %z").date()
    except ValueError:
        raise UnreadableRates(f"its day {text[:30]!r} is no date") from None


def _newest(days: dict[date, dict[str, str]]) -> tuple[date, dict[str, str]]:
    if not days:
        raise UnreadableRates("it holds no day of rates")
    return max(days.items())[0], days[max(days)]

"""The rule-based planner that stands in for Claude when no API key is present.

It reads what the product puts between ``<context>``, ``<article>``, ``<brief>`` and ``<copy>``
tags (JSON) and answers with the product's own tools. It always calls itself what it is. The rules:

*Evaluation* (tools ``create_campaign``, ``skip_promotion``). Skip when the article's text is
under 60 words, when its title says draft or test, or when no account can be paid from the
remaining daily budget. Else one campaign per account:

* accounts: the first ``most_campaigns`` that are offered;
* budget: equal shares of the remaining daily budget, at most 25 each, in whole units; an account
  whose minimum is above the share is left out, dearest first, and the rest share anew;
* objective: article → traffic, product → purchases, job → applications, game → app_installs;
  traffic where the account does not offer it, or else the account's first objective;
* special category: employment for jobs; housing, credit, financial, gambling by tag. A special
  category is targeted by country only, as the networks demand;
* interests: the article's tags; three variants; three days (product seven, job fourteen).

*Copy* (tool ``write_copy``): see ``sandbox.copywriter``. *Review of copy* (tool ``review_copy``,
with a ``<copy>``): see ``sandbox.copy_reviewer``.

Whatever stands inside the article is data. The planner follows no sentence of it: figures
come from the context alone.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any, Final, cast

from sandbox.copy_reviewer import review_copy
from sandbox.copy_sentences import texts
from sandbox.copywriter import write_copy

LABEL: Final = "rule-based sandbox planner (not Claude)"
_FEWEST_WORDS: Final = 60
_OBJECTIVES: Final = {
    "article": "traffic",
    "product": "purchases",
    "job": "applications",
    "game": "app_installs",
}
_HOURS: Final = {"product": 168, "job": 336}
_TAG_CATEGORIES: Final = {
    "housing": "housing",
    "real estate": "housing",
    "credit": "credit",
    "loans": "credit",
    "financial": "financial",
    "gambling": "gambling",
    "casino": "gambling",
}
_TYPICAL_CLICK: Final = Decimal("0.80")
_MOST_A_DAY: Final = Decimal(25)  # untested content deserves no more than a first look


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool the planner calls."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """The planner's answer: a text and the tools it calls."""

    text: str
    calls: tuple[ToolCall, ...] = field(default=())


def plan(prompt: str, tools: Sequence[str]) -> Turn:
    """Answer a conversation, given as the joined text of its user messages.

    What follows the material are complaints of a repair turn: copy gets shorter by them, all else
    is answered from the same material as before.
    """
    material, complaints = _read(prompt)
    if "review_copy" in tools and {"brief", "copy", "article"} <= material.keys():
        verdicts = review_copy(material["brief"], material["copy"], material["article"])
        text = f"{LABEL}: {len(verdicts)} variants judged by their words, not by their meaning."
        return Turn(text, (ToolCall("review_copy", {"verdicts": verdicts}),))
    if "write_copy" in tools and "brief" in material and "article" in material:
        variants = write_copy(material["brief"], material["article"], complaints)
        count = len(variants)
        text = f"{LABEL}: {count} variants from the article's own sentences."
        return Turn(text, (ToolCall("write_copy", {"variants": variants}),))
    known = {"create_campaign", "skip_promotion"} & set(tools)
    if known and "context" in material and "article" in material:
        return _evaluate(material["context"], material["article"])
    return Turn(f"{LABEL}: I have no rule for this request and take no action.")


def extract(prompt: str) -> dict[str, dict[str, Any]]:
    """The JSON objects behind the first ``<context>``, ``<article>``, ``<brief>`` and ``<copy>``
    tags.

    Read by a JSON parser from the opening tag on, so that tags inside an article's text stay
    text: nobody can smuggle in a context of their own.
    """
    return _read(prompt)[0]


def _read(prompt: str) -> tuple[dict[str, dict[str, Any]], str]:
    """The material, and what is said after it: no stranger's text, for that stands in the JSON."""
    found: dict[str, dict[str, Any]] = {}
    decoder = json.JSONDecoder()
    position = 0
    while match := re.compile(r"<(context|article|brief|copy)>\s*").search(prompt, position):
        position = match.end()
        try:
            value, position = decoder.raw_decode(prompt, position)
        except json.JSONDecodeError:
            continue
        if isinstance(value, dict):
            found.setdefault(match[1], cast("dict[str, Any]", value))
    return found, prompt[position:]


def _evaluate(context: Mapping[str, Any], article: Mapping[str, Any]) -> Turn:
    title = str(article.get("title") or "untitled")
    count = len(str(article.get("text") or "").split())
    remaining = _decimal(context.get("remaining_daily_budget"))
    if count < _FEWEST_WORDS:
        return _skip(
            f"“{title}” has {count} words; under {_FEWEST_WORDS} words there is too little "
            "to promise."
        )
    if re.search(r"\b(draft|test)\b", title, re.IGNORECASE):
        return _skip(f"The title “{title}” says that this is a draft or a test.")
    offered = _objects(context.get("accounts"))
    most = int(context.get("most_campaigns") or len(offered))
    chosen, share = _shares(offered[:most], remaining)
    if not chosen:
        return _skip(
            f"Of the daily budget {remaining} {context.get('currency', '')} remain, which "
            f"is not enough for any of the {len(offered)} accounts."
        )
    calls = tuple(
        ToolCall("create_campaign", _campaign(account, share, remaining, article, count))
        for account in chosen
    )
    return Turn(f"{LABEL}: {len(calls)} campaign(s) for “{title}”, {share} a day each.", calls)


def _skip(reason: str) -> Turn:
    return Turn(f"{LABEL}: {reason}", (ToolCall("skip_promotion", {"reasoning": reason}),))


def _objects(value: object) -> list[dict[str, Any]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]


def _decimal(value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)


def _shares(
    accounts: Sequence[dict[str, Any]], remaining: Decimal
) -> tuple[list[dict[str, Any]], Decimal]:
    """The accounts that can be paid and the equal whole-unit share of each."""
    left = sorted(accounts, key=lambda account: _decimal(account.get("min_daily_budget")))
    while left:
        share = min((remaining / len(left)).to_integral_value(ROUND_FLOOR), _MOST_A_DAY)
        if share >= 1 and share >= _decimal(left[-1].get("min_daily_budget")):
            return [account for account in accounts if account in left], share
        left.pop()
    return [], Decimal(0)


def _campaign(
    account: Mapping[str, Any],
    share: Decimal,
    remaining: Decimal,
    article: Mapping[str, Any],
    count: int,
) -> dict[str, Any]:
    content = str(article.get("content_type") or "article")
    tags = texts(article.get("tags"))
    category = "employment" if content == "job" else "none"
    if category == "none":
        by_tag = [_TAG_CATEGORIES[tag.lower()] for tag in tags if tag.lower() in _TAG_CATEGORIES]
        category = by_tag[0] if by_tag else "none"
    objectives = texts(account.get("objectives"))
    objective = _OBJECTIVES.get(content, "traffic")
    if objectives and objective not in objectives:
        objective = "traffic" if "traffic" in objectives else objectives[0]
    hours = _HOURS.get(content, 72)
    currency = str(account.get("currency") or "")
    clicks = int(share / _TYPICAL_CLICK)
    title = str(article.get("title") or "untitled")
    return {
        "account_id": str(account.get("account_id")),
        "platform": str(account.get("platform")),
        "daily_budget": f"{share:.2f}",
        "objective": objective,
        "duration_hours": hours,
        "special_category": category,
        "targeting": {
            "locations": ["US"],
            # The networks forbid narrowing a special category by interest or age.
            "interests": tags[:10] if category == "none" else [],
            "age_min": 21 if category == "gambling" else 18,
            "age_max": 65,
        },
        "variants": 3,
        "reasoning": (
            f"“{title}” ({content}, {count} words) is ready to promote. {remaining} {currency} "
            f"of today's budget remain; an equal share of {share} {currency} a day for "
            f"{hours} hours goes to {account.get('platform')} with the objective {objective}."
        ),
        "confidence": 0.6,
        "expected_impact": (
            f"About {clicks} visits a day if a visit costs {_TYPICAL_CLICK} {currency} "
            "(an assumption of the rules, not a forecast)."
        ),
    }

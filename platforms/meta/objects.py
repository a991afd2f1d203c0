"""Graph nodes read as network objects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.contract.network import Delivery, NetworkObject, ObjectKind
from platforms.meta.json import mapping, sequence
from platforms.meta.maps import DELIVERY
from platforms.meta.money import from_minor_units

_SHARED = ("id", "name", "status", "adlabels")
FIELDS: dict[ObjectKind, tuple[str, ...]] = {
    ObjectKind.CAMPAIGN: (*_SHARED, "effective_status", "daily_budget", "issues_info"),
    ObjectKind.AD_GROUP: (
        *_SHARED,
        "effective_status",
        "campaign_id",
        "daily_budget",
        "end_time",
        "bid_amount",
        "targeting",
        "issues_info",
    ),
    ObjectKind.CREATIVE: _SHARED,
    ObjectKind.AD: (
        *_SHARED,
        "effective_status",
        "adset_id",
        "issues_info",
        "ad_review_feedback",
    ),
}
"""What is asked for, by kind."""

_PARENT = {ObjectKind.AD_GROUP: "campaign_id", ObjectKind.AD: "adset_id"}


def network_object(
    kind: ObjectKind,
    node: Mapping[str, Any],
    *,
    currency: str,
    as_of: datetime,
    key: str = "",
) -> NetworkObject:
    """One node as read at ``as_of``.

    Args:
        kind: What the node is.
        node: The Graph node with the ``FIELDS`` of its kind.
        currency: The account's, in whose minor units budgets are.
        as_of: Campaign time of the reading.
        key: The key it was found by, when known; else it is read from its labels.
    """
    status = str(node.get("status", ""))
    # Creatives have no effective status: their configured one is all there is.
    effective = str(node.get("effective_status") or status)
    end_time = _instant(node.get("end_time"))
    delivery = DELIVERY.get(effective, Delivery.UNKNOWN)
    if delivery is Delivery.ACTIVE and end_time is not None and end_time <= as_of:
        # Meta keeps saying ACTIVE after the end; nothing delivers any more.
        delivery = Delivery.ENDED
    budget, bid = node.get("daily_budget"), node.get("bid_amount")
    parent = _PARENT.get(kind)
    return NetworkObject(
        kind=kind,
        id=str(node["id"]),
        key=key or _key(node),
        name=str(node.get("name", "")),
        parent_id=str(node[parent]) if parent and parent in node else None,
        switched_on=status == "ACTIVE",
        delivery=delivery,
        daily_budget=from_minor_units(budget, currency) if budget not in (None, "", "0") else None,
        end_time=end_time,
        bid=from_minor_units(bid, currency) if bid not in (None, "", "0", 0) else None,
        issue=_issue(node, effective, delivery),
        automatic=_automatic(node),
        as_of=as_of,
    )


def _key(node: Mapping[str, Any]) -> str:
    """The label our create attached. People may add labels of their own, or rename the object;
    both at once is read as not ours."""
    labels = [str(label.get("name", "")) for label in sequence(node.get("adlabels"))]
    name = str(node.get("name", ""))
    for label in labels:
        if label and (name == label or name.startswith(f"{label} ")):
            return label
    return labels[0] if len(labels) == 1 else ""


def _automatic(node: Mapping[str, Any]) -> tuple[str, ...]:
    """What Meta widens by itself: switched off in every ad set we make."""
    automation = mapping(mapping(node.get("targeting")).get("targeting_automation"))
    on = automation.get("advantage_audience") in (1, "1", True)
    return ("advantage audience",) if on else ()


def _issue(node: Mapping[str, Any], effective: str, delivery: Delivery) -> str | None:
    for issue in sequence(node.get("issues_info")):
        said = issue.get("error_message") or issue.get("error_summary")
        if said:
            return str(said)
    if delivery is Delivery.REJECTED:
        return _sentence(node.get("ad_review_feedback")) or "rejected in review"
    if delivery is Delivery.UNKNOWN:
        return f"Meta reports {effective.lower().replace('_', ' ') or 'no status'}"
    return None


def _sentence(feedback: object) -> str:
    """Review feedback is a map of reasons, sometimes by placement; join its texts."""
    reasons = mapping(feedback)
    if not reasons:
        return str(feedback or "")
    parts = [f"{key}: {_sentence(value)}" for key, value in reasons.items()]
    return "; ".join(part.removeprefix("global: ") for part in parts)


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None

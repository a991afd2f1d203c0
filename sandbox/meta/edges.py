"""Reading: nodes and the lists that hang on them."""

from collections.abc import Callable
from typing import Any
from zlib import crc32

from sandbox.meta.delivery import effective_status, shown
from sandbox.meta.graph import GraphError, Node, Parameters, invalid, page, projected
from sandbox.meta.insights import report
from sandbox.meta.shelf import MetaShelf

EDGES = {
    "campaigns": "campaign",
    "adsets": "adset",
    "ads": "ad",
    "adcreatives": "adcreative",
    "adlabels": "adlabel",
    "adimages": "adimage",
}
_DEFAULT_FIELDS = {
    "account": "account_id,id",
    "adlabel": "id,name",
    "adimage": "id,hash",
    "page": "id,name",
    "pixel": "id,name",
}
_HIDDEN = ("ARCHIVED", "DELETED")
_PARENT_FIELD = {"campaign": "campaign_id", "adset": "adset_id"}
_INTERESTS_FROM = 6_003_000_000_000
Link = Callable[[str], str]


def read_node(shelf: MetaShelf, kind: str, node: Node, parameters: Parameters) -> Node:
    """``GET /{id}``."""
    public = shown(kind, node, shelf.get, shelf.world.now())
    return projected(public, parameters.text("fields"), _DEFAULT_FIELDS.get(kind, "id"))


def account_edge(
    shelf: MetaShelf, account: Node, edge: str, parameters: Parameters, link: Link
) -> Node:
    """``GET act_…/<edge>``."""
    if edge == "insights":
        return _insights(shelf, account, parameters, link)
    if edge == "minimum_budgets":
        minimum = int(account["min_daily_budget"])
        row = {
            "currency": account["currency"],
            "min_daily_budget_imp": minimum,
            "min_daily_budget_video_views": minimum,
            "min_daily_budget_low_freq": 5 * minimum,
            "min_daily_budget_high_freq": minimum,
        }
        return {"data": [row]}
    by_labels = edge.endswith("bylabels")
    kind = EDGES.get(edge.removesuffix("bylabels"))
    if kind is None or (by_labels and kind in ("adlabel", "adimage")):
        raise GraphError(2500, f"Unknown path components: /{edge}")
    nodes = [each for each in shelf.every(kind) if each["account_id"] == account["account_id"]]
    if by_labels:
        nodes = _labelled(nodes, parameters)
    return _listed(shelf, kind, nodes, parameters, link)


def node_edge(
    shelf: MetaShelf, kind: str, node: Node, edge: str, parameters: Parameters, link: Link
) -> Node:
    """``GET /{id}/<edge>``."""
    if edge == "insights" and kind in ("campaign", "adset", "ad"):
        account = shelf.account(node["account_id"])
        return _insights(shelf, account, parameters, link, {kind: node["id"]})
    wanted = EDGES.get(edge, "")
    if wanted and kind == "adlabel":
        nodes = [
            each
            for each in shelf.every(wanted)
            if node["id"] in {label["id"] for label in each.get("adlabels", ())}
        ]
    elif wanted == "adcreative" and kind == "ad":
        nodes = [each for each in shelf.every(wanted) if each["id"] == node["creative"]["id"]]
    elif (kind, wanted) in {("campaign", "adset"), ("campaign", "ad"), ("adset", "ad")}:
        field = _PARENT_FIELD[kind]
        nodes = [each for each in shelf.every(wanted) if each[field] == node["id"]]
    else:
        raise GraphError(2500, f"Unknown path components: /{edge}")
    return _listed(shelf, wanted, nodes, parameters, link)


def search(parameters: Parameters) -> Node:
    """``GET /search?type=adinterestvalid``: every interest exists unless its name begins with
    "unknown" or has no letter in it."""
    if parameters.text("type") != "adinterestvalid":
        raise invalid("type", "This stand-in searches adinterestvalid only.")
    data: list[Node] = []
    for word in parameters.items("interest_list") or ():
        name = str(word)
        if name.lower().startswith("unknown") or not any(map(str.isalpha, name)):
            data.append({"name": name, "valid": False})
        else:
            number = crc32(name.casefold().encode())
            data.append({"id": str(_INTERESTS_FROM + number), "name": name, "valid": True})
    return {"data": data}


def _insights(
    shelf: MetaShelf,
    account: Node,
    parameters: Parameters,
    link: Link,
    scope: dict[str, str] | None = None,
) -> Node:
    rows, rest = page(report(shelf, account, parameters, scope), parameters, link)
    return {"data": rows, **rest}


def _listed(
    shelf: MetaShelf, kind: str, nodes: list[Node], parameters: Parameters, link: Link
) -> Node:
    """One page of objects, newest first; gone ones only where they are asked for."""
    now = shelf.world.now()
    conditions = list(parameters.items("filtering") or ())
    states: Any = parameters.items("effective_status")
    if states is not None:
        conditions.append({"field": "effective_status", "operator": "IN", "value": states})
    asked = any(str(each.get("field", "")).endswith("effective_status") for each in conditions)
    chosen: list[Node] = []
    for node in reversed(nodes):
        effective = effective_status(kind, node, shelf.get, now)
        if effective in _HIDDEN and not asked:
            continue
        if all(_holds(kind, node, effective, each) for each in conditions):
            chosen.append(node)
    hashes = parameters.items("hashes") if kind == "adimage" else None
    if hashes is not None:
        chosen = [each for each in chosen if each["hash"] in hashes]
    some, rest = page(chosen, parameters, link)
    return {"data": [read_node(shelf, kind, each, parameters) for each in some], **rest}


def _holds(kind: str, node: Node, effective: str, condition: Node) -> bool:
    """Whether a node fits one entry of ``filtering``."""
    field = str(condition.get("field", ""))
    level, _, name = field.rpartition(".")
    value: Any = condition.get("value")
    if name == "effective_status":
        actual = effective
    elif level in _PARENT_FIELD and level != kind and name == "id":
        actual = str(node.get(_PARENT_FIELD[level], ""))
    elif name in ("id", "name", "campaign_id", "adset_id") and level in ("", kind):
        actual = str(node.get(name, ""))
    else:
        raise invalid("filtering", f"Filtering field {field} is not valid.")
    match condition.get("operator"):
        case "EQUAL":
            return actual == str(value)
        case "IN":
            return actual in [str(each) for each in value]
        case "NOT_IN":
            return actual not in [str(each) for each in value]
        case "CONTAIN":
            return str(value).casefold() in actual.casefold()
        case operator:
            raise invalid("filtering", f"Filtering operator {operator} is not valid.")


def _labelled(nodes: list[Node], parameters: Parameters) -> list[Node]:
    wanted = {str(each) for each in parameters.items("ad_label_ids") or ()}
    if not wanted:
        raise invalid("ad_label_ids", "The parameter ad_label_ids is required.")
    every = parameters.choice("operator", ("ALL", "ANY"), "ALL") == "ALL"
    result: list[Node] = []
    for node in nodes:
        found = wanted & {label["id"] for label in node.get("adlabels", ())}
        if found == wanted or (found and not every):
            result.append(node)
    return result

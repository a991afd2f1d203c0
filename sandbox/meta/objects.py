"""Creating, editing and deleting Meta objects."""

import base64
import binascii
import hashlib
import io

from PIL import Image, UnidentifiedImageError

from sandbox.meta import checks
from sandbox.meta.billing import must_pay
from sandbox.meta.delivery import REVIEW
from sandbox.meta.graph import Node, Parameters, invalid, stamp
from sandbox.meta.shelf import DELIVERING, NETWORK, MetaShelf

_STATES = ("ACTIVE", "PAUSED", "ARCHIVED", "DELETED")
_NAME_LIMIT = 400


def create(shelf: MetaShelf, edge: str, account: Node, parameters: Parameters) -> Node:
    """``POST act_…/<edge>``: Meta's answer."""
    make = {
        "campaigns": _campaign,
        "adsets": _ad_set,
        "ads": _ad,
        "adcreatives": _creative,
        "adlabels": _label,
    }[edge]
    kind, fields = make(shelf, account, parameters)
    if kind in DELIVERING and fields["status"] == "ACTIVE":
        must_pay(account)
    account_id = str(account["account_id"])
    if _validate_only(parameters):
        return {"success": True}
    if kind != "adlabel":
        fields["adlabels"] = shelf.labels(account_id, parameters)
    if kind == "ad":
        fields["_disapproved"] = shelf.world.fault(NETWORK, "disapproved_ad")
    node = shelf.new(kind, account_id, fields)
    if kind in DELIVERING:
        shelf.note(kind, node)
    return {"id": node["id"], "success": True} if kind == "campaign" else {"id": node["id"]}


def update(shelf: MetaShelf, kind: str, node: Node, parameters: Parameters) -> Node:
    """``POST /{id}``: Meta's answer."""
    checks.editable(kind, node, parameters)
    before = dict(node)
    if "name" in parameters:
        node["name"] = _name(parameters)
    if "status" in parameters:
        node["status"] = parameters.choice("status", _STATES, "")
        if kind in DELIVERING and node["status"] == "ACTIVE":
            must_pay(shelf.account(node["account_id"]))
    if kind == "adset":
        _edit_ad_set(shelf, node, parameters)
    elif kind == "campaign":
        for name in ("daily_budget", "lifetime_budget"):
            if name in parameters:
                if not before.get(name):
                    raise invalid(name, "The campaign has no budget of its own.", 1885621)
                account = shelf.account(node["account_id"])
                node[name] = checks.budget(parameters, name, account)
        if "spend_cap" in parameters:
            account = shelf.account(node["account_id"])
            node["spend_cap"] = checks.spend_cap(parameters, account)
    elif kind == "ad" and "creative" in parameters:
        node["creative"] = _chosen_creative(shelf, parameters)
        # A changed ad goes back into review.
        node |= {"_review_until": (shelf.world.now() + REVIEW).isoformat(), "_disapproved": False}
    elif kind == "adcreative" and "object_story_spec" in parameters:
        raise invalid("object_story_spec", "A creative's story cannot be changed; make a new one.")
    if _validate_only(parameters):
        return {"success": True}
    if "adlabels" in parameters:
        node["adlabels"] = shelf.labels(node["account_id"], parameters)
    node["updated_time"] = stamp(shelf.world.now())
    shelf.put(kind, node)
    if kind in DELIVERING and node["status"] != before["status"]:
        shelf.note(kind, node)
    return {"success": True}


def delete(shelf: MetaShelf, kind: str, node: Node) -> Node:
    """``DELETE /{id}``: the object stays readable by id."""
    return update(shelf, kind, node, Parameters({"status": "DELETED"}))


def upload_image(shelf: MetaShelf, account: Node, name: str, content: bytes) -> Node:
    """``POST act_…/adimages``: the same bytes always give the same hash."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, OSError):
        raise invalid("bytes", "The image cannot be read; use JPG or PNG.", 1487411) from None
    mark = hashlib.md5(content, usedforsecurity=False).hexdigest()
    image: Node = {
        "id": f"{account['account_id']}:{mark}",
        "account_id": account["account_id"],
        "hash": mark,
        "name": name,
        "width": width,
        "height": height,
        "status": "ACTIVE",
        "url": f"https://images.meta.example/{mark}",
        "created_time": stamp(shelf.world.now()),
    }
    if shelf.get("adimage", mark) is None:
        shelf.world.put(NETWORK, "adimage", mark, image)
    shown = {field: image[field] for field in ("hash", "url", "name", "width", "height")}
    return {"images": {name: shown}}


def decoded_image(parameters: Parameters) -> bytes:
    """The picture in the ``bytes`` field."""
    try:
        return base64.b64decode(parameters.required("bytes"), validate=True)
    except binascii.Error:
        raise invalid("bytes", "Param bytes must be base64") from None


def _campaign(_: MetaShelf, account: Node, parameters: Parameters) -> tuple[str, Node]:
    parameters.required("objective")
    objective = parameters.choice("objective", tuple(checks.OBJECTIVES), "")
    categories = checks.categories(parameters)
    checks.campaign_budget(parameters, account)
    return "campaign", {
        "name": _name(parameters),
        "objective": objective,
        "special_ad_categories": categories,
        "special_ad_category_country": parameters.items("special_ad_category_country"),
        "buying_type": parameters.choice("buying_type", ("AUCTION", "RESERVED"), "AUCTION"),
        "status": _status(parameters),
        "daily_budget": parameters.integer("daily_budget"),
        "lifetime_budget": parameters.integer("lifetime_budget"),
        "spend_cap": checks.spend_cap(parameters, account),
        "is_adset_budget_sharing_enabled": parameters.boolean("is_adset_budget_sharing_enabled"),
    }


def _ad_set(shelf: MetaShelf, account: Node, parameters: Parameters) -> tuple[str, Node]:
    campaign = shelf.get("campaign", parameters.required("campaign_id"))
    if campaign is None:
        raise invalid("campaign_id", "The campaign does not exist.", 1885183)
    if campaign["status"] in ("ARCHIVED", "DELETED"):
        raise invalid("campaign_id", "The campaign is deleted or archived.", 1487056)
    checks.one_budget_level(parameters, campaign)
    goal, promoted = checks.goal(parameters, campaign, shelf)
    strategy, amount = checks.bid(parameters)
    start = parameters.instant("start_time") or stamp(shelf.world.now())
    end = parameters.instant("end_time")
    checks.schedule(start, end)
    return "adset", {
        "name": _name(parameters),
        "campaign_id": campaign["id"],
        "billing_event": parameters.choice("billing_event", checks.BILLING_EVENTS, "IMPRESSIONS"),
        "optimization_goal": goal,
        "promoted_object": promoted,
        "bid_strategy": strategy,
        "bid_amount": amount,
        "daily_budget": checks.budget(parameters, "daily_budget", account),
        "lifetime_budget": checks.budget(parameters, "lifetime_budget", account),
        "targeting": checks.targeting(parameters.object("targeting"), campaign),
        "start_time": start,
        "end_time": end,
        "status": _status(parameters),
    }


def _ad(shelf: MetaShelf, _: Node, parameters: Parameters) -> tuple[str, Node]:
    ad_set = shelf.get("adset", parameters.required("adset_id"))
    if ad_set is None:
        raise invalid("adset_id", "The ad set does not exist.", 1885183)
    if ad_set["status"] in ("ARCHIVED", "DELETED"):
        raise invalid("adset_id", "The ad set is deleted or archived.", 1487056)
    return "ad", {
        "name": _name(parameters),
        "adset_id": ad_set["id"],
        "campaign_id": ad_set["campaign_id"],
        "creative": _chosen_creative(shelf, parameters),
        "status": _status(parameters),
        "_review_until": (shelf.world.now() + REVIEW).isoformat(),
    }


def _creative(shelf: MetaShelf, _: Node, parameters: Parameters) -> tuple[str, Node]:
    return "adcreative", {
        "name": parameters.text("name") or "Creative",
        "object_story_spec": checks.story(parameters, shelf),
        "status": "ACTIVE",
    }


def _label(_: MetaShelf, __: Node, parameters: Parameters) -> tuple[str, Node]:
    # Meta does not promise unique names; a second label of one name is a second label.
    return "adlabel", {"name": parameters.required("name")}


def _edit_ad_set(shelf: MetaShelf, node: Node, parameters: Parameters) -> None:
    account = shelf.account(node["account_id"])
    for name in ("daily_budget", "lifetime_budget"):
        amount = checks.budget(parameters, name, account)
        if amount is None:
            continue
        if not node.get(name):
            raise invalid(name, f"The ad set has no {name}.", 1885621)
        if amount != node[name]:
            node["_budget_edits"] = checks.budget_edits(node, shelf.world.now())
            node[name] = amount
    if "bid_amount" in parameters:
        _, node["bid_amount"] = checks.bid(parameters)
    for name in ("start_time", "end_time"):
        if name in parameters:
            node[name] = parameters.instant(name)
    checks.schedule(node.get("start_time"), node.get("end_time"))
    if "targeting" in parameters:
        campaign = shelf.get("campaign", node["campaign_id"]) or {"special_ad_categories": []}
        node["targeting"] = checks.targeting(parameters.object("targeting"), campaign)


def _chosen_creative(shelf: MetaShelf, parameters: Parameters) -> Node:
    chosen = parameters.object("creative") or {}
    creative = shelf.get("adcreative", str(chosen.get("creative_id") or chosen.get("id") or ""))
    if creative is None or creative["status"] == "DELETED":
        raise invalid("creative", "The creative does not exist.", 1885183)
    return {"id": creative["id"], "creative_id": creative["id"]}


def _name(parameters: Parameters) -> str:
    name = parameters.required("name")
    if len(name) > _NAME_LIMIT:
        raise invalid("name", f"The name is longer than {_NAME_LIMIT} characters.", 1885183)
    return name


def _status(parameters: Parameters) -> str:
    # What is created without a word about its state goes live at once.
    return parameters.choice("status", ("ACTIVE", "PAUSED"), "ACTIVE")


def _validate_only(parameters: Parameters) -> bool:
    return "validate_only" in (parameters.items("execution_options") or ())

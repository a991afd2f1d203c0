"""Mutates: operations of one kind or of several, atomic or each for itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from sandbox.google import ad_groups, campaigns, library
from sandbox.google.billing import must_pay
from sandbox.google.failures import Failure, JsonObject, Refusals, UnknownName, camel, need, partial
from sandbox.google.store import COLLECTIONS, NETWORK, Draft

MOST_OPERATIONS = 10_000

_Create = Callable[[Draft, JsonObject], JsonObject]
_Update = Callable[[Draft, JsonObject, JsonObject], JsonObject]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of resource: its collection, what it may hold, and what is done with it."""

    collection: str
    fields: frozenset[str]
    create: _Create
    update: _Update | None = None
    remove: Callable[[Draft, JsonObject], JsonObject] | None = None
    parents: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return COLLECTIONS[self.collection]


def _gone(draft: Draft, row: JsonObject) -> JsonObject:
    return {**row, "status": "REMOVED"}


def _fields(*names: str) -> frozenset[str]:
    return frozenset({"resourceName", *names})


_KINDS = {
    "campaignBudgetOperation": _Kind(
        "campaignBudgets",
        _fields("name", "amountMicros", "totalAmountMicros", "deliveryMethod", "explicitlyShared",
                "period", "type"),
        campaigns.create_budget, campaigns.update_budget, _gone,
    ),
    "campaignOperation": _Kind(
        "campaigns",
        _fields("name", "status", "campaignBudget", "advertisingChannelType",
                "advertisingChannelSubType", "containsEuPoliticalAdvertising", "networkSettings",
                "geoTargetTypeSetting", "appCampaignSetting", "startDateTime", "endDateTime",
                "trackingUrlTemplate", "finalUrlSuffix", *campaigns.STRATEGIES),
        campaigns.create_campaign, campaigns.update_campaign, campaigns.remove_campaign,
    ),
    "campaignCriterionOperation": _Kind(
        "campaignCriteria",
        _fields("campaign", "location", "adSchedule", "language", "negative"),
        campaigns.create_criterion, None, _gone, ("campaign",),
    ),
    "adGroupOperation": _Kind(
        "adGroups",
        _fields("campaign", "name", "status", "type", "cpcBidMicros", "cpmBidMicros",
                "optimizedTargetingEnabled"),
        ad_groups.create_group, ad_groups.update_group, _gone,
    ),
    "adGroupCriterionOperation": _Kind(
        "adGroupCriteria",
        _fields("adGroup", "ageRange", "gender", "userInterest", "keyword", "negative", "status"),
        ad_groups.create_criterion, None, _gone, ("adGroup",),
    ),
    "adGroupAdOperation": _Kind(
        "adGroupAds", _fields("adGroup", "status", "ad"),
        ad_groups.create_ad, ad_groups.update_ad, _gone, ("adGroup",),
    ),
    "assetOperation": _Kind("assets", _fields("name", "imageAsset"), library.create_asset),
    "labelOperation": _Kind(
        "labels", _fields("name", "textLabel"), library.create_label, None, _gone
    ),
    "userListOperation": _Kind(
        "userLists",
        _fields("name", "membershipStatus", "membershipLifeSpan", "crmBasedUserList"),
        library.create_list,
    ),
}  # fmt: skip
_BY_COLLECTION = {kind.collection: kind for kind in _KINDS.values()}
_BODY = frozenset({"operations", "partialFailure", "validateOnly", "responseContentType"})
_MANY = frozenset({"mutateOperations", "partialFailure", "validateOnly", "responseContentType"})
_OPERATION = frozenset({"create", "update", "remove", "updateMask"})


def mutate(draft: Draft, collection: str, body: JsonObject) -> JsonObject:
    """``<collection>:mutate``.

    Raises:
        Refusals: nothing was done.
        UnknownName: the body has a field the message has not.
    """
    kind = _BY_COLLECTION.get(collection)
    if kind is None:
        raise Failure("requestError", "UNKNOWN", f"No such service: {collection}.", status=404)
    _known(body, _BODY, "")
    operations = [(kind, cast(JsonObject, one)) for one in need(body, "operations", "")]
    done, failures = _run(draft, operations, body, "operations")
    if body.get("validateOnly"):
        return {}
    answer: JsonObject = {
        "results": [{} if one is None else _result(kind, one, body) for one in done]
    }
    return _with_partial(answer, failures)


def mutate_many(draft: Draft, body: JsonObject) -> JsonObject:
    """``googleAds:mutate``: operations of several kinds, in order.

    Raises:
        Refusals: nothing was done.
        UnknownName: the body has a field the message has not.
    """
    _known(body, _MANY, "")
    operations: list[tuple[_Kind, JsonObject]] = []
    for index, one in enumerate(need(body, "mutateOperations", "")):
        _known(one, frozenset(_KINDS), f"mutate_operations[{index}]")
        ((name, operation),) = one.items()
        operations.append((_KINDS[name], operation))
    done, failures = _run(draft, operations, body, "mutate_operations")
    if body.get("validateOnly"):
        return {}
    responses: list[JsonObject] = []
    for (kind, _), row in zip(operations, done, strict=True):
        name = next(n for n, k in _KINDS.items() if k is kind).removesuffix("Operation")
        responses.append({} if row is None else {f"{name}Result": _result(kind, row, body)})
    return _with_partial({"mutateOperationResponses": responses}, failures)


def count(body: JsonObject) -> int:
    """How many of the day's operations a mutate costs."""
    return len(body.get("operations") or body.get("mutateOperations") or [None])


def _with_partial(answer: JsonObject, failures: list[Failure]) -> JsonObject:
    if failures:
        answer["partialFailureError"] = partial(failures, "sandbox-partial")
    return answer


def _result(kind: _Kind, row: JsonObject, body: JsonObject) -> JsonObject:
    result: JsonObject = {"resourceName": row["resourceName"]}
    if body.get("responseContentType") == "MUTABLE_RESOURCE":
        result[camel(kind.kind)] = {
            name: value for name, value in row.items() if name in kind.fields or name == "id"
        }
    return result


def _run(
    draft: Draft, operations: list[tuple[_Kind, JsonObject]], body: JsonObject, list_name: str
) -> tuple[list[JsonObject | None], list[Failure]]:
    """Each operation's object, None where it failed; an atomic request fails whole."""
    if len(operations) > MOST_OPERATIONS:
        raise Failure("requestError", "TOO_MANY_MUTATE_OPERATIONS",
                      f"At most {MOST_OPERATIONS} operations a request.")  # fmt: skip
    account = draft.world.get(NETWORK, "account", draft.customer_id) or {}
    temporary: dict[str, str] = {}
    done: list[JsonObject | None] = []
    failures: list[Failure] = []
    for index, (kind, operation) in enumerate(operations):
        mark = draft.mark()
        try:
            done.append(_apply(draft, kind, operation, temporary, account))
        except Failure as failure:
            draft.back_to(mark)
            failure.index, failure.list_name = index, list_name
            failures.append(failure)
            done.append(None)
    if failures and not body.get("partialFailure"):
        raise Refusals(failures)
    if body.get("validateOnly"):
        draft.back_to(0)
    return done, failures


def _apply(
    draft: Draft, kind: _Kind, operation: JsonObject, temporary: dict[str, str], account: JsonObject
) -> JsonObject:
    _known(operation, _OPERATION, "operation")
    verbs = [verb for verb in ("create", "update", "remove") if verb in operation]
    if len(verbs) != 1:
        raise Failure("fieldError", "REQUIRED", "An operation is one of create, update, remove.")
    verb = verbs[0]
    if verb == "remove":
        return _remove(draft, kind, str(operation["remove"]))
    row = cast(JsonObject, _real(operation[verb], temporary))
    _known(row, kind.fields, f"{verb}")
    must_pay(account, verb, row)
    if verb == "create":
        return _create(draft, kind, cast(JsonObject, operation["create"]), row, temporary)
    return _update(draft, kind, row, str(operation.get("updateMask") or ""))


def _create(
    draft: Draft, kind: _Kind, asked: JsonObject, row: JsonObject, temporary: dict[str, str]
) -> JsonObject:
    given = str(asked.get("resourceName") or "")
    if given and "/-" not in given and "~-" not in given:
        raise Failure("newResourceCreationError", "CANNOT_SET_ID_FOR_CREATE",
                      "Only temporary ids can be given.", "create.resource_name")  # fmt: skip
    row = kind.create(draft, {name: v for name, v in row.items() if name != "resourceName"})
    if "resourceName" in row:
        return row  # an asset that was there already
    object_id = draft.new_id()
    if kind.parents:
        # Criteria and ads are named by what they hang below and by themselves.
        parent = str(row[kind.parents[0]]).rsplit("/", 1)[-1]
        if kind.kind == "ad_group_ad":
            ad = {**row["ad"], "id": object_id, "resourceName": draft.name("ads", object_id)}
            row = {**row, "ad": ad}
        else:
            row = {**row, "criterionId": object_id}
        row = {**row, "resourceName": draft.name(kind.collection, f"{parent}~{object_id}")}
    else:
        row = {**row, "id": object_id, "resourceName": draft.name(kind.collection, object_id)}
    if given:
        temporary[given] = str(row["resourceName"])
    draft.put(kind.kind, row)
    return row


def _update(draft: Draft, kind: _Kind, changes: JsonObject, mask: str) -> JsonObject:
    if kind.update is None:
        raise Failure("mutateError", "MUTATE_NOT_ALLOWED", "It cannot be changed.", "update")
    before = draft.live(kind.kind, need(changes, "resourceName", "update"))
    if not mask:
        raise Failure("fieldMaskError", "FIELD_MASK_MISSING", "The field mask is missing.",
                      "update_mask")  # fmt: skip
    row: JsonObject = dict(before)
    for path in mask.split(","):
        parts = [camel(part) for part in path.strip().split(".")]
        if parts[0] not in kind.fields:
            raise Failure("fieldMaskError", "FIELD_NOT_FOUND", f"No field {path}.", "update_mask",
                          trigger=path)  # fmt: skip
        _set(row, changes, parts)
    row = kind.update(draft, before, row)
    draft.put(kind.kind, row)
    return row


def _set(row: JsonObject, changes: JsonObject, parts: list[str]) -> None:
    """Set one masked field; what the mask names and the object leaves out is cleared."""
    name, rest = parts[0], parts[1:]
    if not rest:
        if name in changes:
            row[name] = changes[name]
        else:
            row.pop(name, None)
        return
    inner = dict(cast(JsonObject, row.get(name) or {}))
    _set(inner, cast(JsonObject, changes.get(name) or {}), rest)
    row[name] = inner


def _remove(draft: Draft, kind: _Kind, resource: str) -> JsonObject:
    if kind.remove is None:
        raise Failure("operationAccessDeniedError", "REMOVE_OPERATION_NOT_PERMITTED",
                      "It cannot be removed.", "remove")  # fmt: skip
    row = kind.remove(draft, draft.live(kind.kind, resource))
    draft.put(kind.kind, row)
    return row


def _real(value: Any, temporary: dict[str, str]) -> Any:
    """A value with temporary resource names replaced by those they became."""
    if isinstance(value, str):
        return temporary.get(value, value)
    if isinstance(value, list):
        return [_real(one, temporary) for one in cast(list[Any], value)]
    if isinstance(value, dict):
        return {k: _real(v, temporary) for k, v in cast(JsonObject, value).items()}
    return value


def _known(row: JsonObject, fields: frozenset[str], place: str) -> None:
    for name in row:
        if name not in fields:
            raise UnknownName(name, place)

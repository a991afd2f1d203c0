"""Customer lists from hashed e-mail addresses.

Since 2026-04-01 Google takes them through this interface only from projects that used it before;
others are refused with the way out (the Data Manager API).
"""

import re
from collections.abc import Sequence

from models.contract.account import AdAccount
from models.contract.vocabulary import Platform
from platforms.errors import Refused
from platforms.google.errors import JsonObject, refused
from platforms.google.names import digits
from platforms.google.query import quoted, select
from platforms.google.wire import Wire
from platforms.naming import keyed

CONSENT = "customer_match_consent"
"""Account option: ``granted`` where the people on uploaded lists have consented, which Google
asks to be told for the European Economic Area."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LIFE_SPAN = 540
_PER_CALL = 10_000
"""Identifiers per call of an upload. Google advises at most 10,000."""


async def create_list(wire: Wire, name: str, key: str) -> str:
    """A customer list named ``key name``; its id. Repeating finds the first one.

    Raises:
        Refused: the name is too long, or the project may not use customer lists.
        Ambiguous: the answer was lost; repeating finds it.
    """
    full = keyed(Platform.GOOGLE, key, name, 255)
    create: JsonObject = {
        "name": full,
        "membershipStatus": "OPEN",
        "membershipLifeSpan": str(_LIFE_SPAN),
        "crmBasedUserList": {"uploadKeyType": "CONTACT_INFO"},
    }
    try:
        (made,) = await wire.mutate("userLists", [{"create": create}])
    except Refused as error:
        there = await _named(wire, full) if error.code == "NAME_ALREADY_USED" else []
        if not there:
            raise
        return there[0]
    return made.rsplit("/", 1)[-1]


async def add_people(
    wire: Wire, account: AdAccount, audience_id: str, hashed: Sequence[str]
) -> None:
    """Add people by the SHA-256 of their normalised e-mail address. Google matches them within
    some hours. Adding somebody again changes nothing.

    Raises:
        Refused: an entry is no SHA-256 in hexadecimal, or Google does not know the list.
    """
    if not digits(audience_id):
        raise refused(f"audience {audience_id!r} is no id of Google's", field="audience_id")
    people = [one.strip().lower() for one in hashed]
    if any(not _SHA256.fullmatch(one) for one in people):
        raise refused(
            "people are added by the SHA-256 of their e-mail address, 64 hexadecimal digits; hash "
            "them first",
            field="hashed",
        )
    if not people:
        return
    metadata: JsonObject = {"userList": wire.resource("userLists", audience_id)}
    if account.options.get(CONSENT) == "granted":
        metadata["consent"] = {"adUserData": "GRANTED", "adPersonalization": "GRANTED"}
    job: JsonObject = {
        "type": "CUSTOMER_MATCH_USER_LIST",
        "customerMatchUserListMetadata": metadata,
    }
    # A job that is never run does nothing, so until then nothing was changed.
    made = await wire.call("offlineUserDataJobs:create", {"job": job}, changes=False, cost=1)
    name = str(made.get("resourceName") or "").rsplit("/", 1)[-1]
    if not digits(name):
        raise refused("Google made no upload of the list", field="audience_id")
    for start in range(0, len(people), _PER_CALL):
        some = people[start : start + _PER_CALL]
        operations = [{"create": {"userIdentifiers": [{"hashedEmail": one}]}} for one in some]
        body: JsonObject = {"operations": operations}
        path = f"offlineUserDataJobs/{name}:addOperations"
        await wire.call(path, body, changes=False, cost=len(some))
    await wire.call(f"offlineUserDataJobs/{name}:run", {}, changes=True, cost=1)


async def _named(wire: Wire, name: str) -> list[str]:
    fields = ("user_list.id", "user_list.name")
    rows = await wire.search(select(fields, "user_list", f"user_list.name = {quoted(name)}"))
    return [str(row["userList"]["id"]) for row in rows]

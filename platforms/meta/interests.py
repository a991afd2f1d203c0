"""Interests: the names people write, as the ids Meta targets by."""

from typing import Any

from platforms.meta.connection import Connection
from platforms.meta.params import refuse


async def resolved(connection: Connection, interests: tuple[str, ...]) -> list[dict[str, str]]:
    """Meta's ids for interests given by name or by id, in one look-up
    (``GET /search?type=adinterestvalid``).

    Raises:
        Refused: Meta has no such interest; all unknown ones are named.
    """
    words = [interest for interest in interests if not interest.isdigit()]
    known = await _valid(connection, words) if words else {}
    unknown = [word for word in words if word.casefold() not in known]
    if unknown:
        raise refuse(f"Meta has no interest {', '.join(unknown)}", "targeting.interests")
    return [
        {"id": interest}
        if interest.isdigit()
        else {"id": known[interest.casefold()], "name": interest}
        for interest in interests
    ]


async def _valid(connection: Connection, words: list[str]) -> dict[str, str]:
    parameters = {"type": "adinterestvalid", "interest_list": words}

    def search() -> dict[str, str]:
        answer: Any = connection.api.call("GET", ("search",), params=parameters).json()
        return {
            str(each["name"]).casefold(): str(each["id"])
            for each in answer["data"]
            if each.get("valid")
        }

    return await connection.read(search)

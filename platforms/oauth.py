"""Access tokens that end: exchanged in time, one exchange at a time, never shown."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
from pydantic import TypeAdapter

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Transient

_JSON_OBJECT = TypeAdapter(dict[str, object])
_EARLY = timedelta(minutes=5)
"""Exchanged so long before its end that no call is sent with a token about to end."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What an authorisation server gave. ``expires_in`` is in real seconds, None is open-ended;
    ``refresh_token`` is set when it gave another one than it was asked with."""

    access_token: str = field(repr=False)
    expires_in: float | None = None
    refresh_token: str | None = field(default=None, repr=False)


class BearerToken:
    """The access token of one account.

    Args:
        exchange: Asks the authorisation server for another one.
        real_now: What tokens run by.
        given: A token that somebody else keeps fresh (``ConnectionWorkflow``); used until it is
            refused.
    """

    def __init__(
        self,
        exchange: Callable[[], Awaitable[Granted]],
        real_now: Callable[[], datetime],
        given: str | None = None,
    ) -> None:
        self._exchange = exchange
        self._now = real_now
        self._token = given
        self._until: datetime | None = None
        self._turn = asyncio.Lock()

    async def value(self) -> str:
        """A token that is good for some minutes.

        Raises:
            AccessDenied: the grant was withdrawn or has ended; a person must connect anew.
            Transient: the authorisation server did not answer.
        """
        async with self._turn:
            ends_soon = self._until is not None and self._now() + _EARLY >= self._until
            if self._token is None or ends_soon:
                granted = await self._exchange()
                self._token = granted.access_token
                self._until = (
                    self._now() + timedelta(seconds=granted.expires_in)
                    if granted.expires_in is not None
                    else None
                )
            return self._token

    def forget(self, refused: str) -> None:
        """A network refused this token: the next call asks for another."""
        if self._token == refused:
            self._token = None


async def ask_for_token(
    http: httpx.AsyncClient, platform: Platform, url: str, form: Mapping[str, str]
) -> Granted:
    """One token request as RFC 6749 has it (form in, JSON out).

    Raises:
        AccessDenied: refused; the message holds the server's error code and nothing that was sent.
        Transient: no answer, or none that makes sense; a token request changes nothing.
    """
    try:
        answer = await http.post(url, data=dict(form))
    except httpx.HTTPError as error:
        raise Transient(
            platform, f"the authorisation server did not answer ({type(error).__name__})"
        ) from None
    try:
        told = _JSON_OBJECT.validate_json(answer.content)
    except ValueError:
        told = {}
    if 400 <= answer.status_code < 500 and answer.status_code != 429:
        code = str(told.get("error") or f"HTTP {answer.status_code}")[:60]
        raise AccessDenied(
            platform,
            f"the authorisation server refused to renew access ({code}); connect the account again",
            code=code,
        )
    token = told.get("access_token")
    if answer.status_code != 200 or not isinstance(token, str) or not token:
        raise Transient(
            platform, f"the authorisation server answered {answer.status_code} without a token"
        )
    expires, renewed = told.get("expires_in"), told.get("refresh_token")
    return Granted(
        access_token=token,
        expires_in=float(expires) if isinstance(expires, int | float | str) else None,
        refresh_token=renewed if isinstance(renewed, str) and renewed else None,
    )

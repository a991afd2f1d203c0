"""What all logins have in common: a walk to the network's page and back, and what it brings.

Every method raises only ``platforms.errors``: ``AccessDenied`` where the network says no (the
message holds its code and nothing that was sent), ``Transient`` where it does not answer. None
changes anything but tokens.
"""

import base64
import hashlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, cast
from urllib.parse import urlencode

import httpx

from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Transient
from platforms.network import Host, Secret
from platforms.transport import json_object, lost, open_http, scrubbed

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk that was begun. ``kept`` is what only we may know until it ends; ``token`` is a name
    the network gave it (OAuth 1.0a)."""

    address: str = field(repr=False)
    kept: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a network gave. ``scopes`` None: it does not say. ``expires_in``: real seconds."""

    secrets: Mapping[str, str] = field(repr=False)
    scopes: tuple[str, ...] | None = None
    expires_in: float | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """An ad account that a login reaches. ``choices``: for an account option (``page_id``) the
    ids that could be meant, with their names."""

    external_id: str
    name: str
    currency: str = ""
    timezone: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a network says of an access token. None: it does not say."""

    subject: str = ""
    scopes: tuple[str, ...] | None = None
    expires_at: datetime | None = None


class Login(ABC):
    """The login of one network, in the name of one app.

    Attributes:
        platform: The network.
        prefix: Environment prefix of our app's own credentials.
        app: Our app's credentials; they are the operator's and never stored with a connection.
        hosts: Where it is, as ``Adapter.hosts``.
        asked: Scopes to ask for.
        required: Those without which Adflight cannot work.
        pkce: Whether a code challenge (S256) is sent.
        options: Account options without which nothing can be launched.
    """

    platform: ClassVar[Platform]
    prefix: ClassVar[str]
    app: ClassVar[tuple[Secret, ...]]
    hosts: ClassVar[Mapping[str, Host]]
    asked: ClassVar[tuple[str, ...]] = ()
    required: ClassVar[tuple[str, ...]] = ()
    pkce: ClassVar[bool] = False
    options: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        app: Mapping[str, str],
        hosts: Mapping[str, str],
        real_now: Callable[[], datetime],
        *,
        version: str = "",
        timeout: float = 20.0,
    ) -> None:
        self._app = dict(app)
        self._hosts = {name: url.rstrip("/") for name, url in hosts.items()}
        self._now = real_now
        self._version = version
        self._http = open_http(timeout)

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()

    # -- what a network must say for itself ------------------------------------------------------

    @abstractmethod
    async def begin(self, state: str, redirect_uri: str) -> Walk:
        """Begin a walk; ``state`` comes back with the person."""

    @abstractmethod
    async def exchange(
        self, told: Mapping[str, str], kept: Mapping[str, str], redirect_uri: str
    ) -> Grant:
        """Turn what came back (the callback's query) into a grant. It can be done once."""

    @abstractmethod
    async def reached(self, secrets: Mapping[str, str]) -> list[Reached]:
        """The ad accounts that a grant reaches."""

    @abstractmethod
    async def inspect(self, secrets: Mapping[str, str]) -> Inspected:
        """Whether the network still takes the access token, and what it says of it."""

    async def renew(self, secrets: Mapping[str, str]) -> Grant | None:
        """Another access token before this one ends; None where there is no way without a
        person."""
        return None

    def declined(self, told: Mapping[str, str]) -> str | None:
        """Why the network sent the person back without a grant, or None."""
        return told.get("error")

    # -- for them --------------------------------------------------------------------------------

    def _page(self, host: str, path: str, query: Mapping[str, str]) -> str:
        return f"{self._hosts[host]}{path}?{urlencode(query)}"

    def _challenge(self) -> tuple[dict[str, str], dict[str, str]]:
        """What to keep and what to send of a code challenge (RFC 7636, S256)."""
        if not self.pkce:
            return {}, {}
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        sent = {"code_challenge": challenge, "code_challenge_method": "S256"}
        return {"code_verifier": verifier}, sent

    def _code(self, told: Mapping[str, str], name: str = "code") -> str:
        code = told.get(name, "")
        if not code:
            raise self._denied("came back without a code", "")
        return code

    async def _send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | None = None,
    ) -> httpx.Response:
        try:
            return await self._http.request(
                method,
                url,
                params=dict(params) if params else None,
                data=dict(form) if form else None,
                json=body,
                headers=dict(headers) if headers else None,
                auth=auth,
            )
        except httpx.HTTPError as error:
            raise self._silent(lost(self.platform, error, changes=False).message) from None

    def _object(self, response: httpx.Response) -> JsonObject:
        """The answer's JSON object, whatever its status.

        Raises:
            Transient: it is none, or the server is in trouble.
        """
        told = json_object(response)
        if told is None or response.status_code >= 500 or response.status_code == 429:
            raise self._silent(f"HTTP {response.status_code}")
        return told

    def _denied(self, what: str, code: str) -> AccessDenied:
        return AccessDenied(self.platform, what, code=self._shown(code))

    def _silent(self, what: str) -> Transient:
        return Transient(self.platform, f"the login server did not answer ({what})")

    def _shown(self, text: object) -> str:
        """A network's own word, short and without our secrets."""
        return scrubbed(str(text or ""), tuple(self._app.values()))[:60]

    def _until(self, seconds: object) -> datetime | None:
        number = number_of(seconds)
        return None if number is None else self._now() + timedelta(seconds=number)


def number_of(value: object) -> float | None:
    """A number that may come as text; None for anything else, and for none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def text_of(told: Mapping[str, object], name: str) -> str:
    """A text field; empty where it is missing."""
    value = told.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def object_of(told: Mapping[str, object], name: str) -> JsonObject:
    """An object field; empty where it is missing."""
    value = told.get(name)
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def rows_of(told: Mapping[str, object], name: str) -> Sequence[JsonObject]:
    """A list of objects; empty where it is missing."""
    value = told.get(name)
    if not isinstance(value, list):
        return []
    return [cast("JsonObject", one) for one in cast("list[object]", value) if isinstance(one, dict)]


def words_of(told: Mapping[str, object], name: str) -> tuple[str, ...] | None:
    """A list of words, or words with spaces between them; None where it is missing."""
    value = told.get(name)
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, list):
        return tuple(str(one) for one in cast("list[object]", value))
    return None


def only(choices: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Account options for which there is one choice alone."""
    return {name: next(iter(ids)) for name, ids in choices.items() if len(ids) == 1}

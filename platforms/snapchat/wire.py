"""Requests to the Snapchat Ads API: tokens, envelopes, paging, and failures as typed errors."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import httpx

from models.contract.network import ObjectKind
from models.contract.vocabulary import Platform
from platforms.errors import AccessDenied, Ambiguous, Transient
from platforms.network import Ground
from platforms.oauth import BearerToken, Granted, ask_for_token
from platforms.quota import Rate
from platforms.snapchat.errors import Item, JsonObject, classify, items
from platforms.transport import json_object, lost, open_http

RATES = {"token": Rate(calls=10, seconds=1.0), "app": Rate(calls=20, seconds=1.0, scope="app")}
"""Ten calls a second for an access token, of which an account has one, and twenty for all."""

PAGE = 1000
IDS_PER_READ = 30
_SECRETS = ("client_id", "client_secret", "refresh_token")
_PATCH = "application/json-patch+json"

Ops = Sequence[Mapping[str, object]]
"""Operations of a JSON Patch (RFC 6902)."""


@dataclass(frozen=True, slots=True)
class Entity:
    """How a kind of object is called on the wire."""

    plural: str
    singular: str


ENTITIES = {
    ObjectKind.CAMPAIGN: Entity("campaigns", "campaign"),
    ObjectKind.AD_GROUP: Entity("adsquads", "adsquad"),
    ObjectKind.CREATIVE: Entity("creatives", "creative"),
    ObjectKind.AD: Entity("ads", "ad"),
}


class Wire:
    """One connection for one ad account. A request is only ever repeated after a 401, which
    says that it was not carried out.

    Paths are relative to the version: ``campaigns/ID``, or to the account by ``account()``.
    """

    def __init__(self, account_id: str, secrets: Mapping[str, str], ground: Ground) -> None:
        """
        Raises:
            AccessDenied: a secret is missing.
        """
        missing = [name for name in _SECRETS if not secrets.get(name)]
        if missing:
            raise AccessDenied(
                Platform.SNAPCHAT,
                f"the credential lacks {', '.join(missing)}; connect the account again",
            )
        self.account_id = account_id
        self._base = f"{ground.hosts['api'].rstrip('/')}/{ground.version or 'v1'}"
        self._login = f"{ground.hosts['login'].rstrip('/')}/login/oauth2/access_token"
        self._quota = ground.quota
        self._client = {name: secrets[name] for name in ("client_id", "client_secret")}
        self._refresh_token = secrets["refresh_token"]
        self._keep: Callable[[str, str], None] | None = ground.keep_secret
        self._token = BearerToken(self._renew, ground.real_now, secrets.get("access_token"))
        self._http = open_http(ground.timeout)

    async def aclose(self) -> None:
        await self._http.aclose()

    def account(self, path: str) -> str:
        """A path below the ad account."""
        return f"adaccounts/{self.account_id}/{path}"

    # -- reading ---------------------------------------------------------------------------

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> JsonObject:
        """Read one answer."""
        return await self._json("GET", path, changes=False, params=dict(params or {}))

    async def pages(
        self, path: str, params: Mapping[str, str | int] | None = None
    ) -> list[JsonObject]:
        """Read a list to its end; the answers, page by page."""
        answer = await self.get(path, params)
        found = [answer]
        while link := _next_link(answer):
            # Only the query is taken over: the link may name another host than the one spoken to.
            answer = await self.get(path, dict(parse_qsl(urlsplit(link).query)))
            found.append(answer)
        return found

    async def rows(self, path: str, entity: Entity) -> list[JsonObject]:
        """Every entity of a list. A page that moved while it was read shows none twice."""
        found: dict[str, JsonObject] = {}
        for answer in await self.pages(path, {"limit": PAGE}):
            for item in items(answer, entity.plural, entity.singular):
                row = item.taken()
                found[str(row["id"])] = row
        return list(found.values())

    async def campaigns_by_ids(self, ids: Sequence[str]) -> list[JsonObject]:
        """Campaigns by id, 30 to a call; those it does not know are left out."""
        entity = ENTITIES[ObjectKind.CAMPAIGN]
        found: list[JsonObject] = []
        for start in range(0, len(ids), IDS_PER_READ):
            wanted = [{"id": one} for one in ids[start : start + IDS_PER_READ]]
            # Sent by POST, but it reads.
            answer = await self._json(
                "POST",
                self.account("get_campaigns_by_ids"),
                changes=False,
                json={"entity_ids": wanted},
            )
            listed = items(answer, entity.plural, entity.singular)
            found += [item.entity for item in listed if item.entity is not None]
        return found

    # -- writing ---------------------------------------------------------------------------

    async def post(
        self, path: str, plural: str, singular: str, body: JsonObject, *, changes: bool = True
    ) -> JsonObject:
        """Create one entity; the entity.

        Raises:
            Refused: it was not taken, in Snapchat's words.
        """
        answer = await self._json("POST", path, changes=changes, json={plural: [body]})
        return _only(answer, plural, singular, changes).taken()

    async def put(self, path: str, entity: Entity, bodies: Sequence[JsonObject]) -> list[Item]:
        """Write back whole entities; one item for each, in order."""
        answer = await self._json("PUT", path, changes=True, json={entity.plural: list(bodies)})
        listed = items(answer, entity.plural, entity.singular)
        if len(listed) == len(bodies):
            return listed
        by_id = {str(one.entity["id"]): one for one in listed if one.entity is not None}
        missing = Item(reason="Snapchat's answer does not say what became of it")
        return [by_id.get(str(body["id"]), missing) for body in bodies]

    async def patch(self, entity: Entity, object_id: str, ops: Ops) -> JsonObject:
        """Change single fields of one entity; the entity.

        Raises:
            Refused: it was not taken; code E1166 when a ``test`` failed.
        """
        answer = await self._json(
            "PATCH",
            f"{entity.plural}/{object_id}",
            changes=True,
            content=_encoded(ops),
            media_type=_PATCH,
        )
        return _only(answer, entity.plural, entity.singular, True).taken()

    async def delete(self, entity: Entity, object_id: str) -> None:
        """Delete, for good."""
        await self._json("DELETE", f"{entity.plural}/{object_id}", changes=True)

    async def upload(self, path: str, name: str, content: bytes, media_type: str) -> JsonObject:
        """One file of a medium. Counts as no change: a medium that no creative uses is never
        shown, so an upload whose answer was lost is simply made again."""
        files = {"file": (name, content, media_type)}
        return await self._json("POST", path, changes=False, files=files)

    async def post_users(self, path: str, body: JsonObject) -> JsonObject:
        """Add people to a segment; adding somebody twice changes nothing."""
        return await self._json("POST", path, changes=True, json=body)

    # -- one request -----------------------------------------------------------------------

    async def _json(
        self,
        method: str,
        path: str,
        *,
        changes: bool,
        media_type: str | None = None,
        **content: Any,
    ) -> JsonObject:
        headers = {} if media_type is None else {"Content-Type": media_type}
        response = await self._send(method, path, changes, headers, **content)
        if response.status_code == 401:
            # Not carried out, so even a write may be sent again, once, with another token.
            response = await self._send(method, path, changes, headers, **content)
        if not response.is_success:
            raise classify(response, changes=changes)
        body = json_object(response)
        if body is None:
            kind = Ambiguous if changes else Transient
            raise kind(
                Platform.SNAPCHAT, f"the answer (HTTP {response.status_code}) was no JSON object"
            )
        if str(body.get("request_status", "")).upper() == "ERROR" and body.get("error_code"):
            raise classify(_as_refusal(response), changes=changes)
        return cast(JsonObject, body)

    async def _send(
        self, method: str, path: str, changes: bool, headers: Mapping[str, str], **content: Any
    ) -> httpx.Response:
        token = await self._token.value()
        for bucket in RATES:
            await self._quota.take(bucket)
        try:
            response = await self._http.request(
                method,
                f"{self._base}/{path}",
                headers={"Authorization": f"Bearer {token}", **headers},
                **content,
            )
        except httpx.HTTPError as error:
            # ``from None``: the cause carries the request with its token.
            raise lost(Platform.SNAPCHAT, error, changes=changes) from None
        if response.status_code == 401:
            self._token.forget(token)
        return response

    async def _renew(self) -> Granted:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            **self._client,
        }
        granted = await ask_for_token(self._http, Platform.SNAPCHAT, self._login, form)
        renewed = granted.refresh_token
        if renewed is not None and renewed != self._refresh_token:
            self._refresh_token = renewed
            if self._keep is not None:
                self._keep("refresh_token", renewed)
        return granted


def _next_link(answer: JsonObject) -> str:
    return str(cast(JsonObject, answer.get("paging") or {}).get("next_link") or "")


def _only(answer: JsonObject, plural: str, singular: str, changes: bool) -> Item:
    listed = items(answer, plural, singular)
    if len(listed) != 1:
        kind = Ambiguous if changes else Transient
        raise kind(Platform.SNAPCHAT, f"the answer holds {len(listed)} {plural}, not one")
    return listed[0]


def _encoded(ops: Ops) -> bytes:
    return json.dumps([dict(op) for op in ops]).encode()


def _as_refusal(response: httpx.Response) -> httpx.Response:
    """The same answer with the status it should have had."""
    return httpx.Response(400, content=response.content)

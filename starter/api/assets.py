"""``/assets``: the team's pictures and videos. Uploads stop at the limit, not after it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.types import Message

from creative.library import AssetInUse, AssetLibrary, AssetRefused, AssetUnknown, UploadRefused
from creative.library.links import Shown
from creative.storage import StorageFailed
from creative.uploads import most_bytes
from models.contract.creative import Origin
from models.contract.roles import Right
from models.tables import Asset
from starter import documents
from starter.api.answers import ApiRefused, answer
from starter.api.door import Caller, Door

_AROUND = 16_384
"""Bytes of a form besides its file: boundaries, headers, a folder and a label."""
_FIELD = 1_000
_SHOWN_FOR = 600
_OTHER_NATURE = "a form (multipart/form-data) with the field `file`"


class AssetDesk:
    """The library as a caller reaches it."""

    def __init__(self, library: AssetLibrary) -> None:
        self._library = library

    async def taken(self, caller: Caller, file: UploadFile, folder: str, label: str) -> Asset:
        """Keep an upload.

        Raises:
            ApiRefused: 422 it is not taken, 503 the store fails.
        """
        async with _told():
            return await self._library.add(
                caller.team_id,
                await file.read(),
                source=Origin.ADMIN.value,
                label=label,
                folder=folder,
                added_by=caller.by,
                name=file.filename or "",
            )

    async def listed(self, caller: Caller, **filters: Any) -> list[dict[str, Any]]:
        """Assets, the newest first, each with a link to its thumbnail."""
        rows = await self._library.find(caller.team_id, **filters)
        return [self._document(row) for row in rows]

    async def stored(self, caller: Caller) -> dict[str, Any]:
        """What the team has stored, and how much it may, in bytes."""
        return asdict(await self._library.stored(caller.team_id))

    async def shown(self, caller: Caller, sha256: str) -> dict[str, Any]:
        """One asset, with links to what it shows and the campaigns that show it.

        Raises:
            ApiRefused: 404 there is none, 503 the store fails.
        """
        async with _told():
            row = await self._library.one(caller.team_id, sha256)
            using = await self._library.used_by(caller.team_id, sha256)
            link: str | None = None
            with suppress(AssetRefused):  # no secret is set: the record is shown without
                link = await self._library.link(caller.team_id, sha256, _SHOWN_FOR)
        return self._document(row) | {"file": link, "used_by": [str(one) for one in using]}

    async def retired(self, caller: Caller, sha256: str) -> dict[str, Any]:
        """Offer it to nothing new.

        Raises:
            ApiRefused: 404 there is none.
        """
        async with _told():
            return self._document(await self._library.retire(caller.team_id, sha256, caller.by))

    async def deleted(self, caller: Caller, sha256: str) -> dict[str, Any]:
        """Let it go for good.

        Raises:
            ApiRefused: 404 there is none, 409 an ad that is not over shows it.
        """
        async with _told():
            done = await self._library.delete(caller.team_id, sha256, caller.by)
        return {"sha256": done.sha256, "deleted": True, "file_kept": done.kept or None}

    async def file(
        self, team_id: UUID, sha256: str, shown: Shown, until: int, signature: str
    ) -> FileResponse:
        """What a link shows.

        Raises:
            ApiRefused: 403 the link is not good, 404 it was deleted, 503 the store fails.
        """
        async with _told(refused=403):
            path, media_type = await self._library.opened(team_id, sha256, shown, until, signature)
        return FileResponse(
            path,
            media_type=media_type,
            headers={
                "cache-control": f"private, max-age={_SHOWN_FOR}",
                "x-content-type-options": "nosniff",
                # Whatever a browser makes of the bytes: it runs nothing and reaches nothing.
                "content-security-policy": "default-src 'none'; sandbox",
                "referrer-policy": "no-referrer",
                "content-disposition": f'inline; filename="{sha256[:12]}{path.suffix}"',
            },
        )

    def _document(self, row: Asset) -> dict[str, Any]:
        link: str | None = None
        if row.thumbnail_sha256:
            with suppress(AssetRefused):
                link = self._library.sharing.own_link(row, _SHOWN_FOR, "thumbnail")
        return documents.asset(row) | {"thumbnail": link}


def asset_routes(door: Door, desk: AssetDesk) -> APIRouter:
    """Routes under ``/assets``."""
    router = APIRouter(tags=["assets"])
    may_see, may_operate = (Depends(door.needs(one)) for one in (Right.SEE, Right.OPERATE))

    @router.post("/assets", status_code=201)
    async def upload(request: Request, caller: Annotated[Caller, may_operate]) -> Response:
        """Upload a picture or a video: a form with ``file``, ``folder`` and ``label``."""
        async with _form(request) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise ApiRefused(422, f"field file is missing; send {_OTHER_NATURE}")
            folder, label = (str(form.get(name) or "") for name in ("folder", "label"))
            row = await desk.taken(caller, file, folder, label)
        return answer(await desk.shown(caller, row.sha256), 201)

    @router.get("/assets")
    async def listed(
        caller: Annotated[Caller, may_see],
        kind: str = "",
        source: str = "",
        folder: str = "",
        label: str = "",
        retired: bool = False,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    ) -> Response:
        """Pictures and videos, the newest first."""
        return answer(
            await desk.listed(
                caller, kind=kind, source=source, folder=folder, label=label, retired=retired,
                limit=limit,
            )
        )  # fmt: skip

    @router.get("/assets/stored")
    async def stored(caller: Annotated[Caller, may_see]) -> Response:
        """Bytes that the team's files take, what of them Adflight made, and the quota."""
        return answer(await desk.stored(caller))

    @router.get("/assets/{sha256}")
    async def shown(caller: Annotated[Caller, may_see], sha256: str) -> Response:
        """One asset: links good for ten minutes, and which campaigns show it."""
        return answer(await desk.shown(caller, sha256))

    @router.post("/assets/{sha256}/retire")
    async def retire(caller: Annotated[Caller, may_operate], sha256: str) -> Response:
        """Offer it to nothing new."""
        return answer(await desk.retired(caller, sha256))

    @router.delete("/assets/{sha256}")
    async def delete(caller: Annotated[Caller, may_operate], sha256: str) -> Response:
        """Delete it; refused while an ad that is not over shows it."""
        return answer(await desk.deleted(caller, sha256))

    @router.get("/assets/{sha256}/file")
    async def file(
        sha256: str, team: UUID, until: int, signature: str, shown: Shown = "file"
    ) -> Response:
        """The picture or video, for whoever has a link that is still good."""
        return await desk.file(team, sha256, shown, until, signature)

    return router


@asynccontextmanager
async def _form(request: Request) -> AsyncGenerator[FormData]:
    """A form of one file, counted while it comes in: larger ones are not received to their end."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise ApiRefused(415, f"send {_OTHER_NATURE}")
    most = most_bytes() + _AROUND
    too_large = ApiRefused(
        413, f"the upload is over {most_bytes():,} bytes; make the file smaller", connection="close"
    )
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > most):
        raise too_large
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > most:
            raise too_large
        return message

    counted = Request(request.scope, receive)
    try:
        async with counted.form(max_files=1, max_fields=4, max_part_size=_FIELD) as form:
            yield form
    except HTTPException as refused:
        raise ApiRefused(400, f"the form cannot be read: {refused.detail}") from None


@asynccontextmanager
async def _told(refused: int = 422) -> AsyncGenerator[None]:
    """The library's refusals with their status."""
    try:
        yield
    except AssetUnknown:
        raise ApiRefused(404, "there is no such asset; see GET /assets") from None
    except AssetInUse as error:
        raise ApiRefused(409, f"refused: {error}") from None
    except (UploadRefused, AssetRefused) as error:
        raise ApiRefused(refused, str(error)) from None
    except StorageFailed as error:
        raise ApiRefused(503, str(error)) from None

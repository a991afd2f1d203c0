"""The asset library from outside: REST and the command line (D27, D37, K13, N16, CONFLICT-49)."""

import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import update
from sqlmodel import select

from models.contract.roles import Role
from models.database import Database
from models.settings import Settings
from models.tables import Account, Asset, Campaign
from starter.api import add_api
from starter.cli import session as cli_session
from starter.stack.local import LocalStack
from starter.team import set_up
from starter.temporal import TemporalUnreachable
from tests.creative.library.files import MAKER, encoded, exif, heic
from tests.creative.library.hostile import SVG
from tests.starter.test_api import HERE, Site
from tests.starter.test_limits_cli import Desk

PHOTO = encoded("JPEG", exif=exif())
DIGEST = hashlib.sha256(PHOTO).hexdigest()


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings: Settings, database: Database, tmp_path: Path) -> AsyncGenerator[Site]:
    """Two teams, and a directory of assets of their own."""
    own = [
        settings.model_copy(
            update={
                "team_id": uuid4(), "person": "owner", "directory": tmp_path, "public_url": HERE,
                "link_secret": SecretStr("a secret of the operator"),
            }
        )
        for _ in range(2)
    ]  # fmt: skip
    for one in own:
        await set_up(database, one, environ={})
    app = FastAPI(openapi_url=None)
    made = Site(own[0], database, app, own[0].team_id, own[1].team_id)

    async def nobody() -> Any:
        raise TemporalUnreachable("nobody is there")

    add_api(app, database, own[0], nobody, wall=made.wall)
    yield made


async def test_upload_look_link_retire_delete(site: Site) -> None:
    token = await site.token(site.team, "otto", Role.OPERATOR)
    stranger = await site.token(site.other, "victor", Role.OWNER)
    async with site.program(token) as program, site.program(stranger) as other:
        answer = await program.post(
            "/assets",
            files={"file": ("mill.jpg", PHOTO, "text/html")},
            data={"folder": "/game", "label": "Mill"},
        )
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert (told["sha256"], told["media_type"], told["bytes"]) == (
            DIGEST, "image/jpeg", len(PHOTO),
        )  # fmt: skip
        assert (told["folder"], told["label"], told["source"]) == ("/game", "Mill", "admin")
        assert told["added_by"] == "otto (token of otto)"
        assert told["used_by"] == []
        (listed,) = (await program.get("/assets", params={"folder": "/game"})).json()
        assert listed["sha256"] == DIGEST
        assert (await program.get("/assets", params={"kind": "video"})).json() == []
        # Nobody else's: neither seen nor touched.
        assert (await other.get("/assets")).json() == []
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/retire")):
            answer = await other.request(method, f"/assets/{DIGEST}{path}")
            assert answer.status_code == 404, path
    async with site.program("") as anybody:
        for name in ("file", "thumbnail"):
            shown = await anybody.get(told[name])
            assert shown.status_code == 200, shown.text
            assert shown.headers["content-type"] == "image/jpeg"
            assert shown.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in shown.headers["content-security-policy"]
            assert MAKER.encode() not in shown.content
        bare = told["file"].partition("?")[0]
        assert (await anybody.get(bare)).status_code == 422
        assert (await anybody.get(f"/assets/{DIGEST}")).status_code == 401
        forged = told["file"].replace(str(site.team), str(site.other))
        assert (await anybody.get(forged)).status_code == 403
        site.ahead += site.ahead.resolution * 601_000_000  # ten minutes and a second
        gone = await anybody.get(told["file"])
        assert gone.status_code == 403
        assert gone.json()["error"].startswith("This link is not good, or not any more")
    async with site.program(token) as program:
        retired = (await program.post(f"/assets/{DIGEST}/retire")).json()
        assert retired["retired_by"] == "otto (token of otto)"
        assert (await program.get("/assets")).json() == []
        assert len((await program.get("/assets", params={"retired": True})).json()) == 1
        campaign = await site.campaign(site.team, status="active", plan={"photo": DIGEST})
        refused = await program.delete(f"/assets/{DIGEST}")
        assert refused.status_code == 409
        assert str(campaign.id) in refused.json()["error"]
        async with site.database.team(site.team) as session:
            await session.execute(update(Campaign).values(status="completed"))
        assert (await program.delete(f"/assets/{DIGEST}")).json() == {
            "sha256": DIGEST, "deleted": True, "file_kept": None,
        }  # fmt: skip
        assert (await program.get(f"/assets/{DIGEST}")).status_code == 404
    assert not [one for one in site.settings.assets.rglob("*") if one.is_file()]


async def test_what_is_not_taken_is_one_sentence(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await site.token(site.team, "otto", Role.OPERATOR)
    async with site.program(token) as program:
        for file, said in (
            (("x.svg", SVG), "'x.svg' is an SVG drawing, which is not taken"),
            (("x.png", PHOTO), "rename it to .jpg"),
            (("x.jpg", PHOTO + b"more"), "has 4 bytes after its end"),
        ):
            answer = await program.post("/assets", files={"file": file})
            assert answer.status_code == 422, answer.text
            assert said in answer.json()["error"]
        answer = await program.post(
            "/assets", files={"file": ("x.jpg", PHOTO)}, data={"folder": "../etc"}
        )
        assert answer.status_code == 422
        assert "must be like /game" in answer.json()["error"]
        answer = await program.post("/assets", files={"picture": ("x.jpg", PHOTO)})
        assert answer.status_code == 422
        assert "Field file is missing" in answer.json()["error"]
        answer = await program.post("/assets", data={"file": "text"}, files={"a": b"x"})
        assert answer.status_code == 422
        assert (await program.post("/assets", json={})).status_code == 415
        for body, why in ((b"--x\r\nnonsense", "cannot be read"), (b"", "cannot be read")):
            answer = await program.post(
                "/assets", content=body, headers={"content-type": "multipart/form-data"}
            )
            assert answer.status_code == 400, why
            assert "The form cannot be read" in answer.json()["error"]
        two = [("file", ("a.jpg", PHOTO)), ("file", ("b.jpg", PHOTO))]
        assert (await program.post("/assets", files=two)).status_code == 400
    assert await site.rows(site.team, Asset) == []


async def test_the_quota_over_rest(site: Site, tmp_path: Path) -> None:
    token = await site.token(site.team, "otto", Role.OPERATOR)
    viewer = await site.token(site.team, "vera", Role.VIEWER)
    small = site.settings.model_copy(update={"asset_quota": len(PHOTO) + 10})
    app = FastAPI(openapi_url=None)

    async def nobody() -> Any:
        raise TemporalUnreachable("nobody is there")

    add_api(app, site.database, small, nobody, wall=site.wall)
    other = Site(small, site.database, app, site.team, site.other)
    async with other.program(token) as program:
        for _ in range(2):  # the same bytes take no room
            assert (await program.post("/assets", files={"file": ("x.jpg", PHOTO)})).is_success
        answer = await program.post("/assets", files={"file": ("y.heic", heic())})
        assert answer.status_code == 422
        assert "'y.heic' has" in answer.json()["error"]
        assert "quota leaves 10: " in answer.json()["error"]
    async with other.program(viewer) as program:
        assert (await program.get("/assets/stored")).json() == {
            "used": len(PHOTO), "made": 0, "quota": len(PHOTO) + 10,
        }  # fmt: skip


async def test_a_large_upload_is_not_received_to_its_end(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("creative.media.limits.MOST_VIDEO_BYTES", 1_000_000)
    monkeypatch.setattr("creative.media.limits.MOST_IMAGE_BYTES", 1_000_000)
    token = await site.token(site.team, "otto", Role.OPERATOR)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        for _ in range(1_000):
            sent += 100_000
            yield bytes(100_000)

    form = {"content-type": "multipart/form-data; boundary=x"}
    async with site.program(token) as program:
        answer = await program.post("/assets", content=endless(), headers=form)
        assert answer.status_code == 413, answer.text
        assert "over 1,000,000 bytes" in answer.json()["error"]
        assert answer.headers["connection"] == "close"
        announced = {**form, "content-length": "99999999999"}
        assert (await program.post("/assets", content=b"--x", headers=announced)).status_code == 413
    # A stranger's body is not looked at.
    async with site.program("") as nobody:
        answer = await nobody.post("/assets", files={"file": ("a.jpg", PHOTO)})
        assert answer.status_code == 401


# -- the command line -----------------------------------------------------------------------------


@pytest.fixture
def desk(
    stack: LocalStack, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Desk:  # fmt: skip
    own = settings.model_copy(update={"person": "olga", "directory": tmp_path})
    made = Desk(own, capsys)
    monkeypatch.setattr(cli_session.environment, "load", lambda: made.settings)
    monkeypatch.setattr(cli_session, "gc", SimpleNamespace(collect=lambda: 0))
    return made


def test_the_library_at_the_command_line(desk: Desk, tmp_path: Path) -> None:
    good, wrong, phone = tmp_path / "mill.jpg", tmp_path / "photo.jpg", tmp_path / "IMG_1.HEIC"
    good.write_bytes(PHOTO)
    wrong.write_bytes(b"This is a text and nothing else whatsoever.\n")
    phone.write_bytes(heic())
    upload = ("assets", "upload", "--folder", "/game", "--by", "olga")
    said = desk(*upload, str(good), str(wrong), str(phone), code=7)
    assert f"{DIGEST[:12]}  320x200" in said
    assert "Not added: 'photo.jpg' is a text, which is not taken; upload JPEG, PNG" in said
    assert "cannot be read: No such file" in desk(*upload, str(tmp_path / "none.jpg"), code=1)
    private = desk(*upload, "https://127.0.0.1/a.jpg", code=1)
    assert "private or reserved address" in private
    told = json.loads(desk(*upload, "--label", "Mill", str(good), "--json"))
    assert (told[0]["sha256"], told[0]["label"]) == (DIGEST, "Mill")
    rows = desk.json("assets", "list")
    assert [(one["media_type"], one["folder"], one["added_by"]) for one in rows] == [
        ("image/heic", "/game", "olga"), ("image/jpeg", "/game", "olga"),
    ]  # fmt: skip
    assert desk.json("assets", "list", "--label", "mil") == [rows[1]]
    table = desk("assets")
    assert "heic" in table
    assert "320x200, 0.0 MB" in table
    shown = desk.json("assets", "show", DIGEST[:8])
    assert shown["path"] == f"{desk.team}/{DIGEST[:2]}/{DIGEST}.jpg"
    assert "label        Mill" in desk("assets", "show", DIGEST[:8])
    link = desk("assets", "link", DIGEST[:8], "--minutes", "5")
    assert f"/assets/{DIGEST}/file?team={desk.team}" in link
    assert "for 5 min" in link
    assert desk.json("assets", "link", DIGEST[:8])["minutes"] == 60
    assert "begins with 'zz'" in desk("assets", "show", "zz", code=2)
    assert "is offered to no new campaign" in desk("assets", "retire", DIGEST[:8])
    assert len(desk.json("assets", "list")) == 1
    assert "retired" in desk("assets", "list", "--retired")


def test_the_quota_at_the_command_line(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, more = tmp_path / "mill.jpg", tmp_path / "IMG_1.HEIC"
    good.write_bytes(PHOTO)
    more.write_bytes(heic())
    assert "Stored: 0 B of 10.0 GiB." in desk("assets", "list")
    monkeypatch.setenv("ADFLIGHT_ASSET_QUOTA", "5KiB")
    quota = Settings().asset_quota
    assert len(PHOTO) <= quota == 5120 < len(PHOTO) + len(heic())
    small = desk.settings.model_copy(update={"asset_quota": quota})
    monkeypatch.setattr(cli_session.environment, "load", lambda: small)
    said = desk("assets", "upload", str(good), str(more), code=7)
    size = len(heic())
    assert f"Not added: 'IMG_1.HEIC' has {size:,} bytes and the team's quota leaves" in said
    assert "of 5.0 KiB are used; delete what no ad needs with `adflight assets delete`" in said
    assert "KiB of 5.0 KiB." in desk("assets", "list")
    assert len(desk.json("assets", "list")) == 1


def test_deleting_at_the_command_line(desk: Desk, tmp_path: Path) -> None:
    good = tmp_path / "mill.jpg"
    good.write_bytes(PHOTO)
    desk("assets", "upload", str(good))
    said = desk("assets", "delete", DIGEST[:8], code=2)
    assert "repeat with --yes" in said

    async def shown_by(database: Database) -> str:
        async with database.team(desk.team) as session:
            account = await session.scalar(select(Account).limit(1))
            assert account is not None
            number = uuid4()
            session.add(
                Campaign(
                    id=number, team_id=desk.team, account_id=account.id, platform="meta",
                    workflow_id=f"campaign-{number}", name="Nets", objective="traffic",
                    campaign_type="game", destination_url="https://journal.example/",
                    daily_budget_micros=1, spend_micros=0, month_spend_micros=0,
                    status="paused", plan={"photo": DIGEST},
                )
            )  # fmt: skip
            return str(number)

    campaign = desk.do(shown_by)
    assert desk.json("assets", "show", DIGEST)["used_by"] == [campaign]
    said = desk("assets", "delete", DIGEST[:8], "--yes", code=5)
    assert campaign in said
    assert "end them first, or retire it" in said

    async def over(database: Database) -> None:
        async with database.team(desk.team) as session:
            await session.execute(update(Campaign).values(status="killed"))

    desk.do(over)
    done = json.loads(desk("assets", "delete", DIGEST[:8], "--yes", "--json"))
    assert done == {"sha256": DIGEST, "deleted": True, "file_kept": None}
    assert "No assets. Add one with `adflight assets upload FILE`." in desk("assets", "list")


def test_a_viewer_sees_and_changes_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tmp_path / "mill.jpg"
    good.write_bytes(PHOTO)
    desk("people", "add", "vera", "--role", "viewer")
    desk("assets", "upload", str(good))
    viewer = desk.settings.model_copy(update={"person": "vera"})
    monkeypatch.setattr(cli_session.environment, "load", lambda: viewer)
    assert len(desk.json("assets", "list")) == 1
    for command in (
        ("upload", str(good)), ("link", DIGEST), ("retire", DIGEST), ("delete", DIGEST, "--yes"),
    ):  # fmt: skip
        assert "is a viewer" in desk("assets", *command, code=3)
    assert len(desk.json("assets", "list")) == 1

"""Creatives, the brand and ads of one's own at the command line (D1, D9, D26, D34, N16)."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from creative import specs
from creative.footage import probe
from creative.provenance import check
from models.contract.vocabulary import Platform
from models.settings import Settings
from starter.cli import session as cli_session
from starter.creatives.folder import MANIFEST, SHEET
from starter.stack.local import LocalStack
from starter.temporal import connect
from tests.creative.articles import LIBRARY
from tests.creative.library.files import clip, encoded, picture
from tests.namespaces import opened
from tests.stack import serving
from tests.starter.test_limits_cli import Desk

ARTICLE = f"""---
url: {LIBRARY.canonical_url}
title: "{LIBRARY.title}"
description: "{LIBRARY.description}"
---
{LIBRARY.text}
"""


@pytest.fixture
def desk(
    stack: LocalStack, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Desk:  # fmt: skip
    own = settings.model_copy(update={"person": "olga", "directory": tmp_path / "home"})
    made = Desk(own, capsys)
    monkeypatch.setattr(cli_session.environment, "load", lambda: made.settings)
    monkeypatch.setattr(cli_session, "gc", SimpleNamespace(collect=lambda: 0))
    return made


@pytest.fixture
def article(tmp_path: Path) -> Path:
    file = tmp_path / "article.md"
    file.write_text(ARTICLE)
    return file


@pytest.fixture
def workers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers of the same home, in a thread: commands run to their end in this one."""
    begun, done = threading.Event(), threading.Event()

    async def work() -> None:
        client = await opened(await connect(desk.settings), "creatives")
        async with serving(desk.settings, client, "management", "creative"):
            begun.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    try:
        assert begun.wait(30)
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "creatives")
        yield
    finally:
        done.set()
        thread.join(30)


SOURCE = f"{LIBRARY.title}. {LIBRARY.description} {LIBRARY.text} Guided tours are free."


# -- making -------------------------------------------------------------------------------------


def test_what_cannot_be_made_is_refused_before_anything_happens(
    desk: Desk, article: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    make = ("creatives", "make")
    gone = str(tmp_path / "gone.md")
    assert "cannot be read (No such file" in desk(*make, gone, "--out", str(out), code=2)
    (tmp_path / "empty.md").write_text("nothing")
    said = desk(*make, str(tmp_path / "empty.md"), "--out", str(out), code=2)
    assert "it has no front matter" in said
    given = (*make, str(article), "--out", str(out))
    assert "give the whole offer too, with --offer TEXT" in desk(*given, "--badge", "-20%", code=2)
    long = desk(*given, "--offer", "A fifth off", "--badge", "x" * 15, code=2)
    assert "offer badge" in long
    assert "14 characters" in long
    assert "myspace" in desk(*given, "--platforms", "myspace", code=2)
    missing = desk(*given, "--image", str(tmp_path / "none.png"), code=2)
    assert "none.png' is not there" in missing
    text = tmp_path / "photo.jpg"
    text.write_bytes(b"This is a text and nothing else whatsoever.\n")
    assert "photo.jpg' is a text" in desk(*given, "--image", str(text), code=2)
    assert not any(out.iterdir())

    (out / "holiday.txt").write_text("mine")
    assert "is not empty and not a folder of creatives" in desk(*given, code=2)
    file = tmp_path / "file"
    file.write_text("")
    assert "name another folder" in desk(*make, str(article), "--out", str(file), code=2)
    assert (out / "holiday.txt").read_text() == "mine"


def test_a_folder_is_whole_and_a_second_run_replaces_it(
    desk: Desk, article: Path, tmp_path: Path, workers: None
) -> None:
    out, own = tmp_path / "out", tmp_path / "own.png"
    own.write_bytes(encoded("PNG", picture((1300, 1300))))
    given = ("creatives", "make", str(article), "--out", str(out), "--variants", "1")
    told = desk.json(*given, "--platforms", "telegram,x", "--offer", "Guided tours are free",
                     "--badge", "Free")  # fmt: skip
    manifest = json.loads((out / MANIFEST).read_text())
    assert told == manifest
    assert manifest["problems"] == []
    assert "sandbox" in manifest["label"]
    assert manifest["article"]["title"] == LIBRARY.title
    assert set(manifest["platforms"]) == {"telegram", "x"}
    there = {str(one.relative_to(out)) for one in out.rglob("*") if one.is_file()}
    assert there == set(manifest["files"])
    assert specs.measure_image((out / SHEET).read_bytes()).format == "PNG"
    for name, made in manifest["platforms"].items():
        (variant,) = made["variants"]
        assert variant["compliance"]["outcome"] == "pass"
        assert variant["angle"]
        assert variant["copy"]["headline"]
        for claim in variant["claims"]:
            assert claim["source"] in SOURCE
        placements = {one.name: one for one in specs.of(Platform(name))}
        assert {one["placement"] for one in variant["files"]} == set(placements)
        for file in variant["files"]:
            data = (out / file["file"]).read_bytes()
            assert sha256(data).hexdigest() == file["sha256"]
            if file["kind"] == "video":
                film = probe(data)
                seen = specs.Measured(film.width, film.height, len(data), "MP4", film.seconds)
                media_type = "video/mp4"
            else:
                seen = specs.measure_image(data)
                media_type = f"image/{seen.format.lower()}"
            assert specs.problems(placements[file["placement"]], seen) == []
            assert (file["width"], file["height"]) == (seen.width, seen.height)
            assert check(data, media_type).state == file["provenance"] == "valid"
            assert file["contrast"] >= 4.5
    copy = (out / "x" / "copy.md").read_text()
    assert manifest["platforms"]["x"]["variants"][0]["copy"]["headline"] in copy

    # A run that is refused leaves it alone, and one that succeeds replaces it.
    desk("creatives", "make", str(tmp_path / "gone.md"), "--out", str(out), code=2)
    assert json.loads((out / MANIFEST).read_text()) == manifest
    assert (out / "telegram").is_dir()
    said = desk(*given, "--platforms", "apple", "--image", str(own))
    assert "look at" in said
    second = json.loads((out / MANIFEST).read_text())
    there = {str(one.relative_to(out)) for one in out.rglob("*") if one.is_file()}
    assert there == set(second["files"])
    assert not (out / "telegram").exists()
    (variant,) = second["platforms"]["apple_search_ads"]["variants"]
    assert variant["author"] == "admin"
    assert {one["source"] for one in variant["files"]} == {"a person's own"}


def test_a_picture_too_small_for_some_is_left_out_there_and_told(
    desk: Desk, article: Path, tmp_path: Path, workers: None
) -> None:
    own, out = tmp_path / "own.png", tmp_path / "out"
    own.write_bytes(encoded("PNG", picture((700, 700))))
    said = desk(
        "creatives", "make", str(article), "--out", str(out), "--platforms", "x", "--variants",
        "1", "--image", str(own), code=1,
    )  # fmt: skip
    assert "Nothing was made" in said
    manifest = json.loads((out / MANIFEST).read_text())
    assert manifest["platforms"]["x"]["variants"] == []
    (problem,) = manifest["platforms"]["x"]["dropped"]
    assert problem.startswith("v1: x website card image: 700x700 pixels leave ")
    assert "the minimum is 800x419" in problem


def test_a_video_without_room_for_captions_is_made_and_told(
    desk: Desk, article: Path, tmp_path: Path, workers: None
) -> None:
    """A recording of a second lasts three on Telegram: too short for what the ad says."""
    film, out = tmp_path / "ride.mp4", tmp_path / "out"
    film.write_bytes(clip("mp4", (640, 360), 1.0))
    article.write_text(ARTICLE.replace("---\nurl", "---\ncontent_type: game\nurl", 1))
    desk("assets", "upload", str(film), "--folder", "/game")
    said = desk(
        "creatives", "make", str(article), "--out", str(out), "--platforms", "telegram",
        "--variants", "1", code=7,
    )  # fmt: skip
    manifest = json.loads((out / MANIFEST).read_text())
    made = manifest["platforms"]["telegram"]
    (note,) = made["notes"]
    told = r"v1: telegram sponsored video without captions: the captions take \d+\.\d s to read"
    assert re.match(rf"{told} and the video lasts 3\.0 s: use fewer or shorter captions$", note)
    assert manifest["problems"] == [f"telegram {note}"]
    assert "Left out: telegram v1: telegram sponsored video" in said
    (variant,) = made["variants"]
    (video,) = [one for one in variant["files"] if one["kind"] == "video"]
    assert (video["origin"], video["problems"]) == ("game_asset", [])
    assert 3 <= video["seconds"] < 3.2


# -- the brand ------------------------------------------------------------------------------------


def test_a_brand_is_set_or_refused_by_field(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "brand.yaml"

    def put(**fields: object) -> None:
        file.write_text(yaml.safe_dump(fields))

    assert desk.json("brand")["accent"] == "#CAFC00"
    put(name="Harbour Baker", accent="lime")
    said = desk("brand", "set", str(file), code=2)
    assert "accent: colour 'lime' must be #RRGGBB" in said
    put(name="Harbour Baker", tone="loud")
    assert "field 'tone' is unknown; known: accent, competitors" in desk(
        "brand", "set", str(file), code=2
    )
    put(logo="0" * 64)
    assert "logo: " in desk("brand", "set", str(file), code=2)
    put(logo="my-logo.png")
    assert "must be the SHA-256 of an asset" in desk("brand", "set", str(file), code=2)
    film = tmp_path / "film.mp4"
    film.write_bytes(clip())
    (kept,) = json.loads(desk("assets", "upload", str(film), "--json"))
    put(logo=kept["sha256"])
    assert "is a video; name an image" in desk("brand", "set", str(file), code=2)
    file.write_text("- a list")
    assert "has no fields" in desk("brand", "set", str(file), code=2)
    assert "cannot be read" in desk("brand", "set", str(tmp_path / "gone.yaml"), code=2)
    assert desk.json("brand")["name"] == ""

    put(name="Harbour Baker", accent="#ff8800")
    assert "Not changed" in desk("brand", "set", str(file), "--dry-run")
    assert desk.json("brand")["name"] == ""
    assert "Brand set by olga" in desk("brand", "set", str(file), "--by", "olga")
    shown = desk.json("brand")
    assert (shown["name"], shown["accent"], shown["dark"]) == (
        "Harbour Baker", "#FF8800", "#111827",
    )  # fmt: skip
    assert "Harbour Baker" in desk("brand")


# -- ads of one's own in a campaign's file ------------------------------------------------------


def test_ads_of_ones_own_are_looked_at_before_anything_is_launched(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "campaign.yaml"
    fields = {
        "url": "https://journal.example/nets",
        "platform": "meta",
        "daily_budget": 20,
        "name": "Nets",
        "creatives": 1,
        "article": {"title": "Nets", "text": LIBRARY.text},
        "offer": {"text": "Guided tours are free", "badge": "Free"},
    }

    def new(*ads: dict[str, object], code: int = 2, **changes: object) -> str:
        file.write_text(yaml.safe_dump({**fields, "ads": list(ads), **changes}))
        return desk("new", str(file), "--dry-run", "--json", code=code)

    (tmp_path / "photo.jpg").write_bytes(b"This is a text and nothing else whatsoever.\n")
    (tmp_path / "good.png").write_bytes(encoded("PNG", picture((1200, 1200))))
    said = new({"image": "photo.jpg"})
    assert said.strip().startswith("ads.1.image: 'photo.jpg' is a text, which is not taken")
    said = new({"headline": "Nets"}, {"image": "good.png"}, {"video": "good.png"})
    assert "ads.3.video: good.png is a image; name it under image" in said
    assert "ads.1.video: " in new({"video": "gone.mp4"})
    assert "needs a headline, text, image or video" in new({"description": "only this"})
    assert "'ads.1.slogan' is unknown" in new({"headline": "Nets", "slogan": "x"})
    said = new({"headline": "Nets", "action": "Wow"})
    assert "ads.1.action: 'Wow' means no button; use one of learn_more, shop_now, sign_up" in said
    assert "offer.badge" in new(offer={"text": "Free tours", "badge": "x" * 15})
    plan = json.loads(new({"image": "good.png"}, {"headline": "Nets"}, code=0))["plan"]
    assert plan["variants"] == 2, "every ad of one's own has its place"
    assert plan["offer"] == {"text": "Guided tours are free", "badge": "Free"}
    assert desk.json("assets", "list") == [], "a dry run keeps nothing"

    desk.settings = desk.settings.model_copy(update={"asset_quota": 1_000})
    new({"image": "good.png"}, code=0)
    said = desk("new", str(file), "--yes", code=2)
    assert "'good.png' has" in said
    assert "the team's quota leaves 1,000: 0 B of 1000 B are used" in said
    assert desk.json("campaigns") == [], "nothing is launched without its picture"

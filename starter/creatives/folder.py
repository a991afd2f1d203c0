"""The folder of finished creatives: files by network, a contact sheet, a manifest; read back."""

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from creative import footage, specs
from creative.library import AssetLibrary
from creative.pictures import contact_sheet
from creative.placement import Placement
from creative.provenance import check
from models.contract.briefs import CreativeSet, VariantVerdict
from models.contract.content import Article
from models.contract.creative import Creative, ImageAsset, VideoAsset
from models.contract.vocabulary import Platform
from starter.creatives.make import Made

MANIFEST = "manifest.json"
SHEET = "contact-sheet.png"
_LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3


class FolderRefused(Exception):
    """The folder cannot be written to; one clear sentence."""


def prepare(out: Path) -> None:
    """Make the folder. What an earlier run left there stays until there is something better.

    Raises:
        FolderRefused: something else lies there.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        present = any(out.iterdir())
    except OSError as error:
        raise FolderRefused(f"--out {out}: {error.strerror}; name another folder") from None
    if present:
        _earlier(out)


def _clear(out: Path) -> None:
    """Remove what an earlier run left, by its manifest, which goes last: it says whose folder this
    is, should this run be cut short."""
    if not any(out.iterdir()):
        return
    whole = out.resolve()
    for name in _earlier(out):
        file = (out / name).resolve()
        if not file.is_relative_to(whole) or not file.is_file() or name == MANIFEST:
            continue
        file.unlink()
        if file.parent != whole and not any(file.parent.iterdir()):
            file.parent.rmdir()


def _earlier(out: Path) -> list[str]:
    """The files of an earlier run, by its manifest."""
    try:
        manifest = json.loads((out / MANIFEST).read_text())
        return [str(name) for name in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise FolderRefused(
            f"--out {out} is not empty and not a folder of creatives; name a new one"
        ) from None


class Folder:
    """Writes what was made, and checks what it wrote by reading it back."""

    def __init__(self, out: Path, library: AssetLibrary, team_id: UUID) -> None:
        self._out = out
        self._library = library
        self._team_id = team_id
        self._files: list[str] = []
        self._cells: dict[str, tuple[bytes, str]] = {}
        self.problems: list[str] = []

    async def write(
        self, article: Article, made: list[Made], *, label: str, began: float
    ) -> dict[str, Any]:
        """Write everything; the manifest as written. ``began`` is by the monotonic clock."""
        await asyncio.to_thread(_clear, self._out)
        platforms = {one.platform.value: await self._platform(one) for one in made}
        if self._cells:
            sheet = await asyncio.to_thread(contact_sheet, self._sheet(), title=article.title)
            self._put(SHEET, sheet)
        manifest = {
            "label": label,
            "article": {
                "url": article.canonical_url,
                "title": article.title,
                "type": article.content_type.value,
                "fingerprint": article.fingerprint,
            },
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - began, 1),
            "platforms": platforms,
            "problems": self.problems,
            "files": [*self._files, MANIFEST],
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        (self._out / MANIFEST).write_text(text + "\n", encoding="utf-8")
        return manifest

    async def _platform(self, made: Made) -> dict[str, Any]:
        result = made.result
        if result is None:
            self.problems.append(f"{made.platform.value}: {made.problem}")
            return {"problem": made.problem, "variants": []}
        variants = [await self._variant(made.platform, one, result) for one in result.creatives]
        self._put(f"{made.platform.value}/copy.md", _copy_sheet(made.platform, result).encode())
        self.problems += [f"{made.platform.value} {one}" for one in result.dropped]
        self.problems += [f"{made.platform.value} {one}" for one in result.notes]
        return {
            "problem": made.problem,
            "model": result.model,
            "variants": variants,
            "dropped": list(result.dropped),
            "rejected": [
                {"variant": one.variant, **_verdict(one)}
                for one in result.verdicts
                if one.report.outcome.value == "rejected"
            ],
            "costs": [
                {
                    "what": one.what,
                    "generator": one.generator,
                    "amount": str(one.amount) if one.amount else "unknown",
                }
                for one in result.costs
            ],
            "notes": list(result.notes),
        }

    async def _variant(
        self, platform: Platform, creative: Creative, result: CreativeSet
    ) -> dict[str, Any]:
        words = creative.copy_text
        verdict = next(one for one in result.verdicts if one.variant == creative.id)
        by_name = {one.name: one for one in specs.of(platform)}
        files = await asyncio.gather(
            *(
                self._asset(creative, by_name[placed.placement], asset)
                for placed in creative.placements
                for asset in (placed.image, placed.video)
                if asset is not None
            )
        )
        return {
            "id": creative.id,
            "author": creative.author,
            "angle": words.angle,
            "copy": {
                "headline": words.headline,
                "primary_text": words.primary_text,
                "description": words.description,
                "call_to_action": words.call_to_action.value,
                "hashtags": list(words.hashtags),
            },
            "claims": [{"text": one.text, "source": one.sentence} for one in words.claims],
            "compliance": _verdict(verdict),
            "files": files,
        }

    async def _asset(
        self, creative: Creative, placement: Placement, asset: ImageAsset
    ) -> dict[str, Any]:
        data = await self._library.read(self._team_id, asset.sha256)
        ending = Path(asset.path).suffix
        name = f"{placement.platform.value}/{creative.id}-{placement.name}{ending}"
        self._put(name, data)
        seen = await asyncio.to_thread(self._read_back, name, placement, asset)
        # One cell a placement: a video that has a cover is shown by it.
        if not isinstance(asset, VideoAsset) or placement.image is None:
            preview = await self._library.preview(self._team_id, asset.sha256)
            self._cells[name] = (preview, f"{placement.label} · {creative.id}")
        return {
            "file": name,
            "placement": placement.name,
            "kind": "video" if isinstance(asset, VideoAsset) else "image",
            "source": asset.source,
            "origin": asset.origin.value,
            "ai_made": asset.ai_made,
            "contrast": asset.contrast,
            "sha256": asset.sha256,
            **seen,
        }

    def _read_back(self, name: str, placement: Placement, asset: ImageAsset) -> dict[str, Any]:
        """What the file on disk really is; whatever is wrong becomes a problem."""
        data = (self._out / name).read_bytes()
        problems: list[str] = []
        if isinstance(asset, VideoAsset):
            film = footage.probe(data)
            has_audio = film.audio_codec is not None
            seen = specs.Measured(
                film.width, film.height, len(data), "MP4", film.seconds, audio=has_audio
            )
            report = check(data, "video/mp4")
        else:
            seen = specs.measure_image(data)
            report = check(data, f"image/{seen.format.lower()}")
        problems += specs.problems(placement, seen)
        if report.state not in ("valid", "trusted"):
            problems.append(f"content credentials read back as {report.state}")
        if asset.contrast is not None and asset.contrast < _LEAST_CONTRAST:
            problems.append(f"contrast {asset.contrast:.2f} is below {_LEAST_CONTRAST}")
        if sha256(data).hexdigest() != asset.sha256:
            problems.append("the file differs from what was made")
        self.problems += [f"{name}: {one}" for one in problems]
        told: dict[str, Any] = {
            "width": seen.width,
            "height": seen.height,
            "bytes": seen.bytes,
            "format": seen.format,
            "provenance": report.state,
            "problems": problems,
        }
        if seen.seconds is not None:
            told |= {"seconds": round(seen.seconds, 2), "audio": seen.audio}
        return told

    def _sheet(self) -> list[tuple[bytes, str]]:
        """Every picture and a frame of every video, in the order of the files."""
        return [self._cells[name] for name in self._files if name in self._cells]

    def _put(self, name: str, data: bytes) -> None:
        file = self._out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self._files.append(name)


def _verdict(verdict: VariantVerdict) -> dict[str, Any]:
    return {"outcome": verdict.report.outcome.value, "reasons": list(verdict.report.reasons)}


def _copy_sheet(platform: Platform, result: CreativeSet) -> str:
    """The copy for people: a section a variant."""
    lines = [f"# Copy for {platform.value}", ""]
    for creative in result.creatives:
        words = creative.copy_text
        parts: Mapping[str, str] = {
            "Headline": words.headline,
            "Text": words.primary_text,
            "Description": words.description,
            "Button": words.call_to_action.value.replace("_", " "),
            "Hashtags": " ".join(words.hashtags),
        }
        lines += [f"## {creative.id}: {words.angle}", ""]
        lines += [f"- **{name}:** {text}" for name, text in parts.items() if text]
        lines += [f"- Claim: {one.text} — source: “{one.sentence}”" for one in words.claims]
        lines.append("")
    return "\n".join(lines)

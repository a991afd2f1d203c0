"""Making creatives: copy by Claude, the compliance check, a still image and a video each."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.claude import Claude, ToolCall
from activities.evaluation import fenced
from activities.heartbeat import heartbeating
from activities.outcomes import CLAUDE_REFUSED
from creative import compliance, copywriting, still_image
from creative.video import SECONDS, VideoFailed, from_still
from creative.video import SOURCE as VIDEO_SOURCE
from models.contract.briefs import (
    ComplianceOutcome,
    ComplianceReport,
    CopySet,
    CopyToCheck,
    CreativeBrief,
    MediaBrief,
)
from models.contract.creative import AdCopy, ImageAsset, Media, VideoAsset
from models.contract.vocabulary import SpecialCategory
from platforms.registry import capabilities
from policy import regulated_category

_ARTICLE_TEXT = 12_000


class CreativeActivities:
    """Collaborators: Claude, and the directory where assets live."""

    def __init__(self, claude: Claude, assets: Path) -> None:
        self._claude = claude
        self._assets = assets

    @activity.defn
    async def write_copy(self, brief: CreativeBrief) -> CopySet:
        """Distinct copy variants within the network's limits, facts from the article only."""
        limits = capabilities(brief.platform).copy_limits
        actions = sorted(one.value for one in capabilities(brief.platform).calls_to_action)
        article = brief.article
        source = f"{article.title}. {article.description} {article.text}"
        told = copywriting.brief(
            limits,
            platform=brief.platform.value,
            objective=brief.plan.objective.value,
            variants=brief.plan.variants,
            actions=actions,
        )
        content = {
            "url": article.canonical_url,
            "title": article.title,
            "description": article.description,
            "text": article.text[:_ARTICLE_TEXT],
            "tags": list(article.tags),
        }

        def check(calls: Sequence[ToolCall]) -> dict[str, str]:
            if len(calls) != 1 or calls[0].name != "write_copy":
                return {"": "Call write_copy exactly once."}
            problem = copywriting.problems(calls[0].input, limits, actions)
            return {calls[0].id: problem} if problem else {}

        async with heartbeating():
            answer = await self._claude.ask(
                brief.team_id,
                purpose="copy",
                system=copywriting.SYSTEM,
                question=f"<brief>{fenced(told)}</brief>\n<article>{fenced(content)}</article>",
                tools=copywriting.TOOLS,
                check=check,
            )
        if answer.problems:
            raise ApplicationError(
                f"no usable copy after a rewrite: {answer.problems[0]}",
                type=CLAUDE_REFUSED,
                non_retryable=True,
            )
        written = copywriting.Written.model_validate(answer.calls[0].input)
        kept: list[AdCopy] = []
        dropped: list[str] = []
        for variant in written.variants[: brief.plan.variants]:
            missing = copywriting.unproven(variant, source)
            if missing:
                dropped.append(f"{variant.angle}: claim without source {missing[0]!r}")
            else:
                kept.append(compliance.with_hashtags_that_fit(variant.as_copy(), limits))
        return CopySet(variants=tuple(kept), dropped=tuple(dropped), model=answer.model)

    @activity.defn
    async def check_copy(self, case: CopyToCheck) -> ComplianceReport:
        """The compliance verdict on one copy. What reads as regulated and is not declared so is
        left to a person."""
        report = compliance.check(case, capabilities(case.platform).copy_limits)
        words = case.copy_text
        seen = regulated_category.decide(words.headline, words.primary_text, words.hashtags)
        rejected = report.outcome is ComplianceOutcome.REJECTED
        if rejected or not seen.found or case.special_category != SpecialCategory.NONE.value:
            return report
        doubt = f"not declared as {seen.category.value}, but {seen.reason}"
        return ComplianceReport(
            outcome=ComplianceOutcome.NEEDS_PERSON, reasons=(*report.reasons, doubt)
        )

    @activity.defn
    async def make_media(self, brief: MediaBrief) -> Media:
        """Render and store what one variant shows; files are named by their content."""
        able = capabilities(brief.platform)
        seed = f"{brief.campaign_id}/{brief.variant}"
        try:
            async with heartbeating():
                image = await asyncio.to_thread(
                    still_image.render, brief.headline, brief.site, able.image_size, seed
                )
                picture = await self._keep(image, "png")
                video = able.video_size and await self._film(brief, able.video_size, seed)
        except (ValueError, VideoFailed) as error:
            raise ApplicationError(str(error), type="MediaRefused", non_retryable=True) from None
        width, height = able.image_size
        return Media(
            image=ImageAsset(
                sha256=picture[0],
                path=picture[1],
                width=width,
                height=height,
                source=still_image.SOURCE,
            ),
            video=video,
        )

    async def _film(self, brief: MediaBrief, size: tuple[int, int], seed: str) -> VideoAsset:
        """A video of its own picture, made for its own shape."""
        still = await asyncio.to_thread(still_image.render, brief.headline, brief.site, size, seed)
        digest, path = await self._keep(await asyncio.to_thread(from_still, still, size), "mp4")
        return VideoAsset(
            sha256=digest,
            path=path,
            width=size[0],
            height=size[1],
            seconds=SECONDS,
            source=VIDEO_SOURCE,
        )

    async def _keep(self, data: bytes, ending: str) -> tuple[str, str]:
        """Digest and relative path of stored bytes."""
        digest = hashlib.sha256(data).hexdigest()
        path = f"{digest[:2]}/{digest}.{ending}"
        await asyncio.to_thread(_store, self._assets / path, data)
        return digest, path


def _store(path: Path, data: bytes) -> None:
    """Write beside, then rename: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{uuid4().hex}")
    beside.write_bytes(data)
    os.replace(beside, path)

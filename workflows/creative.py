"""The making of a campaign's creatives: copy, compliance, media."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from urllib.parse import urlsplit

    from activities.creatives import CreativeActivities
    from models.contract.briefs import (
        ComplianceOutcome,
        ComplianceReport,
        CopySet,
        CopyToCheck,
        CreativeBrief,
        CreativeSet,
        MediaBrief,
    )
    from models.contract.creative import AdCopy, Creative, Media
    from workflows import timeouts
    from workflows.errands import carry_out, failure_text


@workflow.defn(name="creative")
class CreativeWorkflow:
    """Creatives of one campaign; variants are made side by side and fail one by one."""

    @workflow.run
    async def run(self, brief: CreativeBrief) -> CreativeSet:
        """Write, check, illustrate."""
        written: CopySet = await carry_out(
            CreativeActivities.write_copy,
            brief,
            timeouts.CLAUDE,
            f"Ask Claude for {brief.plan.variants} copy variant(s)",
        )
        article = brief.article
        source = f"{article.title}. {article.description} {article.text}"
        made = await asyncio.gather(
            *(
                self._make(brief, f"v{number}", copy, source)
                for number, copy in enumerate(written.variants, 1)
            )
        )
        needs_person: list[str] = []
        dropped = list(written.dropped)
        creatives: list[Creative] = []
        for creative, report, number in made:
            if report.outcome is ComplianceOutcome.REJECTED or creative is None:
                dropped.append(f"{number}: {'; '.join(report.reasons)}")
                continue
            creatives.append(creative)
            needs_person += [f"creative {number}: {reason}" for reason in report.reasons]
        return CreativeSet(
            creatives=tuple(creatives),
            needs_person=tuple(dict.fromkeys(needs_person)),
            dropped=tuple(dropped),
        )

    async def _make(
        self, brief: CreativeBrief, number: str, copy: AdCopy, source: str
    ) -> tuple[Creative | None, ComplianceReport, str]:
        report: ComplianceReport = await carry_out(
            CreativeActivities.check_copy,
            CopyToCheck(
                platform=brief.platform,
                copy_text=copy,
                source=source,
                special_category=brief.plan.special_category.value,
            ),
            timeouts.MEDIA,
            f"Compliance check of {number}",
        )
        if report.outcome is ComplianceOutcome.REJECTED:
            return None, report, number
        media = await self._illustrate(brief, number, copy)
        if isinstance(media, ActivityError):
            report = ComplianceReport(
                outcome=ComplianceOutcome.REJECTED, reasons=(failure_text(media),)
            )
            return None, report, number
        made = Creative(id=number, copy_text=copy, image=media.image, video=media.video)
        return made, report, number

    async def _illustrate(
        self, brief: CreativeBrief, number: str, copy: AdCopy
    ) -> Media | ActivityError:
        """What it shows, or why there is nothing: one variant's trouble is not the others'."""
        try:
            return await self._media(brief, number, copy)
        except ActivityError as error:
            return error

    async def _media(self, brief: CreativeBrief, number: str, copy: AdCopy) -> Media:
        return await carry_out(
            CreativeActivities.make_media,
            MediaBrief(
                campaign_id=brief.campaign_id,
                variant=number,
                platform=brief.platform,
                headline=copy.headline or copy.primary_text or brief.article.title,
                site=urlsplit(brief.article.canonical_url).hostname or "",
            ),
            timeouts.MEDIA,
            f"Image and video for {number}",
        )

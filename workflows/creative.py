"""The making of a campaign's creatives: copy, compliance, pictures, one rendering a placement.

Variants are made side by side and fail one by one; what is finished stays finished over a crash.
"""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from urllib.parse import urlsplit

    from activities.copywriting import CopyActivities
    from activities.rendering import RenderingActivities
    from activities.visuals import VisualActivities
    from models.contract.brand import Overlay
    from models.contract.briefs import (
        AwaitedPicture,
        ComplianceOutcome,
        ComplianceReport,
        CopiesToReview,
        CopySet,
        CopyToCheck,
        CreativeBrief,
        CreativeSet,
        PictureBrief,
        RenderBrief,
        Shape,
        VariantVerdict,
        Visuals,
    )
    from models.contract.creative import (
        AdCopy,
        Creative,
        GivenCreative,
        Origin,
        PlacedAsset,
        Visual,
    )
    from models.contract.vocabulary import CampaignType
    from workflows import timeouts
    from workflows.errands import carry_out, failure_text


@workflow.defn(name="creative")
class CreativeWorkflow:
    """Creatives of one campaign on one network."""

    @workflow.run
    async def run(self, brief: CreativeBrief) -> CreativeSet:
        """Write, judge, illustrate."""
        self._brief = brief
        self._notes: list[str] = []
        self._own: list[GivenCreative] = []
        """A person's own, in the order of the variants that begin the set."""
        words = await self._words()
        verdicts = await self._judge(words)
        visuals = await carry_out(
            VisualActivities.gather_visuals, brief, timeouts.MEDIA, "What may be shown"
        )
        self._notes += visuals.notes
        made = await asyncio.gather(
            *(
                self._make(place, copy, verdicts[place], visuals)
                for place, copy in enumerate(words.variants)
            )
        )
        costs = await carry_out(
            VisualActivities.creative_costs, brief, timeouts.MEDIA, "What it cost"
        )
        dropped = [
            f"{self._name(place)}: {why}" for place, (_, why) in enumerate(made) if why is not None
        ]
        return CreativeSet(
            creatives=tuple(creative for creative, _ in made if creative is not None),
            needs_person=tuple(
                dict.fromkeys(
                    f"creative {self._name(place)}: {reason}"
                    for place, report in enumerate(verdicts)
                    if made[place][0] is not None
                    for reason in report.reasons
                )
            ),
            dropped=(*words.dropped, *dropped),
            verdicts=tuple(
                VariantVerdict(variant=self._name(place), report=report)
                for place, report in enumerate(verdicts)
            ),
            costs=costs,
            model=words.model,
            notes=tuple(dict.fromkeys(self._notes)),
        )

    async def _words(self) -> CopySet:
        """A person's own first; what they left open, and the other variants, Claude writes."""
        given, old = self._brief.given, self._brief.in_place_of
        if old is not None:
            self._own.append(given[0])
            kept = old.copy_text.model_copy(update={"angle": "own", "claims": ()})
            return CopySet(variants=(_own_words(given[0], kept),))
        wanted = max(self._brief.plan.variants, len(given))
        to_write = wanted - sum(one.has_words for one in given)
        written = CopySet(variants=())
        if to_write:
            plan = self._brief.plan.model_copy(update={"variants": to_write})
            try:
                written = await carry_out(
                    CopyActivities.write_copy,
                    self._brief.model_copy(update={"plan": plan}),
                    timeouts.CLAUDE,
                    f"Ask Claude for {to_write} copy variant(s)",
                )
            except ActivityError as error:
                if is_cancelled_exception(error) or to_write == wanted:
                    raise
                # What a person wrote needs no Claude.
                why = f"{to_write} variant(s) without copy: {failure_text(error)}"
                written = CopySet(variants=(), dropped=(why,))
        left = list(written.variants)
        variants: list[AdCopy] = []
        dropped = list(written.dropped)
        for number, own in enumerate(given, 1):
            if own.has_words:
                variants.append(_own_words(own, AdCopy(angle="own", primary_text="", headline="")))
            elif left:
                variants.append(_own_words(own, left.pop(0)))
            else:
                dropped.append(f"creative {number} of your own: no copy could be written for it")
                continue
            self._own.append(own)
        return written.model_copy(
            update={"variants": (*variants, *left), "dropped": tuple(dropped)}
        )

    async def _judge(self, words: CopySet) -> list[ComplianceReport]:
        """Rules first, then a reading by Claude; the worse counts, and no answer needs a person."""
        brief = self._brief
        cases = [
            CopyToCheck(
                team_id=brief.team_id,
                platform=brief.platform,
                copy_text=copy,
                source=brief.source,
                special_category=brief.plan.special_category.value,
                permitted=brief.permitted,
            )
            for copy in words.variants
        ]
        reports = await asyncio.gather(
            *(
                carry_out(
                    CopyActivities.check_copy,
                    case,
                    timeouts.MEDIA,
                    f"Compliance rules on {self._name(place)}",
                )
                for place, case in enumerate(cases)
            )
        )
        if not cases:
            return []
        try:
            read = await carry_out(
                CopyActivities.review_copies,
                CopiesToReview(team_id=brief.team_id, platform=brief.platform, copies=tuple(cases)),
                timeouts.REVIEW,
                f"Claude reads {len(cases)} variant(s) for compliance",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            unread = ComplianceReport(
                outcome=ComplianceOutcome.NEEDS_PERSON,
                reasons=(f"not reviewed by Claude: {failure_text(error)}",),
            )
            read = (unread,) * len(cases)
        return [_worse(one, other) for one, other in zip(reports, read, strict=True)]

    async def _make(
        self, place: int, copy: AdCopy, report: ComplianceReport, visuals: Visuals
    ) -> tuple[Creative | None, str | None]:
        """One creative, or why there is none: one variant's trouble is not the others'."""
        name = self._name(place)
        if report.outcome is ComplianceOutcome.REJECTED:
            return None, "; ".join(report.reasons)
        try:
            visual = await self._visual(place, copy, visuals)
            clip = await self._clip(name, copy, visual, visuals)
        except ActivityError as error:
            return None, failure_text(error)
        placed = await asyncio.gather(
            *(self._placed(name, copy, visual, clip, shape) for shape in visuals.shapes)
        )
        first = placed[0]
        if isinstance(first, ActivityError):
            return None, failure_text(first)
        assert first.image is not None
        shown: list[PlacedAsset] = []
        for one in placed:
            if isinstance(one, ActivityError):
                self._notes.append(f"{name}: {failure_text(one)}")
            else:
                shown.append(one)
                self._notes += (f"{name}: {note}" for note in one.notes)
        own = place < len(self._own)
        creative = Creative(
            id=name,
            copy_text=copy,
            image=first.image,
            video=first.video,
            author="admin" if own else "ai",
            placements=tuple(shown),
            visual=visual,
            clip=clip,
        )
        return creative, None

    async def _visual(self, place: int, copy: AdCopy, visuals: Visuals) -> Visual:
        own = self._own[place] if place < len(self._own) else GivenCreative()
        if own.image or own.video:
            return Visual(
                origin=Origin.ADMIN,
                image=own.image,
                video=own.video,
                made_with="a person's own",
                untouched=True,
            )
        old = self._brief.in_place_of
        if old is not None and old.visual is not None:
            return old.visual
        if visuals.found:
            place += self._brief.first_number - 1
            return visuals.found[place % len(visuals.found)]
        if visuals.generate:
            first = visuals.shapes[0]
            size = first.image or first.video
            assert size is not None
            return await self._ordered(f"{self._name(place)}/picture", copy, size)
        return Visual(palette=visuals.palette)

    async def _clip(self, name: str, copy: AdCopy, visual: Visual, visuals: Visuals) -> str | None:
        """A moving picture of the still, where clips are made and footage is lacking."""
        old = self._brief.in_place_of
        if old is not None and visual == old.visual:
            return old.clip
        size = next((one.video for one in visuals.shapes if one.video), None)
        if size is None or not visuals.animate or visual.untouched or visual.video:
            return None
        if visual.image is None:
            return None
        made = await self._ordered(f"{name}/clip", copy, size, still=visual.image)
        return made.video

    async def _ordered(
        self, key: str, copy: AdCopy, size: tuple[int, int], *, still: str | None = None
    ) -> Visual:
        """From a generator: ordered once, then waited for."""
        order = PictureBrief(
            team_id=self._brief.team_id,
            campaign_id=self._brief.campaign_id,
            key=key,
            plan=self._brief.plan,
            article=self._brief.article,
            angle=copy.angle,
            size=size,
            still=still,
            seconds=5 if still else 0,
        )
        ordered = await carry_out(
            VisualActivities.order_picture, order, timeouts.GENERATOR, f"Order {key}"
        )
        return await carry_out(
            VisualActivities.await_picture,
            AwaitedPicture(brief=order, ordered=ordered),
            timeouts.GENERATOR,
            f"Wait for {key}",
        )

    async def _placed(
        self, name: str, copy: AdCopy, visual: Visual, clip: str | None, shape: Shape
    ) -> PlacedAsset | ActivityError:
        brief = self._brief
        try:
            return await carry_out(
                RenderingActivities.render_placement,
                RenderBrief(
                    team_id=brief.team_id,
                    campaign_id=brief.campaign_id,
                    variant=name,
                    platform=brief.platform,
                    placement=shape.placement,
                    visual=visual,
                    overlay=self._overlay(copy),
                    caption=copy.primary_text,
                    clip=clip,
                ),
                timeouts.RENDERING,
                f"{name} for {shape.placement}",
            )
        except ActivityError as error:
            return error

    def _overlay(self, copy: AdCopy) -> Overlay:
        article, plan = self._brief.article, self._brief.plan
        price = article.price if plan.campaign_type is CampaignType.SHOP else ""
        return Overlay(
            headline=copy.headline or article.title,
            action=copy.call_to_action.value.replace("_", " ").capitalize(),
            badge=(plan.offer.badge if plan.offer else "") or price,
            site=(urlsplit(article.canonical_url).hostname or "").removeprefix("www."),
        )

    def _name(self, place: int) -> str:
        return f"v{self._brief.first_number + place}"


def _own_words(own: GivenCreative, filled: AdCopy) -> AdCopy:
    """What the person wrote, and what was written for the rest."""
    return filled.model_copy(
        update={
            "primary_text": own.primary_text or filled.primary_text,
            "headline": own.headline or filled.headline,
            "description": own.description or filled.description,
            "call_to_action": own.call_to_action or filled.call_to_action,
            "hashtags": own.hashtags or filled.hashtags,
        }
    )


_SEVERITY = list(ComplianceOutcome)


def _worse(one: ComplianceReport, other: ComplianceReport) -> ComplianceReport:
    outcome = max(one.outcome, other.outcome, key=_SEVERITY.index)
    return ComplianceReport(
        outcome=outcome, reasons=tuple(dict.fromkeys((*one.reasons, *other.reasons)))
    )

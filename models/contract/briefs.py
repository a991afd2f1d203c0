"""Briefs for making creatives and what comes back."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from models.contract.base import Frozen
from models.contract.brand import Overlay
from models.contract.campaign import MediaPlan, Offer
from models.contract.content import Article
from models.contract.creative import AdCopy, Creative, GivenCreative, Visual
from models.contract.money import Money
from models.contract.vocabulary import Platform, SpecialCategory


def source_of(article: Article, offer: Offer | None = None) -> str:
    """All that an ad for an article may state as fact, as one text."""
    parts = [article.title, article.description, article.text]
    if article.price:
        parts.append(f"The price is {article.price}")
    if offer is not None:
        parts.append(offer.text)
    ends = (".", "!", "?")
    return "\n".join(part if part.endswith(ends) else f"{part}." for part in parts if part)


class CreativeBrief(Frozen):
    """Make the creatives of one campaign.

    ``given`` are a person's own: first, and never changed. ``running`` is what the campaign shows
    already, when it wants fresh ones; new ones are numbered from ``first_number``. ``permitted``
    are the regulated categories the network lets the account advertise, None where nobody said.
    ``in_place_of``: the ad whose words and picture are kept where the one that is given has none.
    ``placements``: what the adapter uploads, or everything the network could show.
    """

    team_id: UUID
    campaign_id: UUID
    platform: Platform
    plan: MediaPlan
    article: Article
    given: tuple[GivenCreative, ...] = ()
    running: tuple[AdCopy, ...] = ()
    first_number: int = 1
    placements: Literal["used", "all"] = "used"
    permitted: tuple[SpecialCategory, ...] | None = None
    in_place_of: Creative | None = None

    @property
    def source(self) -> str:
        """All that its ads may state as fact."""
        return source_of(self.article, self.plan.offer)


class CopySet(Frozen):
    """Variants that keep the network's limits, and what was dropped with reasons."""

    variants: tuple[AdCopy, ...]
    dropped: tuple[str, ...] = ()
    model: str = ""


class ComplianceOutcome(StrEnum):
    """Fails closed: what cannot be judged needs a person."""

    PASS = "pass"  # noqa: S105  not a password
    NEEDS_PERSON = "needs_person"
    REJECTED = "rejected"


class ComplianceReport(Frozen):
    """A verdict on one copy; ``reasons`` quote the sentence concerned."""

    outcome: ComplianceOutcome
    reasons: tuple[str, ...] = ()


class CopyToCheck(Frozen):
    """One copy and the text that its facts must come from. ``team_id``: whose brand binds it.

    ``permitted``: as in ``CreativeBrief``.
    """

    team_id: UUID | None = None
    platform: Platform
    copy_text: AdCopy
    source: str
    special_category: str = "none"
    permitted: tuple[SpecialCategory, ...] | None = None


class CopiesToReview(Frozen):
    """All copies of one campaign, for one reading by Claude."""

    team_id: UUID
    platform: Platform
    copies: tuple[CopyToCheck, ...]


class Shape(Frozen):
    """A placement's name and the sizes in pixels of what it shows."""

    placement: str
    image: tuple[int, int] | None = None
    video: tuple[int, int] | None = None


class Visuals(Frozen):
    """What a campaign may show, best first; ``notes`` say what failed.

    ``shapes`` are the placements to make, first the one that is uploaded.
    ``generate``: pictures are to be ordered; ``animate``: so are clips of them.
    """

    shapes: tuple[Shape, ...]
    found: tuple[Visual, ...] = ()
    palette: str | None = None
    generate: bool = False
    animate: bool = False
    notes: tuple[str, ...] = ()


class PictureBrief(Frozen):
    """A picture, or a moving one of ``still``, to be ordered from a generator.

    ``key`` names the thing ordered, so that its price is reserved once.
    """

    team_id: UUID
    campaign_id: UUID
    key: str
    plan: MediaPlan
    article: Article
    angle: str
    size: tuple[int, int]
    still: str | None = None
    seconds: float = 0


class Ordered(Frozen):
    """A generator's promise, or at once what it made."""

    key: str
    generator: str
    id: str = ""
    at: str = ""
    price: Money | None = None
    made: Visual | None = None


class AwaitedPicture(Frozen):
    """What was ordered, for whoever waits for it."""

    brief: PictureBrief
    ordered: Ordered


class RenderBrief(Frozen):
    """Make what one placement shows of one variant.

    ``caption`` is burned into a silent video, a sentence at a time. ``clip`` is the digest of a
    moving picture made for it.
    """

    team_id: UUID
    campaign_id: UUID
    variant: str
    platform: Platform
    placement: str
    visual: Visual
    overlay: Overlay
    caption: str = ""
    clip: str | None = None


class CreativeCost(Frozen):
    """What one thing cost. ``amount`` None: nobody told the price."""

    what: str
    generator: str
    amount: Money | None


class VariantVerdict(Frozen):
    """The compliance verdict on one variant."""

    variant: str
    report: ComplianceReport


class CreativeSet(Frozen):
    """The finished creatives, what a person should look at, and what is missing, with reasons."""

    creatives: tuple[Creative, ...]
    needs_person: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    verdicts: tuple[VariantVerdict, ...] = ()
    costs: tuple[CreativeCost, ...] = ()
    model: str = ""
    notes: tuple[str, ...] = ()

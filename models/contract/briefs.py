"""Briefs for making creatives and what comes back."""

from enum import StrEnum
from uuid import UUID

from models.contract.base import Frozen
from models.contract.campaign import MediaPlan
from models.contract.content import Article
from models.contract.creative import AdCopy, Creative
from models.contract.vocabulary import Platform


class CreativeBrief(Frozen):
    """Make the creatives of one campaign. ``given`` are a person's own and stay untouched."""

    team_id: UUID
    campaign_id: UUID
    platform: Platform
    plan: MediaPlan
    article: Article
    given: tuple[Creative, ...] = ()


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
    """One copy and the text that its facts must come from."""

    platform: Platform
    copy_text: AdCopy
    source: str
    special_category: str = "none"


class MediaBrief(Frozen):
    """Make one still image for a copy."""

    campaign_id: UUID
    variant: str
    platform: Platform
    headline: str
    site: str


class CreativeSet(Frozen):
    """The finished creatives and what a person should look at."""

    creatives: tuple[Creative, ...]
    needs_person: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

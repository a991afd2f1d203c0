"""A campaign as a person writes it down: a YAML file, checked into clear sentences or a plan."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from activities.article_file import article_from_file
from activities.page import PageRefused, from_fields
from creative import calls_to_action
from models.contract.campaign import Dayparting, Guardrails, MediaPlan, Offer
from models.contract.content import Article
from models.contract.money import Money
from models.contract.network import Bid, Targeting
from models.contract.optimisation import Optimisation
from models.contract.urls import canonical
from models.contract.vocabulary import (
    CallToAction,
    CampaignType,
    Objective,
    Platform,
    SpecialCategory,
)

_MAX_BYTES = 1_000_000


class CampaignFileRefused(Exception):
    """The file cannot be used; the message is one clear sentence."""


def _amount(value: object) -> object:
    """YAML reads 12.50 as a float; money is written as a person meant it, so as text."""
    if isinstance(value, bool):
        raise ValueError("is no amount; write a number such as 12.50")
    return str(value) if isinstance(value, int | float) else value


def _button(value: object) -> object:
    """The button that people's own words mean, such as Apply now."""
    if not isinstance(value, str):
        return value
    found = calls_to_action.understood(value)
    if found is None:
        raise ValueError(
            f"{value[:60]!r} means no button; use one of {', '.join(CallToAction)}, or words such "
            "as Shop now"
        )
    return found


Button = Annotated[CallToAction, BeforeValidator(_button)]
Amount = Annotated[str, BeforeValidator(_amount)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ArticleText(_Part):
    """The promoted article, in the file itself."""

    title: str = Field(min_length=1)
    text: str = Field(min_length=1)
    description: str = ""
    tags: tuple[str, ...] = ()


class Flight(_Part):
    """When the campaign runs: from ``start`` (a day; at once when absent) for ``days``, or for
    ``hours``; with neither until it is stopped."""

    start: date | None = None
    days: int | None = Field(default=None, ge=1, le=90)
    hours: int | None = Field(default=None, ge=1, le=2160)

    @model_validator(mode="after")
    def _one_length(self) -> "Flight":
        if self.days is not None and self.hours is not None:
            raise ValueError("give days or hours, not both")
        return self

    @property
    def duration(self) -> timedelta | None:
        """How long, if it ends by itself."""
        if self.hours is not None:
            return timedelta(hours=self.hours)
        return None if self.days is None else timedelta(days=self.days)


class FileTargeting(_Part):
    """Who shall see the ads; countries by two letters."""

    locations: tuple[str, ...] = ("US",)
    interests: tuple[str, ...] = ()
    age_min: int = Field(default=18, ge=18, le=65)
    age_max: int = Field(default=65, ge=18, le=65)


class FileGuardrails(_Part):
    """Safety values; what is absent is not judged. Amounts in the account's currency."""

    max_daily_spend: Amount | None = None
    target_cpa: Amount | None = None
    max_cpa: Amount | None = None
    min_roas: float | None = Field(default=None, gt=0)


class FileBid(_Part):
    """How to bid; ``amount`` is per result, for caps."""

    strategy: Literal["automatic", "bid_cap", "cost_cap"] = "automatic"
    amount: Amount | None = None


class FileOptimisation(_Part):
    """What the machine may change by itself, how boldly, and towards what return."""

    mode: Literal["conservative", "balanced", "aggressive"] = "balanced"
    bids: bool = True
    budgets: bool = True
    scale_up: bool = True
    pause_losing: bool = True
    creatives: bool = True
    target_roas: float | None = Field(default=None, gt=0)
    max_bid: Amount | None = None


class FileOffer(_Part):
    """What readers get besides; ``badge`` is its short form on a picture."""

    text: str = Field(min_length=1, max_length=300)
    badge: str = Field(default="", max_length=14)


class AdParts(_Part):
    """Parts of an ad of one's own. ``action`` is the button in one's own words, ``image`` and
    ``video`` are files."""

    headline: str = ""
    text: str = ""
    description: str = ""
    action: Button | None = None
    hashtags: tuple[str, ...] = ()
    image: Path | None = None
    video: Path | None = None


class FileAd(AdParts):
    """An ad of one's own. What is left out is filled in; what is given is never changed. Its files
    stand beside the campaign's."""

    @model_validator(mode="after")
    def _says_something(self) -> "FileAd":
        if not (self.headline or self.text or self.image or self.video):
            raise ValueError("an ad of your own needs a headline, text, image or video")
        return self


class CampaignFile(_Part):
    """One campaign on each of the named platforms.

    ``daily_budget`` is for each platform, or an amount by platform. ``account``, one of several on
    a platform, is named by id, name or the network's id; several platforms take an account by
    platform, and each without one its default. The article stands in the
    file (``article``), beside it (``article_file``: .md, .html or .json), or is read from ``url``.
    With ``optimisation`` the machine may optimise what a person made; without it, a person runs it.
    ``creatives`` is how many ads there are, ``ads`` of one's own among them, and those first.
    """

    url: str
    name: str = Field(default="", max_length=100)
    platforms: tuple[Platform, ...] = Field(
        min_length=1, validation_alias=AliasChoices("platforms", "platform")
    )
    account: Annotated[str, Field(min_length=1)] | dict[Platform, str] | None = None
    daily_budget: Amount | dict[Platform, Amount]
    lifetime_budget: Amount | None = None
    objective: Objective = Objective.TRAFFIC
    campaign_type: CampaignType = CampaignType.ARTICLE
    special_category: SpecialCategory = SpecialCategory.NONE
    flight: Flight = Flight()
    creatives: int = Field(default=3, ge=1, le=8)
    ads: tuple[FileAd, ...] = Field(default=(), max_length=8)
    offer: FileOffer | None = None
    targeting: FileTargeting = FileTargeting()
    guardrails: FileGuardrails = FileGuardrails()
    bid: FileBid = FileBid()
    optimisation: FileOptimisation | None = None
    dayparting: tuple[int, ...] | None = None
    article: ArticleText | None = None
    article_file: Path | None = None

    @field_validator("platforms", mode="before")
    @classmethod
    def _by_any_name(cls, value: object) -> object:
        names = cast("list[object]", value) if isinstance(value, list) else [value]
        found = [Platform.parse(str(name)) for name in names]
        if len(set(found)) != len(found):
            raise ValueError("names a platform twice; name each once")
        return found

    @field_validator("daily_budget", "account", mode="before")
    @classmethod
    def _by_platform(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        amounts = cast("dict[object, object]", value)
        return {Platform.parse(str(name)): amount for name, amount in amounts.items()}

    @field_validator("url")
    @classmethod
    def _public(cls, value: str) -> str:
        return canonical(value)

    @model_validator(mode="after")
    def _complete(self) -> "CampaignFile":
        if self.article is not None and self.article_file is not None:
            raise ValueError("give the article once, as article or as article_file")
        if isinstance(self.daily_budget, dict):
            for platform in self.platforms:
                if platform not in self.daily_budget:
                    raise ValueError(f"daily_budget names no amount for {platform.value}")
        if isinstance(self.account, str) and len(self.platforms) > 1:
            raise ValueError("account is one for several platforms; name one for each platform")
        return self

    def account_on(self, platform: Platform) -> str | None:
        """The account that is meant on a platform; None: the default one."""
        return self.account.get(platform) if isinstance(self.account, dict) else self.account

    def budget(self, platform: Platform) -> str:
        """The daily budget on a platform, as written."""
        if isinstance(self.daily_budget, dict):
            return self.daily_budget[platform]
        return self.daily_budget

    def content(self) -> Article | None:
        """What is promoted; None when only its page says it.

        Raises:
            CampaignFileRefused: the article is no article.
        """
        if self.article is None and self.article_file is None:
            return None
        try:
            if self.article_file is not None:
                found = article_from_file(self.article_file)
                return found.model_copy(update={"url": self.url, "canonical_url": self.url})
            assert self.article is not None
            return from_fields({"url": self.url, **self.article.model_dump()})
        except PageRefused as refused:
            raise CampaignFileRefused(f"article: {refused}") from None

    def plan(self, platform: Platform, currency: str) -> MediaPlan:
        """The plan of the campaign on one platform, amounts in its account's currency.

        Raises:
            CampaignFileRefused: it makes no sense; one sentence says what.
        """

        def money(amount: str | None) -> Money | None:
            return None if amount is None else Money.of(amount, currency)

        rails, wanted = self.guardrails, self.targeting
        start = self.flight.start
        try:
            return MediaPlan(
                name=self._named(platform),
                objective=self.objective,
                campaign_type=self.campaign_type,
                special_category=self.special_category,
                destination_url=self.url,
                daily_budget=Money.of(self.budget(platform), currency),
                lifetime_budget=money(self.lifetime_budget),
                start=None if start is None else midnight(start),
                duration=self.flight.duration,
                dayparting=Dayparting(hours=self.dayparting) if self.dayparting else None,
                targeting=Targeting(**wanted.model_dump()),
                variants=max(self.creatives, len(self.ads)),
                offer=Offer(**self.offer.model_dump()) if self.offer else None,
                bid=Bid(strategy=self.bid.strategy, amount=money(self.bid.amount)),
                optimisation=self._optimisation(money),
                guardrails=Guardrails(
                    max_daily_spend=money(rails.max_daily_spend),
                    target_cpa=money(rails.target_cpa),
                    max_cpa=money(rails.max_cpa),
                    min_roas=rails.min_roas,
                ),
            )
        except ValidationError as error:
            raise CampaignFileRefused(_sentence(error)) from None
        except ValueError as error:
            raise CampaignFileRefused(f"{platform.value}: {error}") from None

    def _named(self, platform: Platform) -> str:
        article = None if self.name else self.content()
        name = self.name or (article.title if article else self.url.removeprefix("https://"))
        return f"{name} ({platform.value})"[:120] if len(self.platforms) > 1 else name[:120]

    def _optimisation(self, money: Callable[[str | None], Money | None]) -> Optimisation:
        wanted = self.optimisation or FileOptimisation()
        return Optimisation(**wanted.model_dump(exclude={"max_bid"}), max_bid=money(wanted.max_bid))


def midnight(day: date) -> datetime:
    """The first instant of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def read(path: Path, changes: Mapping[str, Any] | None = None) -> CampaignFile:
    """The campaign in a file, with other values for some of its fields.

    Raises:
        CampaignFileRefused: it cannot be read or makes no sense; one sentence says what.
    """
    return check({**_fields(path), **(changes or {})}, f"{path}: ")


def check(fields: Mapping[str, Any], where: str = "") -> CampaignFile:
    """Fields as they were written, from wherever.

    Raises:
        CampaignFileRefused: they make no sense; one sentence says what.
    """
    try:
        return CampaignFile.model_validate(fields)
    except ValidationError as error:
        raise CampaignFileRefused(f"{where}{_sentence(error)}") from None


def _fields(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CampaignFileRefused(f"{path} is larger than {_MAX_BYTES:,} bytes")
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise CampaignFileRefused(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CampaignFileRefused(f"{path} is no text in UTF-8") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CampaignFileRefused(f"{path} is no YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(content, dict):
        raise CampaignFileRefused(f"{path} has no fields; write lines such as 'url: https://…'")
    fields = cast("dict[str, Any]", content)
    beside = fields.get("article_file")
    if isinstance(beside, str):
        fields = {**fields, "article_file": path.parent / beside}
    ads = fields.get("ads")
    if isinstance(ads, list):
        fields = {**fields, "ads": [_beside(path, ad) for ad in cast("list[object]", ads)]}
    return fields


def _beside(path: Path, ad: object) -> object:
    """An ad with its files' places: beside the campaign's file."""
    if not isinstance(ad, dict):
        return ad
    given = cast("dict[str, object]", ad)
    files = {
        name: path.parent / named
        for name in ("image", "video")
        if isinstance(named := given.get(name), str)
    }
    return {**given, **files}


def _sentence(error: ValidationError) -> str:
    """The first problem as one sentence, with the field's name in front."""
    first = error.errors(include_url=False)[0]
    place = ".".join(
        str(part + 1 if isinstance(part, int) else part)  # as people count
        for part in first["loc"]
        if part not in ("str", "function-before[_amount(), str]")
    )
    match first["type"]:
        case "extra_forbidden":
            known = ", ".join(sorted(CampaignFile.model_fields))
            where = f"; known fields: {known}" if len(first["loc"]) == 1 else ""
            return f"field {place!r} is unknown{where}"
        case "missing":
            return f"{place} is missing"
        case _:
            told = first["msg"].removeprefix("Value error, ")
            return f"{place}: {told}" if place else told

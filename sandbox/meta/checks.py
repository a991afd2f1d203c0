"""What Meta accepts: the rules a create or an edit is held to."""

from datetime import datetime, timedelta

from sandbox.meta.graph import GraphError, Node, Parameters, invalid
from sandbox.meta.shelf import MetaShelf

OBJECTIVES: dict[str, tuple[str, ...]] = {
    "OUTCOME_AWARENESS": ("REACH", "IMPRESSIONS", "AD_RECALL_LIFT", "THRUPLAY"),
    "OUTCOME_TRAFFIC": ("LINK_CLICKS", "LANDING_PAGE_VIEWS", "REACH", "IMPRESSIONS"),
    "OUTCOME_ENGAGEMENT": (
        "POST_ENGAGEMENT",
        "THRUPLAY",
        "PAGE_LIKES",
        "CONVERSATIONS",
        "LINK_CLICKS",
        "LANDING_PAGE_VIEWS",
        "OFFSITE_CONVERSIONS",
        "REACH",
        "IMPRESSIONS",
    ),
    "OUTCOME_LEADS": (
        "LEAD_GENERATION",
        "QUALITY_LEAD",
        "OFFSITE_CONVERSIONS",
        "LINK_CLICKS",
        "LANDING_PAGE_VIEWS",
        "REACH",
        "IMPRESSIONS",
    ),
    "OUTCOME_APP_PROMOTION": ("APP_INSTALLS", "LINK_CLICKS", "OFFSITE_CONVERSIONS", "VALUE"),
    "OUTCOME_SALES": (
        "OFFSITE_CONVERSIONS",
        "VALUE",
        "LINK_CLICKS",
        "LANDING_PAGE_VIEWS",
        "REACH",
        "IMPRESSIONS",
    ),
}
CATEGORIES = (
    "NONE",
    "EMPLOYMENT",
    "HOUSING",
    "CREDIT",
    "FINANCIAL_PRODUCTS_SERVICES",
    "ISSUES_ELECTIONS_POLITICS",
    "ONLINE_GAMBLING_AND_GAMING",
)
BID_STRATEGIES = (
    "LOWEST_COST_WITHOUT_CAP",
    "LOWEST_COST_WITH_BID_CAP",
    "COST_CAP",
    "LOWEST_COST_WITH_MIN_ROAS",
)
BILLING_EVENTS = ("IMPRESSIONS", "LINK_CLICKS", "THRUPLAY", "APP_INSTALLS", "POST_ENGAGEMENT")
BUTTONS = (
    "APPLY_NOW",
    "BOOK_NOW",
    "CONTACT_US",
    "DOWNLOAD",
    "GET_OFFER",
    "GET_QUOTE",
    "LEARN_MORE",
    "NO_BUTTON",
    "SHOP_NOW",
    "SIGN_UP",
    "SUBSCRIBE",
)
_OPEN_AUDIENCE = frozenset({"EMPLOYMENT", "HOUSING", "CREDIT", "FINANCIAL_PRODUCTS_SERVICES"})
_CAPPED = ("LOWEST_COST_WITH_BID_CAP", "COST_CAP")
_EDITS_PER_HOUR = 4
_LEAST_CAP, _NO_CAP = 10_000, 922_337_203_685_478


def categories(parameters: Parameters) -> list[str]:
    """``special_ad_categories``: required, known, and with its countries."""
    declared = parameters.items("special_ad_categories")
    if declared is None:
        raise invalid("special_ad_categories", "The parameter special_ad_categories is required.")
    for each in declared:
        if each not in CATEGORIES:
            raise invalid(
                "special_ad_categories",
                f"Param special_ad_categories must be one of {{{', '.join(CATEGORIES)}}}",
            )
    chosen = [str(each) for each in declared if each != "NONE"]
    if chosen and not parameters.items("special_ad_category_country"):
        raise invalid(
            "special_ad_category_country",
            "A special ad category needs special_ad_category_country.",
        )
    return chosen


def campaign_budget(parameters: Parameters, account: Node) -> None:
    """Either a campaign budget, or a word on sharing between ad sets (v24 and later)."""
    budgets = [name for name in ("daily_budget", "lifetime_budget") if name in parameters]
    for name in budgets:
        budget(parameters, name, account)
    if not budgets and parameters.boolean("is_adset_budget_sharing_enabled") is None:
        raise invalid(
            "is_adset_budget_sharing_enabled",
            "Must specify True or False in is_adset_budget_sharing_enabled field, because the "
            "campaign has no budget of its own.",
            4834011,
        )


def budget(parameters: Parameters, name: str, account: Node) -> int | None:
    """A budget in minor units, not below the account's minimum."""
    amount = parameters.integer(name)
    if amount is not None and amount < int(account["min_daily_budget"]):
        minimum = int(account["min_daily_budget"]) / 100
        raise invalid(
            name,
            f"Your budget is too low: it must be at least {minimum:.2f} {account['currency']}.",
            1885272,
        )
    return amount


def spend_cap(parameters: Parameters, account: Node) -> int | None:
    """A campaign's spend cap in minor units; Meta's own largest number removes it."""
    amount = parameters.integer("spend_cap")
    if amount is None or amount == _NO_CAP:
        return None
    if amount < _LEAST_CAP:
        raise invalid(
            "spend_cap",
            f"The spend cap must be at least {_LEAST_CAP / 100:.2f} {account['currency']}.",
        )
    return amount


def one_budget_level(parameters: Parameters, campaign: Node) -> None:
    """The budget is the campaign's or the ad set's, never both and never neither."""
    own = "daily_budget" in parameters or "lifetime_budget" in parameters
    shared = campaign.get("daily_budget") or campaign.get("lifetime_budget")
    if own and shared:
        raise invalid(
            "daily_budget", "You can only set an ad set budget or a campaign budget.", 1885621
        )
    if not own and not shared:
        raise invalid("daily_budget", "The ad set needs a daily or lifetime budget.")
    if "lifetime_budget" in parameters and "end_time" not in parameters:
        raise invalid("end_time", "A lifetime budget needs an end_time.")


def targeting(spec: Node | None, campaign: Node) -> Node:
    """Targeting: a geography always; nothing narrower where the category forbids it."""
    if spec is None:
        raise invalid("targeting", "The parameter targeting is required.")
    places: Node | None = spec.get("geo_locations")
    if not places or not any(places.values()):
        raise invalid(
            "targeting",
            "Your ad set must target at least one location in geo_locations.",
            1885364,
        )
    if _OPEN_AUDIENCE & set(campaign["special_ad_categories"]):
        ages = (int(spec.get("age_min", 18)), int(spec.get("age_max", 65)))
        if ages != (18, 65) or spec.get("genders") or spec.get("excluded_geo_locations"):
            raise invalid(
                "targeting",
                "Age, gender and excluded places cannot be chosen for ads in a special category.",
                1870194,
            )
    # Since v23 Meta turns this on where it is not mentioned.
    spec.setdefault("targeting_automation", {"advantage_audience": 1})
    return spec


def goal(parameters: Parameters, campaign: Node, shelf: MetaShelf) -> tuple[str, Node | None]:
    """Optimisation goal and promoted object, fitting the campaign's objective."""
    allowed = OBJECTIVES[campaign["objective"]]
    chosen = parameters.text("optimization_goal", allowed[0])
    if chosen not in allowed:
        raise invalid(
            "optimization_goal",
            f"The performance goal {chosen} is not available for {campaign['objective']}.",
            2490408,
        )
    promoted = parameters.object("promoted_object")
    if chosen in ("OFFSITE_CONVERSIONS", "VALUE"):
        pixel = str((promoted or {}).get("pixel_id", ""))
        if shelf.get("pixel", pixel) is None or not (promoted or {}).get("custom_event_type"):
            raise invalid(
                "promoted_object",
                "Conversions need a promoted_object with a pixel_id of yours and an event.",
                1815430,
            )
    if chosen == "APP_INSTALLS" and not (promoted or {}).get("object_store_url"):
        raise invalid("promoted_object", "App installs need an app and its object_store_url.")
    return chosen, promoted


def bid(parameters: Parameters) -> tuple[str, int | None]:
    """Bid strategy and amount (minor units); caps need an amount."""
    strategy = parameters.choice("bid_strategy", BID_STRATEGIES, BID_STRATEGIES[0])
    amount = parameters.integer("bid_amount")
    if strategy in _CAPPED and amount is None:
        raise invalid("bid_amount", f"The bid strategy {strategy} needs a bid_amount.", 1815857)
    if amount is not None and amount < 1:
        raise invalid("bid_amount", "The bid amount must be at least one minor unit.")
    return strategy, amount


def schedule(start: str | None, end: str | None) -> None:
    """The end comes after the start."""
    if start and end and datetime.fromisoformat(end) <= datetime.fromisoformat(start):
        raise invalid("end_time", "The end time must be later than the start time.", 1487793)


def story(parameters: Parameters, shelf: MetaShelf) -> Node:
    """``object_story_spec`` of a creative: a page of yours, a link, a known image."""
    spec = parameters.object("object_story_spec")
    if spec is None:
        raise invalid("object_story_spec", "The parameter object_story_spec is required.")
    if shelf.get("page", str(spec.get("page_id", ""))) is None:
        raise invalid("object_story_spec", "The page does not exist or is not yours.", 1487713)
    if bool(spec.get("link_data")) == bool(spec.get("video_data")):
        raise invalid("object_story_spec", "Exactly one of link_data and video_data is needed.")
    link: Node = spec.get("link_data") or {}
    if link:
        if not str(link.get("link", "")).startswith(("http://", "https://")):
            raise invalid("object_story_spec", "link_data needs a link.", 1487891)
        image = str(link.get("image_hash", ""))
        if image and shelf.get("adimage", image) is None:
            raise invalid("object_story_spec", "The image_hash is not an image of yours.", 1487390)
    button: Node = link.get("call_to_action") or {}
    if button and button.get("type") not in BUTTONS:
        raise invalid("object_story_spec", "Unknown call to action type.")
    return spec


def editable(kind: str, node: Node, parameters: Parameters) -> None:
    """Deleted objects cannot be edited; archived ones can only be renamed or deleted."""
    names = {"campaign": "Campaign", "adset": "Ad set", "ad": "Ad", "adcreative": "Creative"}
    if node.get("status") == "DELETED":
        raise invalid("id", f"{names[kind]} is deleted and cannot be edited.", 1487566)
    if node.get("status") == "ARCHIVED" and parameters.text("status") != "DELETED":
        changed = {"daily_budget", "lifetime_budget", "bid_amount", "end_time", "status"}
        if any(name in parameters for name in changed):
            raise invalid("id", f"{names[kind]} is archived; only its name can change.", 1487056)


def budget_edits(node: Node, now: datetime) -> list[str]:
    """The ad set's budget edits of the last campaign hour, with room for one more."""
    recent = [
        each
        for each in node.get("_budget_edits", ())
        if datetime.fromisoformat(each) > now - timedelta(hours=1)
    ]
    if len(recent) >= _EDITS_PER_HOUR:
        raise GraphError(
            613,
            "(#613) Calls to this api have exceeded the rate limit.",
            subcode=1487632,
            user_message="You can change an ad set's budget up to 4 times per hour.",
        )
    return [*recent, now.isoformat()]

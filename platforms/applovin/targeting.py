"""Who can be aimed at on AppLovin: people in countries, and nothing finer."""

from collections.abc import Sequence

from models.contract.network import AdGroupOrder, Targeting
from models.contract.regulated import forbidden_targeting
from platforms.applovin.errors import JsonObject, refused
from platforms.applovin.terms import require_no_category
from platforms.countries import is_country


def countries(codes: Sequence[str]) -> list[JsonObject]:
    """``targeting`` of a campaign.

    Raises:
        Refused: there is none, or one is no country.
    """
    if not codes:
        raise refused("a campaign needs at least one country; name one", field="locations")
    for code in codes:
        if not is_country(code):
            raise refused(
                f"country {code!r} is unknown; use ISO 3166 codes such as US, DE or JP",
                field="locations",
            )
    return [{"country_code": code} for code in dict.fromkeys(codes)]


def group_targeting(order: AdGroupOrder) -> list[JsonObject]:
    """``targeting`` of an ad group's order.

    Raises:
        Refused: a regulated category, or people are narrowed by what AppLovin does not know.
    """
    if (why := forbidden_targeting(order.special_category, order.targeting)) is not None:
        raise refused(why, field="targeting")
    require_no_category(order.special_category)
    asked, everyone = order.targeting, Targeting()
    for field, value, open_value in (
        ("age_min", asked.age_min, everyone.age_min),
        ("age_max", asked.age_max, everyone.age_max),
        ("genders", asked.genders, everyone.genders),
        ("interests", asked.interests, everyone.interests),
    ):
        if value != open_value:
            shown = ", ".join(value) if isinstance(value, tuple) else value
            raise refused(
                f"{field} {shown} cannot be aimed at on AppLovin, which knows countries only; "
                "leave it out",
                field=field,
            )
    if order.dayparts:
        raise refused(
            "AppLovin cannot show ads at chosen hours only; leave the dayparts out",
            field="dayparts",
        )
    return countries(asked.locations)

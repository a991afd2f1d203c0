"""A part of TikTok's catalogues: countries by GeoNames id, interests, ages."""

from dataclasses import dataclass

from sandbox.tiktok.request import Call
from sandbox.tiktok.store import JsonObject


@dataclass(frozen=True, slots=True)
class Country:
    """One country TikTok delivers to."""

    code: str
    location_id: str
    name: str


COUNTRIES = (
    Country("US", "6252001", "United States"),
    Country("CA", "6251999", "Canada"),
    Country("GB", "2635167", "United Kingdom"),
    Country("IE", "2963597", "Ireland"),
    Country("DE", "2921044", "Germany"),
    Country("AT", "2782113", "Austria"),
    Country("CH", "2658434", "Switzerland"),
    Country("FR", "3017382", "France"),
    Country("ES", "2510769", "Spain"),
    Country("IT", "3175395", "Italy"),
    Country("NL", "2750405", "Netherlands"),
    Country("SE", "2661886", "Sweden"),
    Country("PL", "798544", "Poland"),
    Country("JP", "1861060", "Japan"),
    Country("KR", "1835841", "South Korea"),
    Country("AU", "2077456", "Australia"),
    Country("NZ", "2186224", "New Zealand"),
    Country("BR", "3469034", "Brazil"),
    Country("MX", "3996063", "Mexico"),
    Country("SG", "1880251", "Singapore"),
)
INTERESTS = {
    "10": "Education",
    "12": "Vehicles & Transportation",
    "15": "Games",
    "17": "Household Products",
    "18": "Financial Services",
    "19": "Tech & Electronics",
    "21": "Apps",
    "22": "Life Services",
    "23": "Food & Beverage",
    "24": "Sports & Outdoor",
    "25": "Travel",
    "26": "News & Entertainment",
}
AGES = ("AGE_13_17", "AGE_18_24", "AGE_25_34", "AGE_35_44", "AGE_45_54", "AGE_55_100")


def regions(call: Call) -> JsonObject:
    """Where ads can be delivered, countries only."""
    call.values.need("placements", "objective_type")
    info: list[JsonObject] = [
        {
            "location_id": one.location_id,
            "name": one.name,
            "region_code": one.code,
            "country_code": one.code,
            "parent_id": "0",
            "level": "COUNTRY",
            "area_type": "ADMIN",
            "next_level_ids": [],
            "support_below_18": True,
        }
        for one in COUNTRIES
    ]
    return {"region_info": info, "region_list": [one.code for one in COUNTRIES]}


def interests(_: Call) -> JsonObject:
    """Interest categories."""
    rows: list[JsonObject] = [
        {
            "interest_category_id": number,
            "interest_category_name": name,
            "level": 1,
            "sub_category_ids": [],
            "placements": [],
            "special_industries": [],
        }
        for number, name in INTERESTS.items()
    ]
    return {"interest_categories": rows}

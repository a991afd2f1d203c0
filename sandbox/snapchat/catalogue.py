"""Snapchat's lists of countries and lifestyle categories, in part."""

from sandbox.snapchat.request import Call, page
from sandbox.snapchat.store import JsonObject

# The United Kingdom is spelt as in Snapchat's own examples, against ISO 3166.
COUNTRIES = {
    "ae": "United Arab Emirates",
    "at": "Austria",
    "au": "Australia",
    "be": "Belgium",
    "br": "Brazil",
    "ca": "Canada",
    "ch": "Switzerland",
    "de": "Germany",
    "dk": "Denmark",
    "es": "Spain",
    "fi": "Finland",
    "fr": "France",
    "ie": "Ireland",
    "in": "India",
    "it": "Italy",
    "jp": "Japan",
    "mx": "Mexico",
    "nl": "Netherlands",
    "no": "Norway",
    "nz": "New Zealand",
    "pl": "Poland",
    "pt": "Portugal",
    "sa": "Saudi Arabia",
    "se": "Sweden",
    "uk": "United Kingdom",
    "us": "United States",
}
INTERESTS = {
    "SLC_1": "Adventure Seekers",
    "SLC_2": "Gaming Fans",
    "SLC_7": "Fashion & Style Gurus",
    "SLC_8": "Film & TV Fans",
    "SLC_11": "Foodies",
    "SLC_18": "Investors & Entrepreneurs",
    "SLC_24": "Techies & Gadget Fans",
    "SLC_36": "Comedy Fans",
    "SLC_53": "Job Seekers",
}


def countries(call: Call) -> JsonObject:
    """The list of countries."""
    return _listed(call, "country", COUNTRIES)


def interests(call: Call) -> JsonObject:
    """The list of lifestyle categories."""
    return _listed(call, "scls", INTERESTS)


def _listed(call: Call, singular: str, known: dict[str, str]) -> JsonObject:
    rows = [{"id": one, "name": name} for one, name in known.items()]
    shown, paging = page(call, rows)
    return {
        "request_status": "SUCCESS",
        "request_id": call.request_id,
        "paging": paging,
        "targeting_dimensions": [{"sub_request_status": "SUCCESS", singular: row} for row in shown],
    }

"""The table of what the Ads API stand-in can do."""

from collections.abc import Callable
from typing import Any

from sandbox.telegram import accounts, ads, audiences, catalogue, figures, media
from sandbox.telegram.request import Call

Method = Callable[[Call], Any]

READS: dict[str, Method] = {
    "getCurrentAccount": accounts.current,
    "getAccountsById": accounts.by_id,
    "getAccountInfo": accounts.info,
    "getRelatedAccountsList": accounts.related,
    "getTransactionStatus": accounts.main_only,
    "getAccountTransactionsList": accounts.transactions,
    "getAccountStats": figures.account_stats,
    "getAccountReport": figures.account_report,
    "getAdsById": ads.by_id,
    "getAdsList": ads.listed,
    "getAdTransactionsList": accounts.ad_transactions,
    "getAdStats": figures.ad_stats,
    "getAudiencesById": audiences.by_id,
    "getAudiencesList": audiences.listed,
    "getPixel": audiences.pixel,
    "getPixelEventsById": audiences.events_by_id,
    "getPixelEventsList": audiences.events,
    "getTargetLanguagesList": catalogue.languages,
    "getTargetTopicsList": catalogue.topics,
    "getTargetCountriesList": catalogue.countries,
    "getTargetLocationsList": catalogue.locations,
    "getTargetLocationsById": catalogue.locations_by_id,
    "getTargetChannel": catalogue.channel,
    "getTargetBot": catalogue.bot,
}

WRITES: dict[str, Method] = {
    "createAccount": accounts.main_only,
    "editAccountInfo": accounts.edit_info,
    "increaseAccountBudget": accounts.main_only,
    "decreaseAccountBudget": accounts.main_only,
    "uploadAdPhoto": media.ad_photo,
    "uploadAdVideo": media.ad_video,
    "uploadWebsitePhoto": media.website_photo,
    "createAd": ads.create,
    "editAd": ads.edit,
    "increaseAdBudget": ads.increase,
    "decreaseAdBudget": ads.decrease,
    "submitAdForReview": ads.submit,
    "deleteAd": ads.delete,
    "createAudience": audiences.create,
    "editAudience": audiences.edit,
    "deleteAudience": audiences.delete,
    "createPixel": audiences.pixel,
    "createPixelEvent": audiences.create_event,
}

ACROSS = frozenset({"increaseAccountBudget", "decreaseAccountBudget"})
"""Methods whose ``account_id`` is the account money goes to, not the one that is acted on."""

KEYED = frozenset(
    {
        "createAccount",
        "increaseAccountBudget",
        "decreaseAccountBudget",
        "createAd",
        "increaseAdBudget",
        "decreaseAdBudget",
        "createAudience",
        "createPixel",
        "createPixelEvent",
    }
)
"""Methods that take an idempotency key."""

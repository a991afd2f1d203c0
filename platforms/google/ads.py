"""Ads: a Google ad group with its one ad, made together."""

from typing import cast

from models.contract.account import AdAccount
from models.contract.network import AdGroupOrder, AdOrder, CreativeOrder
from models.contract.vocabulary import CallToAction, Platform
from platforms.google.bidding import ad_group_bid
from platforms.google.campaign import campaign_row, require_same_campaign
from platforms.google.creative import assets_of, business_name, require_link, require_texts
from platforms.google.errors import JsonObject, refused
from platforms.google.names import NAME_LIMIT
from platforms.google.targeting import Catalogue, ad_group_criteria
from platforms.google.terms import call_to_action, optimisation
from platforms.google.wire import Wire
from platforms.naming import keyed


async def ad_operations(
    wire: Wire, catalogue: Catalogue, order: AdOrder, account: AdAccount
) -> list[JsonObject]:
    """A paused Google ad group, aimed as ordered, and the ad in it, to be made together. An app
    ad cannot be paused by itself (unsure), so the ad group is what is switched.

    Raises:
        Refused: by name, what Google does not take.
    """
    creative, group = _whole(order)
    require_texts(creative.copy_text)
    require_link(creative.link)
    how = optimisation(group.objective, account)
    name = keyed(Platform.GOOGLE, order.key, order.name, NAME_LIMIT)
    criteria = await ad_group_criteria(catalogue, group, how)
    campaign = cast(JsonObject, (await campaign_row(wire, order.ad_group_id))["campaign"])
    require_same_campaign(group, how, campaign)
    wide, square = await assets_of(wire, order.creative_id)
    temporary = wire.resource("adGroups", -1)
    ad_group: JsonObject = {
        "resourceName": temporary,
        "campaign": campaign["resourceName"],
        "name": name,
        "status": "PAUSED",
        **ad_group_bid(group.bid, how, account),
    }
    if how.channel == "DISPLAY":
        # Stated although it is the default: it would show the ad beyond who was ordered.
        ad_group |= {"type": "DISPLAY_STANDARD", "optimizedTargetingEnabled": False}
        ad = _display_ad(creative, account, wide, square)
    else:
        ad = _app_ad(creative, account, wide, square)
    return [
        {"adGroupOperation": {"create": ad_group}},
        *(
            {"adGroupCriterionOperation": {"create": {"adGroup": temporary, **one}}}
            for one in criteria
        ),
        {"adGroupAdOperation": {"create": {"adGroup": temporary, "status": "ENABLED", "ad": ad}}},
    ]


def _whole(order: AdOrder) -> tuple[CreativeOrder, AdGroupOrder]:
    if order.creative is None or order.ad_group is None:
        missing = "creative" if order.creative is None else "ad_group"
        raise refused(
            f"an ad on Google carries its texts and its aim itself: the order lacks {missing}",
            field=missing,
        )
    return order.creative, order.ad_group


def _display_ad(creative: CreativeOrder, account: AdAccount, wide: str, square: str) -> JsonObject:
    copy = creative.copy_text
    return {
        "finalUrls": [creative.link],
        "responsiveDisplayAd": {
            "marketingImages": [{"asset": wide}],
            "squareMarketingImages": [{"asset": square}],
            "headlines": [{"text": copy.headline}],
            "longHeadline": {"text": copy.primary_text},
            "descriptions": [{"text": copy.description or copy.primary_text}],
            "businessName": business_name(account),
            "callToActionText": call_to_action(copy.call_to_action),
            # What a person approved is shown as it is: Google neither crops, writes nor films.
            "controlSpec": {"enableAssetEnhancements": False, "enableAutogenVideo": False},
        },
    }


def _app_ad(creative: CreativeOrder, account: AdAccount, wide: str, square: str) -> JsonObject:
    """An app ad has no link and no button of its own: it leads to the store."""
    copy = creative.copy_text
    if copy.call_to_action is not CallToAction.DOWNLOAD:
        raise refused(
            f"call to action {copy.call_to_action.value!r} is not offered in an App campaign on "
            "Google, whose button installs the app; use 'download'",
            field="call_to_action",
        )
    descriptions = [text for text in (copy.primary_text, copy.description) if text]
    return {
        "appAd": {
            "headlines": [{"text": copy.headline}, {"text": business_name(account)}],
            "descriptions": [{"text": text} for text in dict.fromkeys(descriptions)],
            "images": [{"asset": wide}, {"asset": square}],
        }
    }

"""TikTok's secondary statuses as deliveries, with the reason in plain words."""

from models.contract.network import Delivery

State = tuple[Delivery, str | None]

_PREFIXES = ("CAMPAIGN_STATUS_", "ADGROUP_STATUS_", "AD_STATUS_", "ADVERTISER_")
_AD_GROUP = "its ad group was not approved"
_ACCOUNT = "the account is not approved"

_STATES: dict[str, State] = {
    "ENABLE": (Delivery.ACTIVE, None),
    "DELIVERY_OK": (Delivery.ACTIVE, None),
    "PARTIAL_AUDIT_DELIVERY_OK": (Delivery.ACTIVE, None),
    "REVIEW_PARTIALLY_APPROVED": (Delivery.ACTIVE, "some of it was not approved"),
    "SHADOW_ADGROUP_REAUDIT": (Delivery.ACTIVE, None),
    "DISABLE": (Delivery.PAUSED, None),
    "CAMPAIGN_DISABLE": (Delivery.PAUSED, "its campaign is paused"),
    "ADGROUP_DISABLE": (Delivery.PAUSED, "its ad group is paused"),
    "AWAITING_RELEASE": (Delivery.PAUSED, "it awaits release"),
    "FROZEN": (Delivery.PAUSED, "TikTok has frozen it"),
    "NOT_START": (Delivery.PAUSED, "it is outside its schedule"),
    "BUDGET_EXCEED": (Delivery.PAUSED, "its budget is used up"),
    "CAMPAIGN_EXCEED": (Delivery.PAUSED, "its campaign's budget is used up"),
    "BALANCE_EXCEED": (Delivery.PAUSED, "payment failed or the balance is used up"),
    "ACCOUNT_PUNISH": (Delivery.PAUSED, "the account is penalised"),
    "ADVERTISER_ACCOUNT_PUNISH": (Delivery.PAUSED, "the account is penalised"),
    "CONTRACT_PENDING": (Delivery.PAUSED, "the account's contract has not begun"),
    "ADVERTISER_CONTRACT_PENDING": (Delivery.PAUSED, "the account's contract has not begun"),
    "ADVERTISER_AUDIT": (Delivery.IN_REVIEW, "the account is in review"),
    "ADVERTISER_AUDIT_DENY": (Delivery.REJECTED, _ACCOUNT),
    "AUDIT": (Delivery.IN_REVIEW, None),
    "REAUDIT": (Delivery.IN_REVIEW, None),
    "PARTIAL_AUDIT_NO_DELIVERY": (Delivery.IN_REVIEW, None),
    "ADGROUP_PARTIAL_AUDIT_NO_DELIVERY": (Delivery.IN_REVIEW, None),
    "PROCESS_AUDIO": (Delivery.IN_REVIEW, "TikTok is processing its sound"),
    "AUDIT_DENY": (Delivery.REJECTED, "TikTok did not approve it"),
    "ADGROUP_AUDIT_DENY": (Delivery.REJECTED, _AD_GROUP),
    "REVIEW_DISAPPROVED": (Delivery.REJECTED, "TikTok did not approve it"),
    "INDUSTRY_QUALIFICATION_MISSING": (Delivery.REJECTED, "a qualification is missing"),
    "INDUSTRY_QUALIFICATION_EXPIRED": (Delivery.REJECTED, "a qualification has ended"),
    "INDUSTRY_QUALIFICATION_DENY": (Delivery.REJECTED, "a qualification was not approved"),
    "ADGROUP_INDUSTRY_QUALIFICATION_MISSING": (Delivery.REJECTED, "a qualification is missing"),
    "ADGROUP_INDUSTRY_QUALIFICATION_EXPIRED": (Delivery.REJECTED, "a qualification has ended"),
    "ADGROUP_INDUSTRY_QUALIFICATION_DENY": (Delivery.REJECTED, "a qualification was not approved"),
    "MUSIC_AUTHORIZATION_MISSING": (Delivery.REJECTED, "the rights to its music are missing"),
    "TRANSCODING_FAIL": (Delivery.REJECTED, "TikTok could not convert its video"),
    "ASSET_AUTHORIZATION_LOST": (Delivery.REJECTED, "an asset of it may no longer be used"),
    "ADGROUP_ASSET_AUTHORIZATION_LOST": (Delivery.REJECTED, "an asset may no longer be used"),
    "PIXEL_UNBIND": (Delivery.REJECTED, "its pixel may no longer be used"),
    "TIME_DONE": (Delivery.ENDED, None),
    "DONE": (Delivery.ENDED, None),
    "DELETE": (Delivery.REMOVED, None),
    "CAMPAIGN_DELETE": (Delivery.REMOVED, None),
    "ADGROUP_DELETE": (Delivery.REMOVED, None),
    "CREATE": (Delivery.UNKNOWN, "it has no ads"),
}
"""By TikTok's word without its level. A word that is not here is shown as TikTok writes it."""

DENIED = frozenset({"AD_STATUS_AUDIT_DENY"})
"""What a review decided against: the reason is asked for."""


def state_of(operation: str, secondary: str) -> State:
    """The delivery of an object from what was set and what TikTok computed.

    TikTok's own sandbox leaves ``secondary_status`` out; what was set is then all there is.
    """
    if not secondary:
        words = {"ENABLE": Delivery.UNKNOWN, "DELETE": Delivery.REMOVED}
        return words.get(operation, Delivery.PAUSED), None
    word = secondary
    for prefix in _PREFIXES:
        if secondary.startswith(prefix) and secondary.removeprefix(prefix) in _STATES:
            word = secondary.removeprefix(prefix)
            break
    return _STATES.get(word, (Delivery.UNKNOWN, secondary))

"""From an agreed plan to the orders a network gets. Pure."""

from datetime import datetime

from models.contract.campaign import CampaignInput, CampaignState
from models.contract.creative import Creative
from models.contract.effects import effect_key, referral
from models.contract.network import AdGroupOrder, AdOrder, CampaignOrder, CreativeOrder
from models.contract.urls import tracked_link


def campaign_order(campaign: CampaignInput, state: CampaignState) -> CampaignOrder:
    """The campaign itself."""
    plan = state.plan
    return CampaignOrder(
        key=effect_key(campaign.campaign_id, "campaign"),
        name=plan.name,
        objective=plan.objective,
        daily_budget=plan.daily_budget,
        spend_cap=plan.lifetime_budget,
        special_category=plan.special_category,
        countries=plan.targeting.locations,
        link=plan.destination_url,
    )


def ad_group_order(
    campaign: CampaignInput, state: CampaignState, *, start: datetime, end: datetime
) -> AdGroupOrder:
    """The ad group; its end is the lease."""
    plan = state.plan
    assert state.tree.campaign_id is not None
    return AdGroupOrder(
        key=effect_key(campaign.campaign_id, "ad_group"),
        name=plan.name,
        campaign_id=state.tree.campaign_id,
        objective=plan.objective,
        daily_budget=plan.daily_budget,
        targeting=plan.targeting,
        bid=plan.bid,
        start_time=start,
        end_time=end,
        special_category=plan.special_category,
        link=plan.destination_url,
    )


def creative_order(
    campaign: CampaignInput, state: CampaignState, creative: Creative
) -> CreativeOrder:
    """A creative with its tracked link."""
    return CreativeOrder(
        key=effect_key(campaign.campaign_id, f"creative/{creative.id}"),
        name=f"{state.plan.name} {creative.id}",
        copy_text=creative.copy_text,
        link=tracked_link(
            state.plan.destination_url,
            platform=campaign.account.platform,
            campaign_id=str(campaign.campaign_id),
            creative_id=creative.id,
            ref=referral(campaign.campaign_id),
        ),
        image_path=creative.image.path,
        image_sha256=creative.image.sha256,
        video_path=creative.video.path if creative.video else None,
        video_sha256=creative.video.sha256 if creative.video else None,
    )


def ad_order(campaign: CampaignInput, state: CampaignState, creative: Creative) -> AdOrder:
    """An ad that shows a creative, with what was ordered around it."""
    assert state.tree.ad_group_id is not None
    assert state.activated_at is not None
    assert state.lease_until is not None
    return AdOrder(
        key=effect_key(campaign.campaign_id, f"ad/{creative.id}"),
        name=f"{state.plan.name} {creative.id}",
        ad_group_id=state.tree.ad_group_id,
        creative_id=state.tree.creative_ids[creative.id],
        creative=creative_order(campaign, state, creative),
        ad_group=ad_group_order(campaign, state, start=state.activated_at, end=state.lease_until),
    )

"""Whole stories: a published article becomes campaigns."""

from models.contract.campaign import Approve, Receipt, Reject
from models.contract.vocabulary import CampaignStatus
from tests.stack import TeamUnderTest


async def test_an_approved_campaign_goes_live_with_one_object_per_effect(
    team: TeamUnderTest,
) -> None:
    promotion = await team.promote(await team.publish())
    handles = await team.proposed(promotion)
    assert set(handles) == {"meta", "x"}
    for handle in handles.values():
        view = await team.view(handle)
        receipt = await handle.execute_update(
            "approve", Approve(by="ana", version=view.version), result_type=Receipt
        )
        assert receipt.status is CampaignStatus.SCHEDULED
    for platform, handle in handles.items():
        view = await team.until(handle, CampaignStatus.ACTIVE)
        effects = await team.effects(view.campaign_id)
        assert len(effects) == 2 + 2 * len(view.tree.ad_ids)
        assert {effect.state for effect in effects} == {"confirmed"}
        assert view.tree.campaign_id is not None
        assert platform in {"meta", "x"}


async def test_a_declined_proposal_closes_and_touches_no_network(team: TeamUnderTest) -> None:
    handles = await team.proposed(await team.promote(await team.publish()))
    handle = handles["meta"]
    await handle.signal("reject", Reject(by="ana", reason="not now"))
    result = await handle.result()
    assert result["status"] == "declined"

"""Networks that lose, delay, repeat and refuse: still one live object per key."""

import asyncio

from tests.faults.rig import Rig

CREATES = {
    "meta": ("/campaigns$", "/adsets$", "/adcreatives$", "/ads$"),
    "x": ("/campaigns$", "/line_items$", "/tweet$", "/promoted_tweets$"),
}
ACTIVATIONS = {"meta": r"^/meta/(v[\d.]+/?)?$", "x": "/batch/accounts/"}
KINDS = ("lost_answer", "late_write", "duplicate", "server_error", "rate_limited")


async def test_one_live_object_per_key_whatever_the_networks_do(rig: Rig) -> None:
    """Every kind of fault on creates and activations of both networks, four launches at once."""
    await rig.start_worker()
    proposals = await asyncio.gather(*(rig.propose() for _ in range(4)))
    for network, creates in CREATES.items():
        for number, kind in enumerate(KINDS):
            # Late by less than the settling time of the sandbox, as the networks promise.
            arm = {"kind": kind, "method": "POST", "seconds": 1.6}
            for path in (creates[number % 4], creates[(number + 1) % 4], ACTIVATIONS[network]):
                await rig.team.arm(network, path=path, **arm)
    # Faults that meet on one request can cancel each other out; one of these makes a twin for sure.
    await rig.team.arm("meta", kind="duplicate", method="POST", path="/ads$", count=3)
    handles = [handle for proposal in proposals for handle in proposal.values()]
    await rig.approve(handles)
    for view in await rig.launched(handles, seconds=60):
        await rig.assert_single(view)
        assert await rig.campaign_is_on(view)
    never = [
        (network, fault["kind"], fault["path"])
        for fault in (await rig.team.control.get("/faults")).json()["faults"]
        for network in [fault["network"]]
        if not fault["fired"]
    ]
    assert not never, f"faults that never fired: {never}"
    effects = [
        effect
        for handle in handles
        for effect in await rig.team.effects(handle.id.removeprefix("campaign-"))
    ]
    assert sum(effect.twins_removed for effect in effects) > 0, "no late twin was ever settled"
    assert max(effect.attempts for effect in effects) > 1

"""A campaign led over the REST API, by people and programs of one team and of another (N9, N12)."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio
from fastapi import FastAPI

from models.contract.roles import Role
from models.contract.vocabulary import CampaignStatus
from models.database import Database
from starter import people, tokens
from starter.api import add_api
from starter.people import Change
from starter.server import create_app
from starter.team import set_up
from tests.stack import TeamUnderTest, eventually
from tests.stories.scenes import admin_campaign, budget_on_network, is_on, now, only, proposed


async def token_of(team: TeamUnderTest, role: Role) -> str:
    """A token of a new person."""
    change = Change(team.id, "story", now(team))
    async with team.database.team(team.id) as session:
        owner = await people.add(session, change, f"{role.value} {uuid4().hex[:4]}", role)
        _, secret = await tokens.create(session, change, owner, "story", role)
    return secret


def program(app: FastAPI, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://ads.test",
        headers={"authorization": f"Bearer {token}"},
        timeout=40,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def app(team: TeamUnderTest) -> AsyncGenerator[FastAPI]:
    """The server as it is started."""
    made = create_app(team.settings)
    async with made.router.lifespan_context(made):
        yield made


async def test_a_campaign_is_led_over_the_api(team: TeamUnderTest, app: FastAPI) -> None:
    await only(team, "meta")
    handle = (await proposed(team))["meta"]
    view = await team.view(handle)
    path = f"/campaigns/{view.campaign_id}"
    approver, operator = await token_of(team, Role.APPROVER), await token_of(team, Role.OPERATOR)
    async with program(app, approver) as ana, program(app, operator) as otto:
        (row,) = (await ana.get("/campaigns")).json()
        assert (row["id"], row["status"]) == (str(view.campaign_id), "pending_approval")
        stale = await ana.post(f"{path}/approve", json={"version": 7})
        assert stale.status_code == 409
        assert "version 7 was seen" in stale.json()["error"]
        agreed = await ana.post(f"{path}/approve", json={"version": view.version, "note": "go"})
        assert agreed.status_code == 200, agreed.text
        live = await team.until(handle, CampaignStatus.ACTIVE)
        shown = (await ana.get(path)).json()
        assert (shown["source"], shown["status"]) == ("workflow", "active")

        paused = await ana.post(f"{path}/pause", json={"reason": "a look at it"})
        assert paused.json()["status"] == "paused"
        assert not await is_on(team, live)
        assert (await ana.post(f"{path}/resume")).status_code == 403
        assert (await otto.post(f"{path}/resume")).status_code == 200
        await team.until(handle, CampaignStatus.ACTIVE)
        lowered = await otto.post(f"{path}/budget", json={"daily_budget": "6.50"})
        assert lowered.json()["message"] == "daily budget is $6.50"
        assert (await budget_on_network(team, live)).micros == 6_500_000
        over = await otto.post(f"{path}/budget", json={"daily_budget": "99999"})
        assert over.status_code == 409
        assert "limit" in over.json()["error"]

        own = {"headline": "Nets, mended by hand", "action": "Read more", "reason": "our tone"}
        assert (await ana.post(f"{path}/ads/v1", json=own)).status_code == 403
        assert (await otto.post(f"{path}/ads/best", json=own)).status_code == 422
        unknown = await otto.post(f"{path}/ads/v1", json={"action": "sing along"})
        assert unknown.status_code == 422
        assert "means no button" in unknown.json()["error"]
        changed = await otto.post(f"{path}/ads/v1", json=own)
        assert changed.json()["message"].endswith(" runs in the place of v1, confirmed")

        killed = await ana.post(f"{path}/kill", json={"reason": "enough"})
        assert killed.json() == {
            "status": "killed",
            "message": "Stopped, confirmed by read-back.",
        }
        assert not await is_on(team, live)
        for verb, body in (("resume", {}), ("pause", {}), ("kill", {}), ("budget", {
                           "daily_budget": "5"}), ("ads/v2", own)):  # fmt: skip
            late = await otto.post(f"{path}/{verb}", json=body)
            assert late.status_code == 409, verb
            assert "the campaign is killed" in late.json()["error"]
    decided = {
        (one.decision_type, one.decided_by) for one in await team.decisions(view.campaign_id)
    }
    for kind in ("approve", "pause_campaign", "kill_campaign"):
        assert any(one == kind and by.startswith("approver") for one, by in decided), decided
    assert any(by.endswith("(token story)") for _, by in decided)


async def test_another_team_cannot_touch_it_nor_see_it(team: TeamUnderTest, app: FastAPI) -> None:
    await only(team, "meta")
    handle = await admin_campaign(team, "meta")
    live = await team.until(handle, CampaignStatus.ACTIVE)
    other = team.settings.model_copy(update={"team_id": uuid4()})
    await set_up(team.database, other, environ={})
    stranger = TeamUnderTest(other.team_id, other, team.client, team.database, team.control)
    async with program(app, await token_of(stranger, Role.OWNER)) as theirs:
        assert (await theirs.get("/campaigns")).json() == []
        for verb, body in (("approve", {"version": 1}), ("reject", {}), ("pause", {}), ("kill", {}),
                           ("resume", {}), ("budget", {"daily_budget": "5"}),
                           ("ads/v1", {"headline": "Ours now"})):  # fmt: skip
            answer = await theirs.post(f"/campaigns/{live.campaign_id}/{verb}", json=body)
            assert answer.status_code == 404, verb
            assert answer.json()["error"].startswith("There is no such campaign")
        assert (await theirs.get(f"/campaigns/{live.campaign_id}")).status_code == 404
    assert (await team.view(handle)).status is CampaignStatus.ACTIVE
    assert await is_on(team, live)


async def test_a_stop_needs_no_database(team: TeamUnderTest) -> None:
    """Whoever was seen lately may stop their team's campaigns, and only those."""
    await only(team, "meta")
    handle = await admin_campaign(team, "meta")
    live = await team.until(handle, CampaignStatus.ACTIVE)
    other = team.settings.model_copy(update={"team_id": uuid4()})
    await set_up(team.database, other, environ={})
    stranger = TeamUnderTest(other.team_id, other, team.client, team.database, team.control)
    gone = Database("postgresql://nobody@127.0.0.1:1/none", pool_size=1)

    class Switching:
        """The server's database, until it is switched off."""

        on = True

        def team(self, team_id: Any) -> Any:
            return (team.database if self.on else gone).team(team_id)

    async def temporal() -> Any:
        return team.client

    database = Switching()
    app = FastAPI(openapi_url=None)
    add_api(app, database, team.settings, temporal)  # type: ignore[arg-type]
    path = f"/campaigns/{live.campaign_id}"
    mine, foreign = await token_of(team, Role.VIEWER), await token_of(stranger, Role.OWNER)
    async with program(app, mine) as vera, program(app, foreign) as theirs:
        for one in (vera, theirs):
            assert (await one.get("/session")).status_code == 200
        database.on = False
        assert (await vera.get("/campaigns")).status_code == 503
        for verb in ("pause", "kill"):
            assert (await theirs.post(f"{path}/{verb}", json={})).status_code == 404
        assert await is_on(team, live)
        assert (await vera.post(f"{path}/pause", json={})).json()["status"] == "paused"
        assert not await is_on(team, live)
        assert (await vera.post(f"{path}/kill", json={})).json()["status"] == "killed"
        unknown = await vera.post(f"/campaigns/{uuid4()}/kill", json={})
        assert unknown.status_code == 404
    await gone.close()

    async def recorded() -> bool:
        return all(CampaignStatus(one.status).is_final for one in await team.campaigns())

    await eventually(recorded)

"""First-hand clicks and conversions (`POST /conversions`): each judged alone, counted once."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest_asyncio
from sqlmodel import col, select

from activities.first_hand import SeenHour, hourly
from models.contract.account import AdAccount
from models.contract.campaign import ApprovalCase, CampaignInput, CampaignState, MediaPlan
from models.contract.creative import AdCopy, Creative, ImageAsset
from models.contract.money import Money
from models.contract.vocabulary import Platform
from models.database import Database
from models.settings import Settings
from models.tables import Account, Campaign, FirstHandEvent
from starter.events import sign
from starter.server import create_app
from starter.team import set_up
from tests.stack import PATIENCE
from workflows.orders import creative_order

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Site:
    """A promoted site that reports what it saw."""

    def __init__(self, http: httpx.AsyncClient, database: Database, settings: Settings) -> None:
        self.http = http
        self.database = database
        self.settings = settings
        self.team = settings.team_id

    async def campaign(self) -> UUID:
        """A campaign of the team, as its workflow remembers it."""
        async with self.database.team(self.team) as session:
            account = (await session.scalars(select(Account))).first()
            assert account is not None
            row = Campaign(
                team_id=self.team, account_id=account.id, platform=account.platform,
                workflow_id="w", name="n", objective="traffic", campaign_type="article",
                destination_url="https://journal.example/", daily_budget_micros=1, spend_micros=0,
                month_spend_micros=0,
            )  # fmt: skip
            session.add(row)
        return row.id

    async def post(self, *events: object, body: bytes | None = None, **headers: str) -> Any:
        if body is None:
            body = json.dumps({"events": list(events)}).encode()
        signed = sign(SECRET, body, message_id=uuid4().hex, timestamp=datetime.now(UTC))
        return await self.http.post("/conversions", content=body, headers={**signed, **headers})

    async def rows(self) -> list[FirstHandEvent]:
        async with self.database.team(self.team) as session:
            query = select(FirstHandEvent).order_by(col(FirstHandEvent.id))
            return list((await session.scalars(query)).all())

    def now(self) -> datetime:
        return self.settings.clock.campaign_time(datetime.now(UTC))


@pytest_asyncio.fixture(loop_scope="session")
async def site(settings: Settings, database: Database) -> AsyncGenerator[Site]:
    own = Settings.model_validate({"event_secret": SECRET})
    own = settings.model_copy(update={"team_id": uuid4(), "event_secret": own.event_secret})
    await set_up(database, own, environ={})
    app = create_app(own)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://events.test", timeout=20
        ) as http,
    ):
        yield Site(http, database, own)


def conversion(campaign: UUID, **fields: Any) -> dict[str, Any]:
    return {"id": uuid4().hex, "type": "conversion", "campaign_id": str(campaign), **fields}


async def test_what_the_site_saw_counts_once(site: Site) -> None:
    campaign = await site.campaign()
    sale = conversion(campaign, value=12.34, currency="usd", at=site.now().isoformat())
    click = {"id": "c-1", "type": "click", "campaign_id": str(campaign)}
    first = await site.post(sale, click, click)
    assert (first.status_code, first.json()) == (
        202, {"accepted": 2, "duplicates": 1, "refused": []},
    )  # fmt: skip
    answers = await asyncio.gather(*(site.post(sale, click) for _ in range(8)))
    assert {(one.json()["accepted"], one.json()["duplicates"]) for one in answers} == {(0, 2)}

    stored, clicked = await site.rows()
    assert (stored.kind, stored.value_micros, stored.currency) == ("conversion", 12_340_000, "USD")
    assert clicked.kind == "click"
    tempo = timedelta(seconds=site.settings.tempo)
    assert abs(clicked.at - site.now()) < 60 * tempo, "a missing time is now, in campaign time"
    assert abs(clicked.received_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_the_ref_of_an_ads_link_finds_its_campaign(site: Site) -> None:
    await site.post(conversion(await site.campaign()))  # the campaigns are known by now
    campaign = await site.campaign()
    plan = MediaPlan(
        name="n", destination_url="https://journal.example/a?x=1", daily_budget=Money.of(10)
    )
    approval = ApprovalCase(needed=False, worst_case=Money.of(10))
    start = CampaignInput(
        campaign_id=campaign, team_id=site.team, plan=plan, approval=approval,
        account=AdAccount(id=uuid4(), team_id=site.team, platform=Platform.META, name="a",
                          external_id="1"),
    )  # fmt: skip
    words = AdCopy(headline="h", primary_text="p", angle="a")
    image = ImageAsset(path="a.png", sha256="0" * 64, width=1, height=1)
    order = creative_order(
        start, CampaignState(plan=plan, approval=approval), Creative(id="v1", copy_text=words,
        image=image, author="ai"),
    )  # fmt: skip
    link = parse_qs(urlsplit(order.link).query)
    answer = await site.post(
        {"id": "by-ref", "type": "click", "ref": link["ref"][0]},
        {"id": "by-ref-too", "type": "click", "ref": link["ref"][0].lower()},
        {"id": "by-id", "type": "click", "campaign_id": link["utm_campaign"][0]},
    )
    assert answer.json() == {"accepted": 3, "duplicates": 0, "refused": []}
    assert {row.campaign_id for row in await site.rows() if row.kind == "click"} == {campaign}


async def test_each_fault_is_named_and_the_rest_of_the_batch_counts(site: Site) -> None:
    campaign, now = await site.campaign(), site.now()
    good = {"id": "good", "type": "click", "campaign_id": str(campaign)}
    late = now + timedelta(minutes=4) + timedelta(seconds=site.settings.tempo)
    faulty: list[tuple[object, str, str]] = [
        ("text", "event", "no JSON object"),
        ({**good, "id": ""}, "id", "missing"),
        ({**good, "id": "x" * 256}, "id", "255"),
        ({**good, "id": "a\x00b"}, "id", "printable"),
        ({**good, "id": "a\ud800"}, "id", "printable"),
        ({**good, "type": "view"}, "type", "'view'"),
        ({**good, "campaign_id": str(uuid4())}, "campaign_id", "unknown"),
        ({**good, "campaign_id": "tea"}, "campaign_id", "'tea'"),
        ({"id": "n", "type": "click"}, "campaign_id", "both missing"),
        ({"id": "n", "type": "click", "ref": "AAAA2222"}, "ref", "'AAAA2222'"),
        ({**good, "at": "yesterday"}, "at", "RFC 3339"),
        ({**good, "at": 7}, "at", "no text"),
        ({**good, "at": "2026-01-31T09:00:00"}, "at", "time zone"),
        ({**good, "at": "0001-01-01T00:00:00+14:00"}, "at", "cannot be read"),
        ({**good, "at": (late + timedelta(hours=9)).isoformat()}, "at", "future"),
        ({**good, "value": 5}, "value", "click"),
        (conversion(campaign, value=5), "currency", "missing"),
        (conversion(campaign, value=5, currency="dollars"), "currency", "'dollars'"),
        (conversion(campaign, value="much", currency="USD"), "value", "'much'"),
        (conversion(campaign, value=True, currency="USD"), "value", "12.50"),
        (conversion(campaign, value=-1, currency="USD"), "value", "below zero"),
        (conversion(campaign, value="1e400", currency="USD"), "value", "beyond"),
        (conversion(campaign, value=0.0000001, currency="USD"), "value", "finer"),
    ]
    answer = await site.post(*(event for event, _, _ in faulty), {**good, "at": now.isoformat()})
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["duplicates"]) == (1, 0)
    assert [one["index"] for one in told["refused"]] == list(range(len(faulty)))
    for one, (event, field, says) in zip(told["refused"], faulty, strict=True):
        assert one["field"] == field, (event, one)
        assert says in one["problem"], (event, one)
    assert len(await site.rows()) == 1


async def test_a_foreign_teams_campaign_is_unknown(site: Site, settings: Settings) -> None:
    other = Site(site.http, site.database, settings.model_copy(update={"team_id": uuid4()}))
    await set_up(site.database, other.settings, environ={})
    foreign = await other.campaign()
    answer = await site.post(conversion(foreign))
    assert answer.json()["accepted"] == 0
    assert answer.json()["refused"][0]["field"] == "campaign_id"
    assert not await other.rows()


async def test_unsigned_malformed_and_oversized_batches(site: Site) -> None:
    campaign = await site.campaign()
    body = json.dumps({"events": [conversion(campaign)]}).encode()
    assert (await site.http.post("/conversions", content=body)).status_code == 401
    tampered = await site.post(body=body, **{"webhook-signature": "v1,AAAA"})
    assert (tampered.status_code, tampered.json()["error"]["field"]) == (401, "webhook-signature")
    for bad, field in (
        (b"{", "body"), (b"[]", "events"), (b"{}", "events"), (b'{"events": []}', "events"),
        (b'{"events": {}}', "events"), (b"[" * 100_000, "body"), (b'{"events": [NaN]}', "body"),
    ):  # fmt: skip
        refused = await site.post(body=bad)
        assert (refused.status_code, refused.json()["error"]["field"]) == (400, field), bad[:20]
    many = await site.post(*({"n": n} for n in range(501)))
    assert (many.status_code, many.json()["error"]["field"]) == (413, "events")
    assert "501 events" in many.json()["error"]["message"]
    large = await site.post(conversion(campaign, note="x" * 300_000))
    assert (large.status_code, large.json()["error"]["field"]) == (413, "body")
    assert not await site.rows()


async def test_five_hundred_events_take_under_200_ms(site: Site) -> None:
    campaigns = [await site.campaign() for _ in range(20)]
    await site.post(conversion(campaigns[0]))  # connections are open, the campaigns known
    took: list[float] = []
    for _ in range(3):
        batch = [
            conversion(campaigns[n % 20], value="9.90", currency="EUR", at=site.now().isoformat())
            for n in range(500)
        ]
        began = time.perf_counter()
        answer = await site.post(*batch)
        took.append(time.perf_counter() - began)
        assert answer.json() == {"accepted": 500, "duplicates": 0, "refused": []}
    print(f"500 events: {min(took) * 1000:.0f} ms")
    assert min(took) < 0.2 * PATIENCE


async def test_by_the_hour_for_the_guard(site: Site) -> None:
    one, other = await site.campaign(), await site.campaign()
    hour = (site.now() - timedelta(hours=5)).replace(minute=0, second=0, microsecond=0)

    def at(minutes: int) -> str:
        return (hour + timedelta(minutes=minutes)).isoformat()

    await site.post(
        conversion(one, at=at(-1)), conversion(one, at=at(0)), conversion(one, at=at(59)),
        {"id": "c1", "type": "click", "campaign_id": str(one), "at": at(59)},
        conversion(one, at=at(60)), conversion(other, at=at(61)),
    )  # fmt: skip
    async with site.database.team(site.team) as session:
        rows = await hourly(session, [one, other], hour)
        only = await hourly(session, [other], hour)
    following = hour + timedelta(hours=1)
    assert sorted(rows, key=lambda row: (row.hour, row.clicks, row.campaign_id == other)) == [
        SeenHour(one, hour, 1, 2), SeenHour(one, following, 0, 1),
        SeenHour(other, following, 0, 1),
    ]  # fmt: skip
    assert only == [SeenHour(other, following, 0, 1)]


async def test_a_database_that_is_down_is_503_and_the_batch_can_be_sent_again(
    settings: Settings,
) -> None:
    own = Settings.model_validate({"event_secret": SECRET})
    down = settings.model_copy(
        update={
            "event_secret": own.event_secret,
            "database_url": "postgresql://ads:pass-word@127.0.0.1:1/adflight",
        }
    )
    app = create_app(down)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://events.test", timeout=20
    ) as http:
        answer = await Site(http, Database(down.database_url), down).post(conversion(uuid4()))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "PostgreSQL does not answer" in answer.json()["error"]["message"]
    assert "pass-word" not in answer.text

"""The Ads API stand-in against ``telead``, unmodified, and the traps it promises to set."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
import telead
from PIL import Image
from telead import Client, InputAdSchedule, InputAdTargetChannels, InputAdTargetUsers

from sandbox.telegram import ACCOUNT_ID, TOKEN
from tests.clock import MORNING, Clock
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]
CHANNELS = InputAdTargetChannels(channel_ids=["@durov"])
USERS = InputAdTargetUsers(country_codes=["DE"])


class Clock(Clock):
    """A clock whose market keeps up with it."""

    box: Sandbox

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)
        self.box.world.settle()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], clock: Clock) -> Sandbox:
    clock.box = sandbox_factory(networks=("telegram",), tempo=1.0, origin=MORNING, real=clock)
    return clock.box


@pytest.fixture
def client(box: Sandbox) -> Iterator[Client]:
    with Client(TOKEN, base_url=f"{box.url}/telegram/ads", max_retries=0) as client:
        yield client


def made(client: Client, **changes: Any) -> telead.Ad:
    fields: dict[str, Any] = {
        "title": "Autumn launch",
        "text": "Everything you need to know, in one channel.",
        "promote_url": "https://t.me/mychannel",
        "cpm": 20,
        "placement": "channel_post",
        "target": CHANNELS,
        "initial_budget": 50,
        **changes,
    }
    return client.create_ad(**fields)


def raw(box: Sandbox, method: str, **content: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}", **content.pop("headers", {})}
    url = f"{box.url}/telegram/ads/{method}"
    return httpx.post(url, headers=headers, timeout=10, trust_env=False, **content)


def photo(size: tuple[int, int] = (1280, 720), kind: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def test_the_account_and_its_details(client: Client) -> None:
    account = client.get_current_account()
    assert (account.account_id, account.currency) == (ACCOUNT_ID, "EUR")
    assert account.remaining_budget == 100_000
    assert client.get_accounts_by_id([ACCOUNT_ID, "other"]) == [account]
    assert client.get_account_info().legal_name == "Sandbox Advertiser Ltd"
    assert client.edit_account_info(city="Hamburg").city == "Hamburg"
    assert list(client.iter_related_accounts()) == []
    with pytest.raises(telead.PermissionDeniedError, match="MAIN_ACCOUNT_REQUIRED"):
        client.increase_account_budget("rel-1", 10)
    assert client.with_account(ACCOUNT_ID).get_ads_list().ads == []
    with pytest.raises(telead.InvalidRequestError, match="ACCOUNT_ID_INVALID"):
        client.with_account("rel-1").get_ads_list()


def test_an_ad_from_creation_to_figures(box: Sandbox, client: Client, clock: Clock) -> None:
    ad = made(client, daily_budget_limit=20, return_target=True)
    assert (ad.status, ad.currency, ad.remaining_budget) == ("in_review", "EUR", 50)
    assert ad.ad_id > 2**32, "ids outgrow 32 bits"
    assert [one.username for one in ad.target.channels] == ["durov"]
    account = client.get_current_account()
    assert (account.remaining_budget, account.ads_budget) == (99_950, 50)

    clock.forward(hours=6)
    shown = client.get_ad(ad.ad_id)
    assert shown is not None
    assert shown.is_active
    assert shown.views > 0
    assert 0 < shown.spent_budget <= 20
    assert shown.spent_budget + shown.remaining_budget == pytest.approx(50)
    assert shown.daily_spent_budget == shown.spent_budget
    assert shown.action_type == "join"

    start = MORNING.replace(hour=0)
    (day,) = client.get_ad_stats(ad.ad_id, start, start + timedelta(days=1))
    assert (day.views, day.spent_budget) == (shown.views, shown.spent_budget)
    assert client.get_account_stats(start, start + timedelta(days=1)) == [day]
    fine = client.get_ad_stats(ad.ad_id, start, start + timedelta(days=1), 300)
    assert len(fine) == 288
    assert sum(one.views for one in fine) == shown.views
    (line,) = client.get_account_report(2026, 3)
    assert (line.ad_id, line.views, line.ad_is_deleted) == (ad.ad_id, shown.views, False)
    assert client.get_account_report(2026, 2) == []
    peers = [type(one.peer).__name__ for one in client.iter_ad_transactions(ad.ad_id)]
    assert peers == ["AdTransactionPeerViews", "AdTransactionPeerAccount"]
    (moved,) = client.iter_account_transactions()
    assert (moved.amount, moved.peer.ad_title) == (-50, "Autumn launch")


def test_pausing_and_dates(box: Sandbox, client: Client, clock: Clock) -> None:
    ad = made(client)
    assert client.pause_ad(ad.ad_id).is_paused
    clock.forward(minutes=11)
    assert client.get_ad(ad.ad_id).status == "on_hold"
    assert client.resume_ad(ad.ad_id).status == "active"
    until = MORNING + timedelta(hours=5)
    dated = client.edit_ad(ad.ad_id, is_paused=True, deactivate_date=until)
    assert dated.deactivate_at == until
    assert not dated.is_paused, "a date decides, whatever is_paused says"
    assert client.pause_ad(ad.ad_id).deactivate_date is None
    assert not client.edit_ad(ad.ad_id, deactivate_date=until).is_paused
    clock.forward(seconds=(until - clock.at).total_seconds())
    assert client.get_ad(ad.ad_id).status == "on_hold"
    with pytest.raises(telead.InvalidRequestError, match="DEACTIVATE_DATE_INVALID"):
        client.edit_ad(ad.ad_id, deactivate_date=until - timedelta(hours=1))
    with pytest.raises(telead.InvalidRequestError, match="DEACTIVATE_DATE_INVALID"):
        client.edit_ad(ad.ad_id, deactivate_date=until + timedelta(days=366))
    begins = client.edit_ad(ad.ad_id, activate_date=until + timedelta(hours=1))
    assert begins.status == "on_hold"


def test_a_created_ad_runs_unless_it_is_created_on_hold(client: Client) -> None:
    assert not made(client).is_paused
    assert made(client, is_paused=True).is_paused
    until = MORNING + timedelta(hours=5)
    assert not made(client, is_paused=True, deactivate_date=until).is_paused


def test_money_moves_and_is_rounded(client: Client, clock: Clock) -> None:
    ad = made(client, cpm=20.456, initial_budget=1.239, is_paused=True)
    assert (ad.cpm, ad.remaining_budget) == (20.46, 1.24)
    assert client.increase_ad_budget(ad.ad_id, 0.123456).remaining_budget == 1.36346
    assert client.decrease_ad_budget(ad.ad_id, 1).remaining_budget == 0.36346
    with pytest.raises(telead.NotEnoughBudgetError):
        client.decrease_ad_budget(ad.ad_id, 2)
    with pytest.raises(telead.NotEnoughBudgetError):
        client.increase_ad_budget(ad.ad_id, 200_000)
    with pytest.raises(telead.NotEnoughBudgetError):
        made(client, initial_budget=200_000)
    limited = client.edit_ad(ad.ad_id, daily_budget_limit=15.001)
    assert limited.daily_budget_limit == 15
    assert client.edit_ad(ad.ad_id, daily_budget_limit=0).daily_budget_limit is None
    assert len(client.get_ads_list().ads) == 1


def test_an_ad_without_money_is_not_reviewed(client: Client, clock: Clock) -> None:
    ad = made(client, initial_budget=None)
    assert ad.needs_review_submission
    with pytest.raises(telead.InvalidRequestError, match="AD_BUDGET_EMPTY"):
        client.submit_ad_for_review(ad.ad_id)
    clock.forward(minutes=30)
    assert client.get_ad(ad.ad_id).status == "ready_for_review"
    assert client.increase_ad_budget(ad.ad_id, 5).status == "in_review"
    with pytest.raises(telead.APIError, match="AD_STATUS_INVALID"):
        client.submit_ad_for_review(ad.ad_id)


def test_edits_send_a_funded_ad_to_review_again(client: Client, clock: Clock) -> None:
    ad = made(client)
    clock.forward(minutes=11)
    for quiet in ({"cpm": 21}, {"daily_budget_limit": 9}, {"impression_frequency": 2}):
        assert client.edit_ad(ad.ad_id, **quiet).status == "active"
    for loud in ({"text": "Other words."}, {"title": "Other"}):
        assert client.edit_ad(ad.ad_id, **loud).status == "in_review"
        clock.forward(minutes=11)
        assert client.get_ad(ad.ad_id).status == "active"


def test_a_declined_ad_says_why(box: Sandbox, client: Client, clock: Clock) -> None:
    box.arm("telegram", "disapproved_ad", count=1)
    ad = made(client)
    clock.forward(minutes=11)
    shown = client.get_ad(ad.ad_id)
    assert shown is not None
    assert shown.is_declined
    assert "guidelines" in shown.decline_reason.text


def test_an_ad_that_ran_rests_ten_minutes_before_it_is_deleted(
    client: Client, clock: Clock
) -> None:
    never = made(client, is_paused=True)
    assert client.delete_ad(never.ad_id) is True
    ad = made(client)
    clock.forward(minutes=12)
    with pytest.raises(telead.APIError, match="AD_RECENTLY_ACTIVE"):
        client.delete_ad(ad.ad_id)
    client.pause_ad(ad.ad_id)
    clock.forward(minutes=9)
    with pytest.raises(telead.APIError, match="AD_RECENTLY_ACTIVE"):
        client.decrease_ad_budget(ad.ad_id, 1)
    clock.forward(minutes=2)
    assert client.delete_ad(ad.ad_id) is True
    assert client.get_ads_by_id([ad.ad_id, never.ad_id]) == []
    with pytest.raises(telead.InvalidRequestError, match="AD_ID_INVALID"):
        client.edit_ad(ad.ad_id, cpm=5)
    gone = [one.peer.ad_is_deleted for one in client.iter_account_transactions()]
    assert gone == [True] * 4


def test_a_repeated_key_is_answered_as_before_for_a_day(
    box: Sandbox, client: Client, clock: Clock
) -> None:
    first = made(client, idempotency_key="k1")
    assert made(client, idempotency_key="k1").ad_id == first.ad_id
    with pytest.raises(telead.IdempotencyMismatchError):
        made(client, cpm=30, idempotency_key="k1")
    client.increase_ad_budget(first.ad_id, 5, idempotency_key="k1")
    client.increase_ad_budget(first.ad_id, 5, idempotency_key="k1")
    assert client.get_ad(first.ad_id).remaining_budget == 55
    body = {"ad_id": first.ad_id, "amount": 5}
    again = raw(box, "increaseAdBudget", json=body, headers={"Idempotency-Key": "k1"})
    assert again.headers["idempotent-replayed"] == "true"
    clock.forward(hours=25)
    assert made(client, idempotency_key="k1").ad_id != first.ad_id
    long = raw(box, "createAd", json={}, headers={"Idempotency-Key": "k" * 129})
    assert long.json() == {"ok": False, "error": "IDEMPOTENCY_KEY_INVALID"}


def test_lists_are_read_in_pages(client: Client) -> None:
    ids = [made(client, initial_budget=1).ad_id for _ in range(5)]
    page = client.get_ads_list(limit=2)
    assert (page.total_count, len(page.ads)) == (5, 2)
    assert [ad.ad_id for ad in client.iter_ads(page_size=2)] == ids[::-1]


def test_targets_and_the_catalogue(client: Client) -> None:
    assert {one.country_code for one in client.get_target_countries_list()} >= {"DE", "US"}
    assert "Travel" in {one.name for one in client.get_target_topics_list()}
    assert {one.language_code for one in client.get_target_languages_list()} >= {"en"}
    (berlin,) = client.iter_target_locations("DE", "ber")
    assert client.get_target_locations_by_id([berlin.location_id]) == [berlin]
    with pytest.raises(telead.UnknownPeerError, match="CHANNEL_ID_UNKNOWN"):
        client.get_target_channel(4711)
    channel = client.get_target_channel("@durov")
    assert client.get_target_channel(channel.channel_id) == channel
    assert client.get_target_bot("@gamebot").username == "gamebot"
    unknown = InputAdTargetChannels(channel_ids=[4711])
    with pytest.raises(telead.UnknownPeerError):
        made(client, target=unknown)
    assert made(client, target=InputAdTargetChannels(channel_ids=[channel.channel_id])).ad_id
    users = InputAdTargetUsers(country_codes=["DE", "AT"], topic_ids=[25], device="ios")
    shown = made(client, target=users, return_target=True).target
    assert [one.country_code for one in shown.countries] == ["DE", "AT"]
    assert [one.name for one in shown.topics] == ["Travel"]


def test_a_schedule_holds_hours(box: Sandbox, client: Client, clock: Clock) -> None:
    night = InputAdSchedule.every_day(range(22, 24), timezone=0)
    ad = made(client, schedule=night)
    assert ad.schedule.hours(0) == [22, 23]
    clock.forward(hours=12)
    assert client.get_ad(ad.ad_id).views == 0
    clock.forward(hours=4)
    assert client.get_ad(ad.ad_id).views > 0
    assert client.edit_ad(ad.ad_id, schedule=False).schedule is None
    with pytest.raises(telead.InvalidRequestError, match="SCHEDULE_INVALID"):
        made(client, schedule={"week_hours_mask": [1] * 7, "use_viewer_timezone": True})


def test_media_are_checked(box: Sandbox, client: Client) -> None:
    kept = client.upload_ad_photo(photo(), filename="a.png")
    assert made(client, photo_id=kept.photo_id).photo.photo_id == kept.photo_id
    with pytest.raises(telead.InvalidRequestError, match="PHOTO_ID_INVALID"):
        made(client, photo_id="none")
    for size in ((1080, 1080), (320, 180)):
        with pytest.raises(telead.InvalidRequestError, match="PHOTO_SIZE_INVALID"):
            client.upload_ad_photo(photo(size), filename="a.png")
    assert client.upload_website_photo(photo((150, 150), "JPEG"), filename="a.jpg").photo_id
    video = client.upload_ad_video(b"\0\0\0\x18ftypmp42" + b"\0" * 64, filename="a.mp4")
    swapped = client.edit_ad(made(client, photo_id=kept.photo_id).ad_id, video_id=video.video_id)
    assert (swapped.photo, swapped.video.video_id) == (None, video.video_id)


def test_a_website_needs_a_name_and_takes_a_button(client: Client) -> None:
    site: dict[str, Any] = {"promote_url": "https://journal.example/how"}
    with pytest.raises(telead.InvalidRequestError, match="WEBSITE_NAME_REQUIRED"):
        made(client, **site)
    ad = made(client, **site, website_name="Journal", button="read")
    assert (ad.button, ad.action_type, ad.actions) == ("read", None, 0)
    with pytest.raises(telead.InvalidRequestError, match="BUTTON_INVALID"):
        made(client, button="read")  # what is on Telegram has its own
    (event,) = client.get_pixel_events_list().events
    own = client.create_pixel_event("Lead", "lead")
    counted = made(client, **site, website_name="J", conversion_event_id=own.event_id)
    assert counted.action_type == "lead"
    with pytest.raises(telead.InvalidRequestError, match="CONVERSION_EVENT_ID_INVALID"):
        client.edit_ad(counted.ad_id, conversion_event_id=event.event_id)
    assert client.get_pixel_events_by_id([own.event_id])[0].ads_count == 1
    assert client.get_pixel().pixel_id


def test_audiences_of_phone_numbers(client: Client) -> None:
    audience = client.create_audience("Readers", [f"+4900000{n:04}" for n in range(250)])
    assert audience.size == 200, "sizes are approximate"
    assert client.edit_audience(audience.audience_id, reset_phones=True).size == 0
    assert client.add_audience_phones(audience.audience_id, ["+490001"]).size == 50
    assert [one.title for one in client.get_audiences_list()] == ["Readers"]
    assert client.delete_audience(audience.audience_id)
    assert client.get_audiences_by_id([audience.audience_id]) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": ""}, "AD_TITLE_REQUIRED"),
        ({"title": "ü" * 65}, "AD_TITLE_TOO_LONG"),
        ({"text": None}, "AD_TEXT_REQUIRED"),
        ({"text": "x" * 161}, "AD_TEXT_TOO_LONG"),
        ({"promote_url": "https://t.me/" + "x" * 250}, "PROMOTE_URL_TOO_LONG"),
        ({"promote_url": "mychannel"}, "PROMOTE_URL_INVALID"),
        ({"cpm": 0}, "CPM_INVALID"),
        ({"cpm": 0.05}, "CPM_TOO_LOW"),
        ({"cpm": "lots"}, "CPM_INVALID"),
        ({"target": None}, "TARGET_REQUIRED"),
        ({"target": {"type": "everybody"}}, "TARGET_INVALID"),
        ({"target": {"type": "users"}}, "COUNTRY_CODES_REQUIRED"),
        ({"target": {"type": "users", "country_codes": ["ZZ"]}}, "COUNTRY_CODE_INVALID"),
        ({"target": {"type": "users", "country_codes": ["DE"] * 9}}, "COUNTRY_CODES_TOO_MANY"),
        ({"placement": "search_result"}, "PLACEMENT_INVALID"),
        ({"impression_frequency": 5}, "IMPRESSION_FREQUENCY_INVALID"),
    ],
)
def test_ordinary_errors_come_with_http_200(
    box: Sandbox, changes: dict[str, Any], code: str
) -> None:
    body: dict[str, Any] = {
        "title": "t", "text": "x", "promote_url": "https://t.me/a", "cpm": 2.5,
        "placement": "channel_post", "target": {"type": "channels", "channel_ids": ["@d"]},
        **changes,
    }  # fmt: skip
    body = {name: value for name, value in body.items() if value is not None}
    answer = raw(box, "createAd", json=body)
    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": code})
    assert box.world.every("telegram", "ad") == []


def test_every_way_of_sending_parameters_is_equivalent(box: Sandbox) -> None:
    url, token = f"{box.url}/telegram/ads/getAdsById", {"Authorization": f"Bearer {TOKEN}"}
    plain = {"ok": True, "result": []}
    assert raw(box, "getAdsById", json={"ad_ids": [1]}).json() == plain
    assert raw(box, "getAdsById", data={"ad_ids": "[1]"}).json() == plain
    query = httpx.get(url, params={"ad_ids": "[1]"}, headers=token, trust_env=False)
    assert query.json() == plain
    assert raw(box, "getAdsById", json={}).json()["error"] == "AD_IDS_EMPTY"
    assert raw(box, "getEverything", json={}).status_code == 404


def test_tokens_are_checked(box: Sandbox, client: Client) -> None:
    url = f"{box.url}/telegram/ads/getCurrentAccount"
    bare = httpx.post(url, json={}, trust_env=False)
    assert (bare.status_code, bare.json()["error"]) == (200, "ACCESS_TOKEN_REQUIRED")
    with (
        Client("wrong", base_url=f"{box.url}/telegram/ads") as wrong,
        pytest.raises(telead.AuthenticationError, match="ACCESS_TOKEN_INVALID"),
    ):
        wrong.get_current_account()
    box.arm("telegram", "expired_token", count=1)
    with pytest.raises(telead.AuthenticationError):
        client.get_current_account()
    assert client.get_current_account().account_id == ACCOUNT_ID


def test_faults_look_like_telegrams(box: Sandbox) -> None:
    """The client waits out a flood and repeats what carries a key."""
    with Client(TOKEN, base_url=f"{box.url}/telegram/ads", backoff_base=0.01) as patient:
        box.arm("telegram", "rate_limited", count=1)
        began = time.monotonic()
        assert patient.get_current_account().account_id == ACCOUNT_ID
        assert time.monotonic() - began >= 1
        box.arm("telegram", "server_error", count=1)
        assert patient.get_ads_list().ads == []
        box.arm("telegram", "lost_answer", path="createAd", count=1)
        made(patient)
        assert len(patient.get_ads_list().ads) == 1, "the repeat replayed the first"
    assert box.fired("telegram", "rate_limited") == 1


def test_a_sandbox_keeps_its_ads_over_a_restart(
    box: Sandbox, client: Client, clock: Clock, sandbox_factory: Callable[..., Sandbox]
) -> None:
    ad = made(client)
    box.stop()
    again = sandbox_factory(directory=box.directory, networks=("telegram",), real=clock)
    with Client(TOKEN, base_url=f"{again.url}/telegram/ads", max_retries=0) as other:
        assert other.get_ad(ad.ad_id).title == "Autumn launch"
        assert other.get_current_account().remaining_budget == 99_950

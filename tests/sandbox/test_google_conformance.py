"""What our Google adapter sends, and what the stand-in answers, against Google's own protobufs
(google-ads); and the traps the stand-in promises to set."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from google.ads.googleads.v26.errors.types.errors import ErrorCode, GoogleAdsFailure
from google.ads.googleads.v26.services.types.google_ads_service import (
    GoogleAdsRow,
    MutateGoogleAdsRequest,
    MutateGoogleAdsResponse,
    SearchGoogleAdsStreamRequest,
    SearchGoogleAdsStreamResponse,
)
from google.ads.googleads.v26.services.types.offline_user_data_job_service import (
    AddOfflineUserDataJobOperationsRequest,
    AddOfflineUserDataJobOperationsResponse,
    CreateOfflineUserDataJobRequest,
    CreateOfflineUserDataJobResponse,
    RunOfflineUserDataJobRequest,
)
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

import platforms.google.bidding as bidding
import sandbox.google
from models.contract.money import Money
from models.contract.network import Bid, ObjectKind, Targeting
from models.contract.vocabulary import CallToAction, Objective
from platforms.errors import NetworkError
from platforms.google import GoogleNetwork
from platforms.google.errors import REMOVED_ALREADY
from platforms.google.terms import CALLS_TO_ACTION
from sandbox.google.allowance import DAILY, DailyOperations
from sandbox.google.app import CHUNK
from sandbox.google.failures import Failure, camel, snake
from sandbox.google.gaql import parse
from sandbox.google.store import CUSTOMER_ID, MANAGER_ID
from tests.clock import MORNING, Clock
from tests.platforms.contract.bench import Tree
from tests.platforms.contract.google import BENCH
from tests.platforms.test_google import APP, opened
from tests.sandbox_server import Sandbox

pytest_plugins = ["tests.sandbox_server"]

CAMPAIGN, AD_GROUP, AD = ObjectKind.CAMPAIGN, ObjectKind.AD_GROUP, ObjectKind.AD
_SERVICES = "google.ads.googleads.v26.services.types"


@dataclass
class Exchange:
    """One call of the adapter, as it was on the wire."""

    path: str
    body: dict[str, Any]
    status: int
    answer: Any


@dataclass
class Tape:
    exchanges: list[Exchange] = field(default_factory=list)

    def of(self, ending: str) -> list[Exchange]:
        return [one for one in self.exchanges if one.path.endswith(ending)]


@pytest.fixture
def tape(monkeypatch: pytest.MonkeyPatch) -> Tape:
    """Everything that any adapter sends to the stand-in of the Google Ads API."""
    kept = Tape()
    real = httpx.AsyncHTTPTransport.handle_async_request

    async def recorded(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        response = await real(self, request)
        if "/customers/" in request.url.path:
            content = await response.aread()
            path = request.url.path.split("/v26/", 1)[1]
            asked, told = json.loads(request.content), json.loads(content)
            kept.exchanges.append(Exchange(path, asked, response.status_code, told))
            return httpx.Response(
                response.status_code, headers=response.headers, content=content, request=request
            )
        return response

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", recorded)
    return kept


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(sandbox_factory: Callable[..., Sandbox], clock: Clock) -> Sandbox:
    return sandbox_factory(tempo=1.0, networks=("google",), origin=MORNING, real=clock)


@pytest_asyncio.fixture
async def network(box: Sandbox) -> AsyncIterator[GoogleNetwork]:
    adapter = opened(box)
    yield adapter
    await adapter.aclose()


class Raw:
    """Calls without our adapter, with a token of the sandbox's login server."""

    def __init__(self, box: Sandbox) -> None:
        self.http = httpx.Client(base_url=box.url, trust_env=False, timeout=20)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": sandbox.google.REFRESH_TOKEN,
            "client_id": "sandbox-google-client",
            "client_secret": "sandbox-google-client-secret",
        }
        told = self.http.post("/login/google/token", data=form).json()
        self.headers = {"Authorization": f"Bearer {told['access_token']}"}

    def call(self, path: str, body: Any, version: str = "v26", **headers: str) -> httpx.Response:
        url = f"/google/{version}/customers/{CUSTOMER_ID}/{path}"
        return self.http.post(url, json=body, headers={**self.headers, **headers})

    def mutate(self, collection: str, *operations: Any, **more: Any) -> httpx.Response:
        return self.call(f"{collection}:mutate", {"operations": list(operations), **more})

    def query(self, text: str) -> list[dict[str, Any]]:
        answer = self.call("googleAds:searchStream", {"query": text})
        assert answer.status_code == 200, answer.text
        return [row for chunk in answer.json() for row in chunk.get("results", [])]

    def budget(self, name: str = "b1", **changes: Any) -> dict[str, Any]:
        return {
            "create": {
                "name": name,
                "amountMicros": "20000000",
                "explicitlyShared": False,
                **changes,
            }
        }

    def made_campaign(self, name: str = "Spring", **changes: Any) -> str:
        (budget,) = self.mutate("campaignBudgets", self.budget(name)).json()["results"]
        answer = self.mutate("campaigns", self.campaign(name, budget["resourceName"], **changes))
        assert answer.status_code == 200, answer.text
        return answer.json()["results"][0]["resourceName"]

    def campaign(self, name: str, budget: str, **changes: Any) -> dict[str, Any]:
        row = {
            "name": name,
            "advertisingChannelType": "DISPLAY",
            "campaignBudget": budget,
            "targetSpend": {},
            "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
            **changes,
        }
        return {"create": {key: value for key, value in row.items() if value is not None}}


@pytest.fixture
def raw(box: Sandbox) -> Iterator[Raw]:
    made = Raw(box)
    yield made
    made.http.close()


def codes(answer: httpx.Response) -> list[tuple[str, str]]:
    body = answer.json()
    error = (body[0] if isinstance(body, list) else body)["error"]
    return [
        next(iter(failure["errorCode"].items()))
        for detail in error.get("details", [])
        for failure in detail["errors"]
    ]


# -- our adapter's bodies in Google's protobufs -----------------------------------------------


def message_for(path: str) -> tuple[Any, Any]:
    """Request and answer of a method, as Google's library has them."""
    method = path.split("/", 2)[2]
    if method == "googleAds:searchStream":
        return SearchGoogleAdsStreamRequest, SearchGoogleAdsStreamResponse
    if method == "googleAds:mutate":
        return MutateGoogleAdsRequest, MutateGoogleAdsResponse
    if method == "offlineUserDataJobs:create":
        return CreateOfflineUserDataJobRequest, CreateOfflineUserDataJobResponse
    if method.endswith(":addOperations"):
        return AddOfflineUserDataJobOperationsRequest, AddOfflineUserDataJobOperationsResponse
    if method.endswith(":run"):
        return RunOfflineUserDataJobRequest, None
    collection = method.removesuffix(":mutate")
    plural = collection[0].upper() + collection[1:]
    singular = {"CampaignCriteria": "CampaignCriterion", "AdGroupCriteria": "AdGroupCriterion"}
    one = singular.get(plural, plural.removesuffix("s"))
    module = import_module(f"{_SERVICES}.{snake(one[0].lower() + one[1:])}_service")
    return getattr(module, f"Mutate{plural}Request"), getattr(module, f"Mutate{plural}Response")


def parsed(kind: Any, value: Any) -> Any:
    """A JSON value as Google's message; a field it does not have is an error."""
    return json_format.ParseDict(value, kind.pb()(), ignore_unknown_fields=False)


async def played(box: Sandbox, network: GoogleNetwork, clock: Clock, directory: Path) -> None:
    """Everything the adapter can send, once at least."""
    month = (0b111 << 8,) * 7
    aim = Targeting(
        locations=("US", "DE"), age_min=25, genders=("male",), interests=("Travel", "Sports")
    )
    capped = Bid(strategy="bid_cap", amount=Money.of("1.20"))
    cost = Bid(strategy="cost_cap", amount=Money.of("12"))
    link = "https://journal.example/a-story"
    for number, (objective, bid, targeting) in enumerate(
        (
            (Objective.TRAFFIC, capped, aim),
            (Objective.AWARENESS, Bid(), Targeting(interests=("Travel",))),
            (Objective.LEADS, cost, Targeting()),
            (Objective.SIGNUPS, Bid(), Targeting()),
            (Objective.APP_INSTALLS, cost, Targeting()),
            (Objective.APP_INSTALLS, Bid(), Targeting()),
        )
    ):
        app = objective is Objective.APP_INSTALLS
        bench = replace(
            BENCH,
            objective=objective,
            bid=bid,
            targeting=targeting,
            link=APP if app else link,
            call_to_action=CallToAction.DOWNLOAD if app else CallToAction.APPLY_NOW,
        )
        tree = Tree(bench, network, directory, box.world.now(), f"tree{number}")
        await network.validate(tree.campaign())
        await tree.make()
        await network.create(
            tree.ad_group(
                start_time=tree.now + timedelta(days=1),
                dayparts=() if app else month,
                targeting=targeting.model_copy(update={"locations": ("GB",)}),
            )
        )
        await tree.switch(on=True)
        group = tree.ids["ad_group"]
        await network.set_daily_budget(group, Money.of("31"))
        await network.set_end_time(group, tree.end + timedelta(days=3))
        if bid.amount is not None or objective is Objective.AWARENESS:
            await network.set_bid(group, Money.of("2.22"))
        for kind in (CAMPAIGN, AD_GROUP, AD):
            await network.list_objects(kind)
        for kind, step in ((CAMPAIGN, "campaign"), (AD_GROUP, "ad_group"), (AD, "ad/v1")):
            await network.find(kind, tree.key(step), tree.ids["campaign"])
        await network.find(ObjectKind.CREATIVE, tree.key("creative/v1"))
        await network.read(ObjectKind.CREATIVE, [tree.ids["creative/v1"]])
    clock.at += timedelta(days=2)
    await network.account_metrics(MORNING.date(), box.world.now().date())
    await network.ad_metrics(MORNING.date(), box.world.now().date())
    assert (await network.check_account()).usable
    audience = await network.create_audience("Readers", "k5readers")
    await network.create_audience("Readers", "k5readers")
    await network.add_people(audience, ["ab" * 32])
    for kind, step in ((AD, "ad/v1"), (ObjectKind.CREATIVE, "creative/v1"), (CAMPAIGN, "campaign")):
        await network.remove(kind, tree.ids[step])
        await network.remove(kind, tree.ids[step])


async def test_every_body_the_adapter_sends_is_googles_own_message(
    box: Sandbox, network: GoogleNetwork, clock: Clock, tape: Tape, tmp_path: Path
) -> None:
    await played(box, network, clock, tmp_path)

    sent = {re.sub(r"\d+", "N", one.path) for one in tape.exchanges}
    assert {one.split("/", 2)[2] for one in sent} == {
        "googleAds:searchStream",
        "googleAds:mutate",
        "campaigns:mutate",
        "campaignBudgets:mutate",
        "adGroups:mutate",
        "assets:mutate",
        "labels:mutate",
        "userLists:mutate",
        "offlineUserDataJobs:create",
        "offlineUserDataJobs/N:addOperations",
        "offlineUserDataJobs/N:run",
    }
    for one in tape.exchanges:
        request, _ = message_for(one.path)
        message = parsed(request, one.body)
        # Nothing was dropped on the way: the message says what the body says.
        assert message.ByteSize() > 0 or one.body == {}, one.path
    wanted = {
        name
        for one in tape.of("googleAds:mutate")
        for operation in one.body["mutateOperations"]
        for name in operation
    }
    assert wanted == {
        "campaignBudgetOperation",
        "campaignOperation",
        "campaignCriterionOperation",
        "adGroupOperation",
        "adGroupCriterionOperation",
        "adGroupAdOperation",
    }


async def test_every_answer_of_the_stand_in_is_googles_own_message(
    box: Sandbox, network: GoogleNetwork, clock: Clock, tape: Tape, tmp_path: Path
) -> None:
    await played(box, network, clock, tmp_path)
    await network.switch(CAMPAIGN, ["404"], on=True)

    rows = 0
    for one in tape.exchanges:
        _, answer = message_for(one.path)
        if one.status != 200:
            body = one.answer[0] if isinstance(one.answer, list) else one.answer
            for detail in body["error"].get("details", []):
                assert parsed(GoogleAdsFailure, without_type(detail)).errors
        elif isinstance(one.answer, list):
            for chunk in one.answer:
                rows += len(parsed(answer, chunk).results)
        elif answer is not None:
            partial = one.answer.pop("partialFailureError", None)
            parsed(answer, one.answer)
            for detail in (partial or {}).get("details", []):
                assert parsed(GoogleAdsFailure, without_type(detail)).errors
    assert rows > 100


def without_type(detail: dict[str, Any]) -> dict[str, Any]:
    assert detail["@type"].endswith("v26.errors.GoogleAdsFailure")
    return {name: value for name, value in detail.items() if name != "@type"}


async def test_every_query_names_googles_own_fields_and_words(
    box: Sandbox, network: GoogleNetwork, clock: Clock, tape: Tape, tmp_path: Path
) -> None:
    await played(box, network, clock, tmp_path)

    row: Descriptor = GoogleAdsRow.pb().DESCRIPTOR
    seen: set[str] = set()
    for one in tape.of("googleAds:searchStream"):
        query = parse(one.body["query"])
        assert query.source in row.fields_by_name
        for name in query.named:
            seen.add(name)
            found = descend(row, name)
            for condition in query.conditions:
                if condition.field == name and found.enum_type is not None:
                    for value in condition.values:
                        assert value in found.enum_type.values_by_name, f"{name} = {value}"
    assert len(seen) > 50


def descend(message: Descriptor, name: str) -> FieldDescriptor:
    """The field a path leads to; the library writes ``type`` as ``type_``."""
    found: FieldDescriptor | None = None
    for part in name.split("."):
        assert message is not None, name
        known = message.fields_by_name
        found = known.get(part) or known.get(f"{part}_")
        assert found is not None, f"{name}: {message.full_name} has no {part}"
        message = found.message_type
    assert found is not None
    return found


def test_every_error_is_one_of_googles() -> None:
    kinds: Descriptor = ErrorCode.pb().DESCRIPTOR
    used: set[tuple[str, str]] = set()
    for path in Path(sandbox.google.__file__).parent.glob("*.py"):
        text = path.read_text()
        used |= set(re.findall(r'"(\w+Error)",\s+"([A-Z_]+)"', text))
        used |= {("queryError", code) for code in re.findall(r'query_error\(\s*"([A-Z_]+)"', text)}
    used |= {("campaignBudgetError", "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT")}
    assert len(used) > 50
    for kind, code in used:
        enum = kinds.fields_by_name[snake(kind)].enum_type
        assert code in enum.values_by_name, f"{kind}.{code}"
    known = {
        code
        for one in kinds.fields
        for code in (one.enum_type.values_by_name if one.enum_type else ())
    }
    ours = Path(bidding.__file__).parent
    named = set(re.findall(r'"([A-Z]+(?:_[A-Z]+){1,})"', (ours / "errors.py").read_text()))
    named |= set(re.findall(r'"([A-Z]+(?:_[A-Z]+){1,})"', (ours / "health.py").read_text()))
    assert named >= REMOVED_ALREADY
    assert named <= known, named - known


def test_the_buttons_are_googles_call_to_action_types() -> None:
    enums = import_module("google.ads.googleads.v26.enums.types.call_to_action_type")
    known = set(enums.CallToActionTypeEnum.CallToActionType.__members__)
    for text in CALLS_TO_ACTION.values():
        assert text is None or text.upper().replace(" ", "_") in known


# -- the traps --------------------------------------------------------------------------------


def test_a_campaign_is_enabled_by_default(raw: Raw) -> None:
    name = raw.made_campaign()
    (row,) = raw.query("SELECT campaign.status, campaign.id FROM campaign")
    assert row["campaign"]["status"] == "ENABLED"
    assert isinstance(row["campaign"]["id"], str)
    assert row["campaign"]["resourceName"] == name


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"containsEuPoliticalAdvertising": None},
         ("mutateError", "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED")),
        ({"targetSpend": None}, ("fieldError", "REQUIRED")),
        ({"manualCpm": {}}, ("fieldError", "REQUIRED")),
        ({"advertisingChannelType": "RADIO"}, ("requestError", "INVALID_ENUM_VALUE")),
        ({"endDateTime": "2026-03-09 12:00:00"},
         ("dateError", "DATE_RANGE_ERROR_END_TIME_MUST_BE_THE_END_OF_A_DAY")),
        ({"endDateTime": "2026-03-01 23:59:59"}, ("dateRangeError", "CANNOT_SET_DATE_TO_PAST")),
        ({"endDateTime": "tomorrow"}, ("dateError", "INVALID_STRING_DATE_TIME_SECONDS")),
        ({"startDateTime": "2026-03-09 00:00:00", "endDateTime": "2026-03-08 23:59:59"},
         ("dateRangeError", "START_DATE_AFTER_END_DATE")),
        ({"targetSpend": {"cpcBidCeilingMicros": "1234567"}},
         ("biddingError", "BID_TOO_MANY_FRACTIONAL_DIGITS")),
        ({"advertisingChannelType": "MULTI_CHANNEL", "advertisingChannelSubType": "APP_CAMPAIGN"},
         ("campaignError", "APP_NOT_FOUND")),
    ],
)  # fmt: skip
def test_a_campaign_is_checked_as_google_does(
    raw: Raw, changes: dict[str, Any], code: tuple[str, str]
) -> None:
    (budget,) = raw.mutate("campaignBudgets", raw.budget()).json()["results"]
    answer = raw.mutate("campaigns", raw.campaign("Spring", budget["resourceName"], **changes))
    assert answer.status_code == 400
    assert codes(answer) == [code]
    assert raw.query("SELECT campaign.id FROM campaign") == []


def test_names_are_unique_among_what_lives(raw: Raw) -> None:
    first = raw.made_campaign("Spring")
    (budget,) = raw.mutate("campaignBudgets", raw.budget("other")).json()["results"]
    twin = raw.campaign("Spring", budget["resourceName"])
    assert codes(raw.mutate("campaigns", twin)) == [("campaignError", "DUPLICATE_CAMPAIGN_NAME")]
    again = raw.mutate("campaignBudgets", raw.budget("other"))
    assert codes(again) == [("campaignBudgetError", "DUPLICATE_NAME")]
    assert raw.mutate("campaigns", {"remove": first}).status_code == 200
    assert raw.mutate("campaigns", twin).status_code == 200
    gone = raw.mutate("campaigns", {"remove": first})
    assert codes(gone) == [("contextError", "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE")]
    shared = raw.mutate("campaigns", raw.campaign("Third", budget["resourceName"]))
    assert codes(shared) == [("campaignError", "BUDGET_CANNOT_BE_SHARED")]


def test_a_partial_failure_leaves_an_empty_result_at_its_place(raw: Raw) -> None:
    names = [raw.made_campaign(f"c{number}") for number in range(2)]

    def pause(name: str) -> dict[str, Any]:
        return {"update": {"resourceName": name, "status": "PAUSED"}, "updateMask": "status"}

    missing = f"customers/{CUSTOMER_ID}/campaigns/404"
    operations = [pause(names[0]), pause(missing), pause(names[1])]
    whole = raw.mutate("campaigns", *operations)
    assert codes(whole) == [("mutateError", "RESOURCE_NOT_FOUND")]
    statuses = raw.query("SELECT campaign.status FROM campaign")
    assert {row["campaign"]["status"] for row in statuses} == {"ENABLED"}

    answer = raw.mutate("campaigns", *operations, partialFailure=True).json()

    assert answer["results"] == [{"resourceName": names[0]}, {}, {"resourceName": names[1]}]
    (failure,) = answer["partialFailureError"]["details"][0]["errors"]
    assert failure["location"]["fieldPathElements"][0] == {"fieldName": "operations", "index": 1}
    statuses = raw.query("SELECT campaign.status FROM campaign")
    assert {row["campaign"]["status"] for row in statuses} == {"PAUSED"}


def test_validate_only_answers_empty_and_writes_nothing(raw: Raw) -> None:
    answer = raw.mutate("campaignBudgets", raw.budget(), validateOnly=True)
    assert (answer.status_code, answer.json()) == (200, {})
    bad = raw.mutate("campaignBudgets", raw.budget(amountMicros="1"), validateOnly=True)
    assert codes(bad) == [("campaignBudgetError", "BUDGET_BELOW_PER_DAY_MINIMUM")]
    odd = raw.mutate("campaignBudgets", raw.budget(amountMicros="20000001"))
    assert codes(odd) == [("campaignBudgetError", "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT")]
    assert raw.query("SELECT campaign_budget.id FROM campaign_budget") == []


def test_a_tree_is_made_with_temporary_ids_or_not_at_all(raw: Raw) -> None:
    budget = f"customers/{CUSTOMER_ID}/campaignBudgets/-1"
    operations: list[dict[str, Any]] = [
        {"campaignBudgetOperation": raw.budget(resourceName=budget)},
        {"campaignOperation": raw.campaign("Spring", budget)},
        {"campaignCriterionOperation": {"create": {"campaign": "customers/1/campaigns/404"}}},
    ]
    answer = raw.call("googleAds:mutate", {"mutateOperations": operations})
    assert codes(answer) == [("mutateError", "RESOURCE_NOT_FOUND")]
    place = answer.json()["error"]["details"][0]["errors"][0]["location"]["fieldPathElements"]
    assert place[0] == {"fieldName": "mutate_operations", "index": 2}
    assert raw.query("SELECT campaign_budget.id FROM campaign_budget") == []

    answer = raw.call("googleAds:mutate", {"mutateOperations": operations[:2]})

    made = answer.json()["mutateOperationResponses"]
    assert [next(iter(one)) for one in made] == ["campaignBudgetResult", "campaignResult"]
    (row,) = raw.query("SELECT campaign.campaign_budget, campaign_budget.id FROM campaign")
    assert row["campaign"]["campaignBudget"] == made[0]["campaignBudgetResult"]["resourceName"]
    given = raw.mutate("labels", {"create": {"name": "x", "resourceName": "customers/1/labels/7"}})
    assert codes(given) == [("newResourceCreationError", "CANNOT_SET_ID_FOR_CREATE")]


def test_a_mask_is_needed_and_clears_what_is_left_out(raw: Raw) -> None:
    name = raw.made_campaign(endDateTime="2026-03-20 23:59:59")
    update = {"resourceName": name}
    missing = raw.mutate("campaigns", {"update": update})
    assert codes(missing) == [("fieldMaskError", "FIELD_MASK_MISSING")]
    wrong = raw.mutate("campaigns", {"update": update, "updateMask": "colour"})
    assert codes(wrong) == [("fieldMaskError", "FIELD_NOT_FOUND")]
    channel = {**update, "advertisingChannelType": "SEARCH"}
    fixed = raw.mutate("campaigns", {"update": channel, "updateMask": "advertising_channel_type"})
    assert codes(fixed) == [("fieldError", "IMMUTABLE_FIELD")]
    assert raw.mutate("campaigns", {"update": update, "updateMask": "end_date_time"}).is_success
    (row,) = raw.query("SELECT campaign.end_date_time, campaign.name FROM campaign")
    assert "endDateTime" not in row["campaign"]


def test_what_the_message_does_not_have_is_refused_before_all_else(raw: Raw) -> None:
    answer = raw.mutate("campaigns", {"create": {"name": "x", "colour": "red"}})
    assert answer.status_code == 400
    assert 'Unknown name "colour"' in answer.json()["error"]["message"]
    assert codes(answer) == []
    answer = raw.call("googleAds:mutate", {"mutateOperations": [{"shopOperation": {}}]})
    assert 'Unknown name "shopOperation"' in answer.json()["error"]["message"]
    assert raw.call("googleAds:destroy", {}).status_code == 404


def test_at_most_ten_thousand_operations(raw: Raw) -> None:
    one = {"remove": f"customers/{CUSTOMER_ID}/labels/1"}
    answer = raw.mutate("labels", *[one] * 10_001, partialFailure=True)
    assert codes(answer) == [("requestError", "TOO_MANY_MUTATE_OPERATIONS")]
    answer = raw.mutate("labels", *[one] * 3_000, partialFailure=True)
    assert answer.json()["results"] == [{}] * 3_000


def test_every_operation_counts_against_the_day(box: Sandbox, raw: Raw) -> None:
    one = {"remove": f"customers/{CUSTOMER_ID}/labels/1"}
    assert raw.mutate("labels", *[one] * 9_000, partialFailure=True).status_code == 200
    spent = raw.mutate("labels", *[one] * 6_001, partialFailure=True)
    assert spent.status_code == 429
    assert codes(spent) == [("quotaError", "RESOURCE_EXHAUSTED")]
    box.control.delete("/limits").raise_for_status()
    assert raw.mutate("labels", *[one] * 6_001, partialFailure=True).status_code == 200
    allowance = DailyOperations()
    allowance.take(DAILY)
    with pytest.raises(Failure):
        allowance.take(1)


def test_a_stream_is_an_array_of_chunks_even_of_nothing_and_of_errors(
    box: Sandbox, raw: Raw
) -> None:
    query = {"query": "SELECT label.id, label.name FROM label ORDER BY label.id"}
    (empty,) = raw.call("googleAds:searchStream", query).json()
    assert empty["fieldMask"] == "label.id,label.name"
    assert "results" not in empty
    creates = [{"create": {"name": f"label {number}"}} for number in range(CHUNK + 1)]
    assert raw.mutate("labels", *creates).is_success
    chunks = raw.call("googleAds:searchStream", query).json()
    assert [len(chunk["results"]) for chunk in chunks] == [CHUNK, 1]
    answer = raw.call("googleAds:searchStream", {"query": "SELECT label.colour FROM labels"})
    assert isinstance(answer.json(), list)
    assert codes(answer) == [("queryError", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE")]
    page = raw.call("googleAds:search", query).json()
    assert len(page["results"]) == CHUNK + 1
    sized = raw.call("googleAds:search", {**query, "pageSize": 5})
    assert codes(sized) == [("requestError", "PAGE_SIZE_NOT_SUPPORTED")]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("DELETE FROM campaign", "EXPECTED_SELECT"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id IN ()",
         "PROHIBITED_EMPTY_LIST_IN_CONDITION"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id ~ 1", "BAD_SYMBOL"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id = 1 OR campaign.id = 2",
         "EXPECTED_AND"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id =", "UNEXPECTED_END_OF_QUERY"),
        ("SELECT segments.date, metrics.clicks FROM campaign", "EXPECTED_FILTERS_ON_DATE_RANGE"),
        ("SELECT metrics.karma FROM campaign", "UNRECOGNIZED_FIELD"),
        ("SELECT ad_group.id FROM campaign", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE"),
        ("SELECT campaign.id, segments.date FROM campaign WHERE segments.date = 'today'",
         "INVALID_DATE_FORMAT"),
    ],
)  # fmt: skip
def test_a_bad_query_is_told_by_its_code(raw: Raw, query: str, code: str) -> None:
    answer = raw.call("googleAds:searchStream", {"query": query})
    assert codes(answer) == [("queryError", code)]


def test_conditions_are_carried_out(raw: Raw) -> None:
    for name in ("k1one Spring", "k1one%", "Other"):
        raw.made_campaign(name, status="PAUSED")

    first = "SELECT campaign.name FROM campaign WHERE"

    def names(where: str) -> list[str]:
        text = " ".join((first, where, "ORDER BY campaign.name DESC"))
        return [row["campaign"]["name"] for row in raw.query(text)]

    assert names("campaign.name LIKE 'K1ONE%'") == ["k1one%", "k1one Spring"]
    assert names("campaign.name LIKE 'k1one[%]'") == ["k1one%"]
    assert names("campaign.name NOT LIKE '%one%'") == ["Other"]
    assert names("campaign.name NOT IN ('Other', 'k1one%')") == ["k1one Spring"]
    assert names("campaign_budget.amount_micros >= 20000000 AND campaign.name != 'Other'") == [
        "k1one%",
        "k1one Spring",
    ]
    assert names("campaign.end_date_time IS NOT NULL") == []
    assert len(names("campaign.end_date_time IS NULL")) == 3
    assert len(raw.query("SELECT campaign.id FROM campaign LIMIT 2")) == 2


def test_the_developer_token_is_ignored_and_the_manager_is_not(raw: Raw) -> None:
    query = {"query": "SELECT customer.id FROM customer"}
    path = "googleAds:searchStream"
    assert raw.call(path, query, **{"developer-token": "anything"}).status_code == 200
    assert raw.call(path, query, **{"login-customer-id": MANAGER_ID}).status_code == 200
    stranger = raw.call(path, query, **{"login-customer-id": "5550000000"})
    assert stranger.status_code == 403
    assert codes(stranger) == [("authorizationError", "USER_PERMISSION_DENIED")]
    old = raw.call(path, query, version="v17")
    assert codes(old) == [("requestError", "UNSUPPORTED_VERSION")]
    wrong = raw.call(path, query, Authorization="Bearer made-up")
    assert (wrong.status_code, codes(wrong)) == (
        401,
        [("authenticationError", "OAUTH_TOKEN_INVALID")],
    )
    listed = raw.http.get("/google/v26/customers:listAccessibleCustomers", headers=raw.headers)
    assert listed.json() == {"resourceNames": [f"customers/{CUSTOMER_ID}"]}


def test_assets_are_kept_for_ever_and_once(raw: Raw) -> None:
    pixel = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
        "rkJggg=="
    )
    image = {"imageAsset": {"data": pixel}}
    (first,) = raw.mutate("assets", {"create": {"name": "one", **image}}).json()["results"]
    (again,) = raw.mutate("assets", {"create": image}).json()["results"]
    assert first == again
    other = raw.mutate("assets", {"create": {"name": "two", **image}})
    assert codes(other) == [("assetError", "CANNOT_MODIFY_ASSET_NAME")]
    gone = raw.mutate("assets", {"remove": first["resourceName"]})
    assert codes(gone) == [("operationAccessDeniedError", "REMOVE_OPERATION_NOT_PERMITTED")]
    bad = raw.mutate("assets", {"create": {"imageAsset": {"data": "bm8gaW1hZ2U="}}})
    assert codes(bad) == [("imageError", "INVALID_IMAGE")]


async def test_days_without_figures_have_no_row(
    box: Sandbox, network: GoogleNetwork, raw: Raw, clock: Clock, tmp_path: Path
) -> None:
    tree = await Tree(BENCH, network, tmp_path, box.world.now(), variants=1).make()
    await tree.switch(on=True)
    clock.at += timedelta(days=1)
    rows = raw.query(
        "SELECT campaign.id, segments.date, metrics.cost_micros, metrics.conversions, "
        "metrics.ctr, metrics.average_cpc FROM campaign "
        "WHERE segments.date BETWEEN '2026-02-20' AND '2026-03-20'"
    )
    assert [row["segments"]["date"] for row in rows] == ["2026-03-03", "2026-03-04"]
    metrics = rows[0]["metrics"]
    assert isinstance(metrics["costMicros"], str)
    assert isinstance(metrics["conversions"], float)
    (total,) = raw.query("SELECT campaign.id, metrics.cost_micros FROM campaign")
    assert int(total["metrics"]["costMicros"]) == sum(
        int(row["metrics"]["costMicros"]) for row in rows
    )


async def test_ads_are_shown_in_their_hours_only(
    box: Sandbox, network: GoogleNetwork, clock: Clock, tmp_path: Path
) -> None:
    tree = Tree(BENCH, network, tmp_path, box.world.now(), variants=1)
    afternoon = 0b111111 << 14
    await tree.make()
    await network.create(tree.ad_group(dayparts=(afternoon,) * 7))
    await tree.switch(on=True)

    def spent() -> int:
        box.world.settle()
        rows = box.control.get("/truth").json()["campaigns"]
        return sum(row["spend_micros"] for row in rows)

    clock.at = datetime(2026, 3, 3, 13, 45, tzinfo=UTC)
    assert spent() == 0
    for minute in range(0, 120, 15):
        clock.at = datetime(2026, 3, 3, 14, tzinfo=UTC) + timedelta(minutes=minute)
        spent()
    assert spent() > 0


async def test_faults_are_played_in_googles_words(
    box: Sandbox, network: GoogleNetwork, raw: Raw
) -> None:
    query = {"query": "SELECT customer.id FROM customer"}
    for kind, status, code in (
        ("server_error", 503, ("internalError", "TRANSIENT_ERROR")),
        ("rate_limited", 429, ("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED")),
        ("expired_token", 401, ("authenticationError", "OAUTH_TOKEN_EXPIRED")),
    ):
        box.arm("google", kind)
        answer = raw.call("googleAds:searchStream", query)
        assert (answer.status_code, codes(answer)) == (status, [code])
        detail = answer.json()[0]["error"]["details"][0]
        parsed(GoogleAdsFailure, without_type(detail))
    box.arm("google", "server_error")
    with pytest.raises(NetworkError):
        await network.list_objects(CAMPAIGN)


def test_names_are_spelt_both_ways() -> None:
    for one in ("endDateTime", "geoTargetConstant", "cpmBidMicros"):
        assert camel(snake(one)) == one

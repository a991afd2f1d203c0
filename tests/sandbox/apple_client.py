"""Apple's own client against the stand-in, and as judge of what our adapter sends.

It needs Python 3.12, so this file is run two ways: imported where the client is installed, or as a
script of another interpreter (``{"url", "secrets", "bodies"}`` as JSON on standard input, a list of
what was seen as JSON on standard output).
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

CONTEXT = "adAccountId=40669820;"
APP = "1600000001"


def judge(url: str, secrets: dict[str, str], bodies: list[dict[str, Any]]) -> list[str]:
    """Walk through the API with Apple's client, then read our own request bodies with its models;
    what was seen, in order. An AssertionError says what is wrong."""
    return [*walk(url, secrets), *read_bodies(bodies)]


def walk(url: str, secrets: dict[str, str]) -> list[str]:
    """Everything we use, made and read back by Apple's client."""
    from apple_ads_platform import models as m
    from apple_ads_platform.builder import AppleAdsClientBuilder
    from apple_ads_platform.exceptions import (
        BadRequestException,
        ForbiddenException,
        NotFoundException,
        UnauthorizedException,
    )

    api = (
        AppleAdsClientBuilder.from_private_key(**secrets)
        .base_url(f"{url}/v1")
        .auth_base_url(url)
        .api_timeout(20.0)
        .build()
    )
    seen: list[str] = []

    def good(what: str, answer: Any) -> Any:
        sound(answer)
        seen.append(what)
        return answer.result

    assert good("me", api.get_me()).org_id == 27154130
    (entry,) = good("acls", api.get_user_acls()).acls
    account = good("ad account", api.ad_accounts_id_get(str(entry.ad_account.id), CONTEXT))
    assert account.currency == m.Currency.USD
    assert account.product_features == ["APPSTORE_APP_MANUAL"]
    app = good("app", api.get_app_details_by_adam_id(CONTEXT, int(APP)))
    assert "US" in app.available_storefronts

    now = datetime.now(UTC).replace(microsecond=0)
    budget = m.Money(amount="50.00", currency="USD")
    by_tap = {
        "bid_strategy_type": m.BidStrategyType.MANUAL_CPT,
        "bid_strategy_goal": m.BidStrategyGoal.TAP,
    }
    order = m.CampaignCreate(
        ad_account_id=account.id,
        name="by Apple's client",
        billing_event=m.BillingEvent.TAPS,
        promoted_object_type=m.PromotedObjectType.APPSTORE_APP,
        promoted_object_id=APP,
        status=m.CampaignStatus.PAUSED,
        start_time=now,
        end_time=now + timedelta(days=30),
        daily_budget=m.DailyBudgetCreate(value=budget),
        targeting=m.CampaignTargetingCreate(
            country_or_region=m.TargetingDataCreate(include=["US"]),
            supply_placement=m.TargetingDataCreate(include=["APPSTORE_SEARCH_RESULTS"]),
        ),
        bid_strategy=m.BidStrategyCreate(**by_tap),
    )
    campaign = good("campaign create", api.campaigns_post(CONTEXT, order))
    assert campaign.status == m.CampaignStatus.PAUSED
    assert campaign.system_status == m.CampaignSystemStatus.NOT_RUNNING
    assert campaign.daily_budget.value.amount == "50.00"
    assert campaign.start_time == now.replace(tzinfo=None), "UTC that does not say so"

    group = good(
        "ad group create",
        api.adgroups_post(
            CONTEXT,
            m.AdGroupCreate(
                name="readers",
                campaign_id=campaign.id,
                pricing_model=m.PricingModel.CPT,
                status=m.AdGroupStatus.PAUSED,
                end_time=now + timedelta(days=7),
                bid_strategy=m.BidStrategyCreate(
                    **by_tap, bid=m.Money(amount="2.50", currency="USD")
                ),
                targeting=m.AdGroupTargetingCreate(
                    min_age=m.TargetingDataCreate(include=["18"]),
                    max_age=m.TargetingDataCreate(include=["34"]),
                    gender=m.TargetingDataCreate(include=["F"]),
                ),
            ),
        ),
    )
    items = [
        m.KeywordCreateBulkRequestItem(
            correlation_id=number,
            data=m.BulkKeywordCreate(
                ad_group_id=group.id, text=text, match_type=m.KeywordMatchType.BROAD
            ),
        )
        for number, text in enumerate(("chess", "puzzle"))
    ]
    request = m.KeywordCreateBulkRequest(items=items)
    results = good("keywords bulk create", api.keywords_bulk_create_post(CONTEXT, request))
    assert [one.success for one in results] == [True, True]
    again = m.KeywordCreateBulkRequest(allow_partial_success=True, items=items)
    answer = api.keywords_bulk_create_post(CONTEXT, again)
    assert [one.success for one in answer.result] == [False, False]
    assert answer.result[0].error.details[0].code == "DUPLICATE_KEYWORD"

    page = m.DestinationParameter(adam_id=APP)
    creative = good(
        "creative create",
        api.creatives_post(
            CONTEXT,
            m.CreativeCreate(
                name="default page",
                creative_type=m.CreativeType.DEFAULT_PRODUCT_PAGE,
                creative_spec={},
                destination=m.DestinationCreate(
                    destination_type=m.DestinationType.APP_STORE_PRODUCT_PAGE, parameters=page
                ),
            ),
        ),
    )
    assert creative.system_status == m.CreativeSystemStatus.VALID
    made = m.AdCreate(
        ad_group_id=group.id, creative_id=creative.id, name="ad", status=m.AdStatus.PAUSED
    )
    ad = good("ad create", api.ads_post(CONTEXT, made))
    assert ad.campaign_id == campaign.id

    paused = good("ad get", api.ads_id_get(str(ad.id), CONTEXT))
    assert paused.display_status == m.AdDisplayStatus.PAUSED
    on = good(
        "ad update", api.ads_id_put(str(ad.id), CONTEXT, m.AdUpdate(status=m.AdStatus.ENABLED))
    )
    assert (on.status, on.name) == (m.AdStatus.ENABLED, "ad"), "unset fields stay"
    second = m.AdUpdate(status=m.AdStatus.ENABLED)
    other = good("second ad", api.ads_post(CONTEXT, made))
    refuses(
        BadRequestException, "AD_ALREADY_ENABLED", api.ads_id_put, str(other.id), CONTEXT, second
    )
    raised = m.CampaignUpdate(
        daily_budget=m.DailyBudgetUpdate(value=m.Money(amount="60.00", currency="USD"))
    )
    changed = good("campaign update", api.campaigns_id_put(str(campaign.id), CONTEXT, raised))
    assert (changed.daily_budget.value.amount, changed.name) == ("60.00", "by Apple's client")

    named = m.QueryRequest(
        filters=[
            m.QueryFilter(
                field="name", operator=m.QueryFilterOperator.STARTS_WITH, value="by Apple"
            )
        ],
        sorting=[m.QuerySort(field="id", order=m.QuerySortOrder.ASC)],
        pagination=m.QueryPagination(offset=0, page_size=1000, fetch_total_count=True),
    )
    answer = api.campaigns_query_post(CONTEXT, named)
    assert [one.id for one in good("campaigns query", answer)] == [campaign.id]
    assert answer.pagination.total_count == 1
    inside = m.QueryRequest(
        filters=[
            m.QueryFilter(field="adGroupId", operator=m.QueryFilterOperator.EQUALS, value=group.id)
        ]
    )
    assert len(good("keywords query", api.keywords_query_post(CONTEXT, inside))) == 2
    assert len(good("ads query", api.ads_query_post(CONTEXT, inside))) == 2
    good("ad groups query", api.adgroups_query_post(CONTEXT, m.QueryRequest()))
    good("creatives query", api.creatives_query_post(CONTEXT, m.QueryRequest()))

    today = now.date()
    wanted = m.AppsReportingRequest(
        time_range=m.TimeRange(
            start=today - timedelta(days=1), end=today, time_zone="ORTZ", granularity="DAILY"
        ),
        filters=[m.Filter(field="campaignId", operator="EQUALS", value=str(campaign.id))],
        options=m.AppsOptions(include_rows=["GRAND_TOTAL", "EMPTY_METRICS"]),
    )
    for what, call in (
        ("campaign report", api.apps_campaign_reports),
        ("ad group report", api.apps_ad_group_reports),
        ("ad report", api.apps_ad_reports),
    ):
        report = good(what, call(CONTEXT, wanted))
        assert report.rows, what
        assert report.rows[0].total_metrics.local_spend.amount == "0.00"
        assert report.summary.grand_total.impressions == 0
    everything = m.AppsReportingRequest(time_range=wanted.time_range)
    refuses(BadRequestException, "MISSING_FILTER", api.apps_campaign_reports, CONTEXT, everything)

    told = api.campaigns_id_get_with_http_info(str(campaign.id), CONTEXT)
    headers = {name.lower(): value for name, value in told.headers.items()}
    assert int(headers["ratelimit-remaining"]) < int(headers["ratelimit-limit"])
    assert int(headers["ratelimit-reset"]) <= 60
    seen.append("rate limit headers")

    same = m.AdGroupCreate(
        name="readers", campaign_id=campaign.id, pricing_model=m.PricingModel.CPT
    )
    refuses(BadRequestException, "DUPLICATE_NAME", api.adgroups_post, CONTEXT, same)
    refuses(NotFoundException, "CAMPAIGN_NOT_FOUND", api.campaigns_id_get, "1", CONTEXT)
    refuses(ForbiddenException, "FORBIDDEN", api.campaigns_id_get, "1", "adAccountId=7;")
    refuses(BadRequestException, "INVALID_CONTEXT", api.campaigns_id_get, "1", "orgId=27154130")
    seen.append("refusals")
    api.campaigns_id_delete(str(campaign.id), CONTEXT)
    gone = m.QueryRequest(
        filters=[m.QueryFilter(field="deleted", operator=m.QueryFilterOperator.EQUALS, value=True)]
    )
    (shown,) = good("deleted campaigns", api.campaigns_query_post(CONTEXT, gone))
    assert shown.display_status == m.CampaignDisplayStatus.DELETED
    left = api.ads_query_post(CONTEXT, m.QueryRequest()).result
    assert [one for one in left if one.campaign_id == campaign.id] == []
    seen.append("deletion cascades")

    class Stale:
        def get_token(self) -> str:
            return "stale"

    stale = AppleAdsClientBuilder.from_access_token_provider(Stale()).base_url(f"{url}/v1").build()
    refuses(UnauthorizedException, "UNAUTHORIZED", stale.get_me)
    seen.append("a stale token")
    return seen


def read_bodies(bodies: list[dict[str, Any]]) -> list[str]:
    """Every body our adapter sent, as the model of its call: no field that Apple does not have,
    no value that it has no name for."""
    from apple_ads_platform import models as m

    by_call = {
        "POST campaigns": m.CampaignCreate,
        "PUT campaigns": m.CampaignUpdate,
        "POST adgroups": m.AdGroupCreate,
        "PUT adgroups": m.AdGroupUpdate,
        "POST keywords/bulk-create": m.KeywordCreateBulkRequest,
        "POST creatives": m.CreativeCreate,
        "POST ads": m.AdCreate,
        "PUT ads": m.AdUpdate,
    }
    seen: set[str] = set()
    for sent in bodies:
        call = f"{sent['method']} {sent['path']}"
        model = by_call.get(call)
        if model is None and sent["path"].endswith("/query"):
            reporting = sent["path"].startswith("reports/")
            model = m.AppsReportingRequest if reporting else m.QueryRequest
        assert model is not None, f"no model for {call}"
        sound(model.from_dict(sent["body"]))
        seen.add(f"our {call}")
    return sorted(seen)


def sound(model: Any, path: str = "") -> None:
    """No unknown field and no unknown value, all the way down."""
    from pydantic import BaseModel

    if isinstance(model, list):
        for number, one in enumerate(model):
            sound(one, f"{path}[{number}]")
    elif isinstance(model, BaseModel):
        unknown = getattr(model, "additional_properties", {})
        assert not unknown, f"{type(model).__name__}{path}: unknown {sorted(unknown)}"
        for name in type(model).model_fields:
            if name != "additional_properties":
                sound(getattr(model, name), f"{path}.{name}")
    else:
        value = getattr(model, "value", model)
        assert value != "unknown_default_open_api", f"{path}: a value Apple has no name for"


def refuses(kind: type[Exception], code: str, call: Callable[..., Any], *given: Any) -> None:
    """The call fails with Apple's own exception, and the error says the code."""
    try:
        call(*given)
    except kind as refusal:
        body = json.loads(str(getattr(refusal, "body", "{}")))
        error = body["error"]
        codes = [error["code"], *(one["code"] for one in error["details"])]
        assert code in codes, f"{codes}, expected {code}"
    else:
        raise AssertionError(f"{call.__name__} was not refused with {code}")


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(judge(asked["url"], asked["secrets"], asked["bodies"]), sys.stdout)

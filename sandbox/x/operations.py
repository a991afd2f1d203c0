"""The table of what the X stand-in can do: method, path, rate class, operation."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.x import batches as x_batches
from sandbox.x import campaigns as x_campaigns
from sandbox.x import line_items as x_line_items
from sandbox.x import media as x_media
from sandbox.x import posts as x_posts
from sandbox.x import promoted_tweets as x_promoted_tweets
from sandbox.x import stats as x_stats
from sandbox.x import targeting as x_targeting
from sandbox.x.campaigns import filtered
from sandbox.x.limits import Limit
from sandbox.x.line_items import DENOMINATION
from sandbox.x.request import Answer, Call, not_found, page, public
from sandbox.x.store import JsonObject

_Run = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    limit: Limit
    run: _Run

    @property
    def changes(self) -> bool:
        return self.method != "GET"


def _account(call: Call) -> Answer:
    return Answer(public(_kept(call, "account", call.account_id)))


def _accounts(call: Call) -> Answer:
    rows = [{**row, "account_id": row["id"]} for row in call.store.every("account")]
    wanted = call.values.words("account_ids")
    rows = [row for row in rows if not wanted or row["id"] in wanted]
    if prefix := call.values.text("q"):
        rows = [row for row in rows if str(row["name"]).lower().startswith(prefix.lower())]
    return page(call, rows)


def _access(call: Call) -> Answer:
    account = _kept(call, "account", call.account_id)
    users = [row["user_id"] for row in call.store.every("promotable_user")]
    return Answer({"user_id": users[0], "permissions": account["_permissions"]})


def _features(call: Call) -> Answer:
    return Answer(["REACH_AND_FREQUENCY_ANALYTICS", "WEBSITE_CLICKS_CPM_BILLING"])


def _bidding_rules(call: Call) -> Answer:
    currency = call.values.text("currency") or "USD"
    return Answer(
        [
            {
                "currency": currency,
                "minimum_cpe_bid_local_micro": DENOMINATION,
                "maximum_cpe_bid_local_micro": 1_000_000_000,
                "minimum_denomination": DENOMINATION,
            }
        ]
    )


def _list(kind: str, ids: str) -> _Run:
    return lambda call: page(call, filtered(call, call.store.every(kind), {ids: "id"}))


def _read(kind: str, show: Callable[[Call, JsonObject], JsonObject] | None = None) -> _Run:
    def run(call: Call) -> Answer:
        row = _kept(call, kind, call.path["id"])
        if row["account_id"] != call.account_id or (
            row["deleted"] and not call.values.flag("with_deleted")
        ):
            raise not_found(kind.upper(), call.path["id"])
        return Answer(show(call, row) if show else public(row))

    return run


def _kept(call: Call, kind: str, object_id: str) -> JsonObject:
    row = call.store.get(kind, object_id)
    if row is None:
        raise not_found(kind.upper(), object_id)
    return row


def _campaign(call: Call, row: JsonObject) -> JsonObject:
    return x_campaigns.shown(call, [row])[0]


_ROOT = "/{version}"
_ACCOUNT = "/{version}/accounts/{account_id}"
_STATS = "/{version}/stats"

_READS: tuple[tuple[str, Limit, _Run], ...] = (
    (f"{_ROOT}/accounts", Limit.ACCOUNT_READ, _accounts),
    (_ACCOUNT, Limit.ACCOUNT_READ, _account),
    (f"{_ACCOUNT}/authenticated_user_access", Limit.ACCOUNT_READ, _access),
    (f"{_ACCOUNT}/features", Limit.ACCOUNT_READ, _features),
    (
        f"{_ACCOUNT}/funding_instruments",
        Limit.ACCOUNT_READ,
        _list("funding_instrument", "funding_instrument_ids"),
    ),
    (f"{_ACCOUNT}/funding_instruments/{{id}}", Limit.ACCOUNT_READ, _read("funding_instrument")),
    (
        f"{_ACCOUNT}/promotable_users",
        Limit.ACCOUNT_READ,
        _list("promotable_user", "promotable_user_ids"),
    ),
    (
        f"{_ACCOUNT}/web_event_tags",
        Limit.ACCOUNT_READ,
        _list("web_event_tag", "web_event_tag_ids"),
    ),
    (f"{_ACCOUNT}/campaigns", Limit.CORE_READ, x_campaigns.listed),
    (f"{_ACCOUNT}/campaigns/{{id}}", Limit.CORE_READ, _read("campaign", _campaign)),
    (f"{_ACCOUNT}/line_items", Limit.CORE_READ, x_line_items.listed),
    (f"{_ACCOUNT}/line_items/{{id}}", Limit.CORE_READ, _read("line_item")),
    (f"{_ACCOUNT}/promoted_tweets", Limit.CORE_READ, x_promoted_tweets.listed),
    (
        f"{_ACCOUNT}/promoted_tweets/{{id}}",
        Limit.CORE_READ,
        _read("promoted_tweet", lambda call, row: x_promoted_tweets.shown(row, call.now)),
    ),
    (f"{_ACCOUNT}/targeting_criteria", Limit.TARGETING_READ, x_targeting.listed),
    (f"{_ACCOUNT}/media_library", Limit.ACCOUNT_READ, x_media.listed),
    (f"{_ACCOUNT}/cards", Limit.ACCOUNT_READ, x_posts.list_cards),
    (f"{_ACCOUNT}/cards/{{id}}", Limit.ACCOUNT_READ, _read("card")),
    (f"{_ACCOUNT}/tweets", Limit.ACCOUNT_READ, x_posts.list_posts),
    (f"{_ROOT}/bidding_rules", Limit.GLOBAL_READ, _bidding_rules),
    (f"{_ROOT}/targeting_criteria/locations", Limit.GLOBAL_READ, x_targeting.locations),
    (f"{_ROOT}/targeting_criteria/interests", Limit.GLOBAL_READ, x_targeting.interests),
    (f"{_STATS}/accounts/{{account_id}}", Limit.ANALYTICS, x_stats.sync),
    (
        f"{_STATS}/accounts/{{account_id}}/active_entities",
        Limit.ANALYTICS,
        x_stats.active_entities,
    ),
    (f"{_STATS}/accounts/{{account_id}}/reach/campaigns", Limit.ANALYTICS, x_stats.reach),
    (f"{_STATS}/jobs/accounts/{{account_id}}", Limit.ANALYTICS, x_stats.list_jobs),
    ("/2/media/upload", Limit.ACCOUNT_READ, x_media.status),
)

_WRITES: tuple[tuple[str, str, _Run], ...] = (
    (
        "POST",
        f"{_ACCOUNT}/campaigns",
        lambda call: Answer(_campaign(call, x_campaigns.create(call, call.values))),
    ),
    (
        "PUT",
        f"{_ACCOUNT}/campaigns/{{id}}",
        lambda call: Answer(
            _campaign(call, x_campaigns.update(call, call.values, call.path["id"]))
        ),
    ),
    (
        "DELETE",
        f"{_ACCOUNT}/campaigns/{{id}}",
        lambda call: Answer(_campaign(call, x_campaigns.delete(call, call.path["id"]))),
    ),
    (
        "POST",
        f"{_ACCOUNT}/line_items",
        lambda call: Answer(public(x_line_items.create(call, call.values))),
    ),
    (
        "PUT",
        f"{_ACCOUNT}/line_items/{{id}}",
        lambda call: Answer(public(x_line_items.update(call, call.values, call.path["id"]))),
    ),
    (
        "DELETE",
        f"{_ACCOUNT}/line_items/{{id}}",
        lambda call: Answer(public(x_line_items.delete(call, call.path["id"]))),
    ),
    ("POST", f"{_ACCOUNT}/promoted_tweets", x_promoted_tweets.create),
    (
        "DELETE",
        f"{_ACCOUNT}/promoted_tweets/{{id}}",
        lambda call: Answer(x_promoted_tweets.delete(call, call.path["id"])),
    ),
    (
        "POST",
        f"{_ACCOUNT}/targeting_criteria",
        lambda call: Answer(public(x_targeting.create(call, call.values))),
    ),
    (
        "DELETE",
        f"{_ACCOUNT}/targeting_criteria/{{id}}",
        lambda call: Answer(public(x_targeting.delete(call, call.path["id"]))),
    ),
    ("POST", f"{_ACCOUNT}/media_library", x_media.add),
    ("POST", f"{_ACCOUNT}/cards", x_posts.create_card),
    ("POST", f"{_ACCOUNT}/tweet", x_posts.create_post),
    ("PUT", f"{_ACCOUNT}/tweets/{{id}}/name", x_posts.rename_post),
    *(
        ("POST", f"{_ROOT}/batch/accounts/{{account_id}}/{kind}", x_batches.of(kind))
        for kind in x_batches.KINDS
    ),
    ("POST", f"{_STATS}/jobs/accounts/{{account_id}}", x_stats.queue_job),
    ("POST", "/2/media/upload", x_media.upload),
    ("DELETE", "/2/tweets/{id}", x_posts.delete_post),
)

OPERATIONS = (
    *(Operation("GET", path, limit, run) for path, limit, run in _READS),
    *(Operation(method, path, Limit.WRITE, run) for method, path, run in _WRITES),
)

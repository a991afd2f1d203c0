"""X's promoted posts: the ads, which can be made and deleted but never changed."""

from datetime import datetime

from sandbox.x import line_items as x_line_items
from sandbox.x.campaigns import filtered
from sandbox.x.delivery import approval
from sandbox.x.request import Answer, Call, XError, invalid, not_found, page, public, stamp
from sandbox.x.store import NETWORK, JsonObject

_MOST_TWEETS = 50


def create(call: Call) -> Answer:
    """One ad per post, ACTIVE at once and under review."""
    values = call.values
    line = x_line_items.live(call, values.need("line_item_id"))
    values.need("tweet_ids")
    tweet_ids = values.words("tweet_ids")
    if len(tweet_ids) > _MOST_TWEETS:
        raise invalid("tweet_ids", f"{len(tweet_ids)} ids", f"at most {_MOST_TWEETS} ids")
    tweets = [_tweet(call, tweet_id) for tweet_id in tweet_ids]
    for ad in call.store.every("promoted_tweet"):
        if ad["line_item_id"] == line["id"] and ad["tweet_id"] in tweet_ids and not ad["deleted"]:
            message = f"Tweet {ad['tweet_id']} is already promoted by this line item"
            raise XError(400, "DUPLICATE_PROMOTABLE_ENTITY", message, "tweet_ids")
    rows: list[JsonObject] = []
    for tweet in tweets:
        rejected = call.store.world.fault(NETWORK, "disapproved_ad")
        row: JsonObject = {
            "id": call.store.new_id(),
            "account_id": call.account_id,
            "line_item_id": line["id"],
            "tweet_id": tweet["tweet_id"],
            "entity_status": "ACTIVE",
            "approval_status": "UNDER_REVIEW",
            "created_at": stamp(call.now),
            "updated_at": stamp(call.now),
            "deleted": False,
            # The public stamp has whole seconds; at a high tempo a review is shorter than that.
            "_promoted_at": call.now.isoformat(),
            "_verdict": "REJECTED" if rejected else "ACCEPTED",
        }
        call.store.put("promoted_tweet", row["id"], row)
        rows.append(row)
    return Answer([shown(row, call.now) for row in rows], more={"total_count": len(rows)})


def delete(call: Call, ad_id: str) -> JsonObject:
    """Delete softly; the web interface calls that paused."""
    row = live(call, ad_id)
    row.update(deleted=True, updated_at=stamp(call.now))
    call.store.put("promoted_tweet", ad_id, row)
    return shown(row, call.now)


def live(call: Call, ad_id: str) -> JsonObject:
    """A promoted post of the account that is not deleted.

    Raises:
        XError: there is none.
    """
    row = call.store.get("promoted_tweet", ad_id)
    if row is None or row["account_id"] != call.account_id or row["deleted"]:
        raise not_found("PROMOTED_TWEET", ad_id)
    return row


def listed(call: Call) -> Answer:
    """The account's promoted posts."""
    by = {"promoted_tweet_ids": "id", "line_item_ids": "line_item_id"}
    rows = [
        {**row, "approval_status": approval(row, call.now)}
        for row in filtered(call, call.store.every("promoted_tweet"), by)
    ]
    return page(call, rows)


def shown(row: JsonObject, now: datetime) -> JsonObject:
    """An ad as X answers it."""
    return public({**row, "approval_status": approval(row, now)})


def _tweet(call: Call, tweet_id: str) -> JsonObject:
    row = call.store.get("tweet", tweet_id)
    if row is None or row["account_id"] != call.account_id or row["deleted"]:
        raise not_found("TWEET", tweet_id)
    return row

"""X's analytics: synchronous figures, active entities, and jobs whose result is a gzip file."""

import gzip
import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.world import Figures
from sandbox.x.metrics import GROUPS, metrics
from sandbox.x.request import Answer, Call, XError, invalid, missing, not_found, page, stamp
from sandbox.x.store import NETWORK, JsonObject

_ENTITIES: dict[str, tuple[str, Callable[[Figures], str]]] = {
    "ACCOUNT": ("account", lambda row: row.account_id),
    "CAMPAIGN": ("campaign", lambda row: row.campaign_id),
    "LINE_ITEM": ("line_item", lambda row: row.line_id),
    "PROMOTED_TWEET": ("promoted_tweet", lambda row: row.ad_id),
}
_NAMES = (*_ENTITIES, "FUNDING_INSTRUMENT", "PROMOTED_ACCOUNT")
_PLACEMENTS = ("ALL_ON_TWITTER", "SPOTLIGHT", "TREND")
_GRANULARITIES = ("HOUR", "DAY", "TOTAL")
_HOUR = timedelta(hours=1)
_JOB_SECONDS = 1.0
_MOST_JOBS = 100


def sync(call: Call) -> Answer:
    """Figures of up to 20 entities over up to seven days."""
    values = call.values
    ids = values.words("entity_ids")
    if not ids:
        raise missing("entity_ids")
    if len(ids) > 20:
        raise invalid("entity_ids", f"{len(ids)} ids", "at most 20 ids")
    return _report(call, ids, days=7)


def active_entities(call: Call) -> Answer:
    """Which entities have figures in a range of hours."""
    values = call.values
    values.need("entity")
    entity = values.choice("entity", _NAMES) or ""
    start, end = _range(call, days=90)
    if entity not in _ENTITIES:
        return Answer([])
    hours: dict[str, list[datetime]] = {}
    for row in _figures(call, start, end, hourly=True, by_ad=entity == "PROMOTED_TWEET"):
        at = _begin(call, row)
        if start <= at < end:
            hours.setdefault(_ENTITIES[entity][1](row), []).append(at)
    return Answer(
        [
            {
                "entity_id": entity_id,
                "activity_start_time": stamp(min(at)),
                "activity_end_time": stamp(max(at) + _HOUR),
                "placements": ["ALL_ON_TWITTER"],
            }
            for entity_id, at in sorted(hours.items())
        ]
    )


def reach(call: Call) -> Answer:
    """People reached by up to 20 campaigns. The market counts people by line and day, so over
    several of them the largest stands for all: never too many."""
    ids = call.values.words("campaign_ids")
    if not ids:
        raise missing("campaign_ids")
    if len(ids) > 20:
        raise invalid("campaign_ids", f"{len(ids)} ids", "at most 20 ids")
    start, end = _range(call, days=7)
    rows = _figures(call, start, end, hourly=False, by_ad=False)
    data: list[JsonObject] = []
    for campaign_id in ids:
        mine = [row for row in rows if row.campaign_id == campaign_id]
        people = max((row.reach for row in mine), default=0)
        shown = sum(row.impressions for row in mine)
        data.append(
            {
                "id": campaign_id,
                "total_audience_reach": people,
                "average_frequency": round(shown / people, 2) if people else 0.0,
            }
        )
    return Answer(data, more={"data_type": "reach"})


def queue_job(call: Call) -> Answer:
    """Queue figures over up to 90 days (45 when segmented)."""
    values = call.values
    ids = values.words("entity_ids")
    if not ids:
        raise missing("entity_ids")
    segmented = "segmentation_type" in values
    report = _report(call, ids, days=45 if segmented else 90)
    if segmented:
        raise XError(400, "FEATURE_NOT_AVAILABLE", "Segmentation is not available here")
    running = [job for job in call.store.every("stats_job") if not _is_done(job)]
    if len(running) >= _MOST_JOBS:
        raise XError(400, "TOO_MANY_JOBS", f"The account has {_MOST_JOBS} running jobs")
    number = call.store.new_number()
    start, end = _range(call, days=90)
    job: JsonObject = {
        "id": number,
        "id_str": str(number),
        "account_id": call.account_id,
        "entity": values.text("entity"),
        "entity_ids": ids,
        "granularity": values.text("granularity"),
        "metric_groups": values.words("metric_groups"),
        "placement": values.text("placement"),
        "start_time": stamp(start),
        "end_time": stamp(end),
        "country": None,
        "platform": None,
        "segmentation_type": None,
        "created_at": stamp(call.now),
        "updated_at": stamp(call.now),
        "expires_at": stamp(call.now + timedelta(days=2)),
        "_due": time.time() + _JOB_SECONDS,
        "_report": {"data": report.data, **report.more},
    }
    call.store.put("stats_job", str(number), job)
    return Answer(_shown_job(call, job))


def list_jobs(call: Call) -> Answer:
    """Jobs by id; done after about a real second."""
    wanted = call.values.words("job_ids")
    if len(wanted) > 200:
        raise invalid("job_ids", f"{len(wanted)} ids", "at most 200 ids")
    jobs = [
        j for j in call.store.every("stats_job", "id_str") if j["account_id"] == call.account_id
    ]
    if wanted:
        jobs = [job for job in jobs if job["id_str"] in wanted]
    return page(call, [{**job, **_progress(call, job)} for job in jobs], "id_str")


def job_file(call: Call) -> bytes:
    """The gzip file of a finished job.

    Raises:
        XError: there is none (yet).
    """
    job = call.store.get("stats_job", call.path["id"])
    if job is None or not _is_done(job):
        raise not_found("FILE", call.path["id"])
    return gzip.compress(json.dumps(job["_report"]).encode())


def _report(call: Call, ids: Sequence[str], days: int) -> Answer:
    values = call.values
    for name in ("entity", "granularity", "metric_groups", "placement"):
        values.need(name)
    entity = values.choice("entity", _NAMES) or ""
    granularity = values.choice("granularity", _GRANULARITIES) or ""
    placement = values.choice("placement", _PLACEMENTS)
    groups = values.words("metric_groups")
    for group in groups:
        if group not in GROUPS:
            raise invalid("metric_groups", group, f"one of {', '.join(GROUPS)}")
    if "MOBILE_CONVERSION" in groups and len(groups) > 1:
        raise XError(400, "EXCLUSIVE_PARAMETERS", "MOBILE_CONVERSION must be asked for alone")
    start, end = _range(call, days)
    buckets = _buckets(start, end, granularity, _zone(call))
    rows: list[Figures] = []
    if entity in _ENTITIES:
        kind, _ = _ENTITIES[entity]
        for entity_id in ids:
            if call.store.get(kind, entity_id) is None:
                raise not_found(entity, entity_id)
        if placement == "ALL_ON_TWITTER":
            by_hour = granularity == "HOUR" or not _whole_days(start, end, _zone(call))
            by_ad = entity == "PROMOTED_TWEET"
            rows = _figures(call, start, end, hourly=by_hour, by_ad=by_ad)
    data: list[JsonObject] = []
    for entity_id in ids:
        series: list[list[Figures]] = [[] for _ in range(len(buckets) - 1)]
        for row in rows:
            at = _begin(call, row)
            if _ENTITIES[entity][1](row) != entity_id or not start <= at < end:
                continue
            index = next(i for i, edge in enumerate(buckets[1:]) if at < edge)
            series[index].append(row)
        data.append(
            {"id": entity_id, "id_data": [{"segment": None, "metrics": metrics(groups, series)}]}
        )
    return Answer(data, more={"data_type": "stats", "time_series_length": len(buckets) - 1})


def _range(call: Call, days: int) -> tuple[datetime, datetime]:
    values, zone = call.values, _zone(call)
    for name in ("start_time", "end_time"):
        values.need(name)
    start, end = values.moment("start_time", zone), values.moment("end_time", zone)
    assert start is not None
    assert end is not None
    for name, moment in (("start_time", start), ("end_time", end)):
        if moment.minute or moment.second or moment.microsecond:
            raise invalid(name, values.text(name), "a whole hour")
        if values.text("granularity") == "DAY" and moment.astimezone(zone).hour:
            raise invalid(name, values.text(name), "midnight in the account's time zone")
    if end <= start or end - start > timedelta(days=days, hours=1):
        message = f"The range must be longer than nothing and at most {days} days"
        raise XError(400, "INVALID_TIME_WINDOW", message, "end_time")
    return start, end


def _buckets(start: datetime, end: datetime, granularity: str, zone: ZoneInfo) -> list[datetime]:
    """Edges of the time series. Days are the account's, however long the clock makes them."""
    if granularity == "TOTAL":
        return [start, end]
    edges, edge = [start], start
    while edge < end:
        if granularity == "HOUR":
            edge += _HOUR
        else:
            day = edge.astimezone(zone).date() + timedelta(days=1)
            edge = datetime(day.year, day.month, day.day, tzinfo=zone)
        edges.append(edge)
    return edges


def _figures(
    call: Call, start: datetime, end: datetime, *, hourly: bool, by_ad: bool
) -> list[Figures]:
    zone = _zone(call)
    since = start.astimezone(zone).date().isoformat()
    until = (end - timedelta(seconds=1)).astimezone(zone).date().isoformat()
    return call.store.world.figures(
        NETWORK, call.account_id, since, until, hourly=hourly, by_ad=by_ad
    )


def _begin(call: Call, row: Figures) -> datetime:
    """When the day or hour of figures begins."""
    day = datetime.fromisoformat(row.day).replace(tzinfo=_zone(call))
    return day + _HOUR * (row.hour or 0)


def _whole_days(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    return not (start.astimezone(zone).hour or end.astimezone(zone).hour)


def _zone(call: Call) -> ZoneInfo:
    account = call.store.get("account", call.account_id) or {}
    return ZoneInfo(str(account["timezone"]))


def _is_done(job: JsonObject) -> bool:
    return time.time() >= job["_due"]


def _progress(call: Call, job: JsonObject) -> JsonObject:
    if not _is_done(job):
        return {"status": "PROCESSING", "url": None}
    return {"status": "SUCCESS", "url": f"{call.base_url}/stats-files/{job['id_str']}.json.gz"}


def _shown_job(call: Call, job: JsonObject) -> JsonObject:
    shown = {name: value for name, value in job.items() if not name.startswith("_")}
    return {**shown, **_progress(call, job)}

"""Sending events through the front door, and watching feeds."""

import contextlib
import html
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4, uuid5

import httpx
import typer
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.service import RPCError

from models.contract.content import Article, EventType
from models.contract.feeds import FeedPoll
from models.contract.queues import MANAGEMENT
from models.contract.urls import canonical
from models.settings import Settings
from models.tables import Feed
from models.tables.columns import now_utc
from platforms.app_store import STORES
from starter.cli.flags import Json
from starter.cli.output import FAILED, USAGE, ago, emit, fail, screen, table
from starter.cli.session import Session, run
from starter.signature import sign

_Source = Annotated[str, typer.Argument(metavar="FILE-OR-URL", help="The page, or a local copy.")]
feeds = typer.Typer(help="Watch feeds: each new entry becomes a promotion.")
event = typer.Typer(help="Send an event to the event endpoint, signed.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(event, name="event")
    app.add_typer(feeds, name="feed")


@event.command("post-published")
def post_published(source: _Source, as_json: Json = False) -> None:
    """An article was published."""
    _send(EventType.POST_PUBLISHED, source, as_json)


@event.command("product-activated")
def product_activated(source: _Source, as_json: Json = False) -> None:
    """A product went on sale."""
    _send(EventType.PRODUCT_ACTIVATED, source, as_json)


@event.command("post-changed")
def post_changed(source: _Source, as_json: Json = False) -> None:
    """A promoted page changed: its campaigns pause and ask."""
    _send(EventType.POST_CHANGED, source, as_json)


@event.command("post-unpublished")
def post_unpublished(source: _Source, as_json: Json = False) -> None:
    """A promoted page vanished: its campaigns pause and ask."""
    _send(EventType.POST_UNPUBLISHED, source, as_json)


def _send(kind: EventType, source: str, as_json: bool) -> None:
    session = Session()
    article, url = _article(source)
    data: dict[str, object] = {"url": url}
    if article is not None:
        data["content_type"] = article.content_type.value
        if not publish_on_sandbox(session.settings, article, source) and article.text:
            data |= {
                "title": article.title,
                "description": article.description,
                "text": article.text,
                "tags": list(article.tags),
            }
    answer = post_event(session.settings, kind, data)
    if as_json:
        emit(answer)
    elif answer["duplicate"]:
        screen.print(f"Known already: {answer['promotion']}", markup=False)
    else:
        screen.print(f"Started {answer['promotion']}. Watch it: `adflight approvals`", markup=False)


def post_event(settings: Settings, kind: EventType, data: dict[str, object]) -> dict[str, object]:
    """Post one signed CloudEvent; the endpoint's answer.

    Raises:
        CommandFailed: the endpoint refused it or does not answer.
    """
    if not settings.events_url:
        fail("No event endpoint runs here: start one with `adflight up`.")
    event_id = str(uuid4())
    body = json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": "adflight-cli",
            "type": kind.wire_name,
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }
    ).encode()
    headers = sign(
        settings.event_secret.get_secret_value(),
        body,
        message_id=event_id,
        timestamp=datetime.now(UTC),
    )
    try:
        response = httpx.post(
            f"{settings.events_url}/events",
            content=body,
            headers={**headers, "content-type": "application/cloudevents+json"},
            timeout=30,
        )
    except httpx.HTTPError:
        fail(f"The event endpoint does not answer at {settings.events_url}; see `adflight doctor`.")
    answer: dict[str, object] = response.json()
    if response.status_code != 202:
        error = answer.get("error")
        text = error.get("message") if isinstance(error, dict) else answer  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        fail(f"Refused: {text}", USAGE if response.status_code in (400, 422) else FAILED)
    return answer


def _article(source: str) -> tuple[Article | None, str]:
    """The article of a local file with its public URL, or just the URL."""
    path = Path(source)
    if "://" not in source:
        if not path.exists():
            fail(f"There is no file {source!r}, and it is no https:// address.", USAGE)
        # Reading pages needs heavy libraries; no other command should wait for their import.
        from activities.article_file import article_from_file
        from activities.page import PageRefused

        try:
            article = article_from_file(path)
        except (PageRefused, ValueError, OSError) as error:
            fail(f"{source}: {error}", USAGE)
        return article, article.canonical_url
    try:
        return None, canonical(source)
    except ValueError as error:
        fail(f"url: {error}", USAGE)


def publish_on_sandbox(settings: Settings, article: Article, source: str) -> bool:
    """Put a local article on the sandbox's site, so that ``.example`` addresses have a page."""
    host = article.canonical_url.split("/")[2]
    if not settings.sandbox_url or not (host.endswith(".example") or host in STORES):
        return False
    path = Path(source)
    page = path.read_text() if path.suffix == ".html" else _page(article)
    try:
        httpx.post(
            f"{settings.sandbox_url}/control/pages",
            json={"url": article.canonical_url, "html": page},
            timeout=10,
        ).raise_for_status()
    except httpx.HTTPError:
        return False
    return True


def _page(article: Article) -> str:
    text = html.escape
    tags = "".join(f'<meta property="article:tag" content="{text(tag)}">' for tag in article.tags)
    paragraphs = "".join(f"<p>{text(one)}</p>" for one in article.text.splitlines() if one.strip())
    return (
        f"<!doctype html><html><head><title>{text(article.title)}</title>"
        f'<link rel="canonical" href="{text(article.canonical_url)}">'
        f'<meta name="description" content="{text(article.description)}">{tags}</head>'
        f"<body><article><h1>{text(article.title)}</h1>{paragraphs}</article></body></html>"
    )


@feeds.command("add")
def add_feed(
    url: Annotated[str, typer.Argument(help="RSS, Atom or JSON Feed; https.")],
    as_json: Json = False,
) -> None:
    """Watch a feed. What it holds now is only remembered; what comes later is promoted."""

    async def work() -> None:
        session = Session()
        try:
            address = canonical(url)
        except ValueError as error:
            fail(f"url: {error}", USAGE)
        feed_id = uuid5(session.team_id, address)
        async with session.database.team(session.team_id) as database:
            await database.execute(
                insert(Feed)
                .values(
                    id=feed_id, team_id=session.team_id, url=address, state={}, created_at=now_utc()
                )
                .on_conflict_do_nothing()
            )
        client = await session.client()
        poll = FeedPoll(team_id=session.team_id, feed_id=feed_id)
        with contextlib.suppress(ScheduleAlreadyRunningError):
            await client.create_schedule(
                f"feed-{feed_id}",
                Schedule(
                    action=ScheduleActionStartWorkflow(
                        "feed",
                        poll,
                        id=f"feed-{feed_id}",
                        task_queue=MANAGEMENT,
                        static_summary=f"Feed {address}"[:200],
                    ),
                    spec=ScheduleSpec(
                        intervals=[
                            ScheduleIntervalSpec(
                                every=timedelta(seconds=session.settings.feed_interval_seconds)
                            )
                        ]
                    ),
                    policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
                ),
                trigger_immediately=True,
            )
        await session.aclose()
        if as_json:
            emit({"feed_id": str(feed_id), "url": address})
        else:
            screen.print(f"Watching {address}", markup=False)

    run(work())


@feeds.command("list")
def list_feeds(as_json: Json = False) -> None:
    """List watched feeds and how the last poll went."""

    async def work() -> None:
        session = Session()
        async with session.database.team(session.team_id) as database:
            rows = (await database.scalars(select(Feed).order_by(col(Feed.created_at)))).all()
        await session.aclose()
        if as_json:
            emit([row.model_dump(mode="json") for row in rows])
            return
        table(
            "Feeds",
            ("url", "last polled", "problem"),
            ((row.url, ago(row.last_polled_at, datetime.now(UTC)), row.error) for row in rows),
            "No feeds. Watch one with `adflight feed add URL`.",
        )

    run(work())


@feeds.command("remove")
def remove_feed(url: str) -> None:
    """Stop watching a feed."""

    async def work() -> None:
        session = Session()
        feed_id = uuid5(session.team_id, canonical(url))
        async with session.database.team(session.team_id) as database:
            done = await database.execute(
                delete(Feed).where(col(Feed.id) == feed_id).returning(col(Feed.id))
            )
            if not done.all():
                fail(f"{url} is not watched; see `adflight feed list`.", USAGE)
        client = await session.client()
        with contextlib.suppress(RPCError):
            await client.get_schedule_handle(f"feed-{feed_id}").delete()
        await session.aclose()
        screen.print(f"No longer watching {url}", markup=False)

    run(work())

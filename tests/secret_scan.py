"""After the tests: no secret in any history, table or log that they left behind.

Sealed payloads are opened first: that nobody else can read them is no excuse for what they hold.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, text
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from models.database import driver_url
from models.sealing import SealingFailed
from models.settings import Settings
from starter.payload_codec import SealedPayloads
from starter.team import SANDBOX_CREDENTIALS

_SECRET_NAMES = ("TOKEN", "SECRET", "PRIVATE_KEY", "API_KEY", "REPORT_KEY")
_SHORTEST = 8
PLANTED = "planted-"
"""Workflows that the scan's own test has put a secret into begin so."""


@dataclass
class Found:
    """Where secrets stand, and how much was looked at."""

    leaks: list[str] = field(default_factory=list[str])
    payloads: int = 0
    rows: int = 0
    log_bytes: int = 0


async def scan(client: Client, settings: Settings, directory: Path) -> Found:
    """Look through everything a stack has kept."""
    secrets = await known_secrets(settings)
    found = Found()
    codec = SealedPayloads(settings.keyring)
    async for one in client.list_workflows():
        history = await client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history()
        document = history.to_json_dict()
        for payload in _payloads(document):
            found.payloads += 1
            try:
                (plain,) = await codec.decode([payload])
            except SealingFailed:
                plain = payload  # a test has sealed it under a key of its own
            _look(secrets, plain.data, f"payload of {one.id}", found)
            # What is not our JSON is looked at as it stands, too.
            _look(secrets, payload.data, f"payload of {one.id}", found)
        _look(secrets, repr(document).encode(), f"history of {one.id}", found)
    _scan_database(secrets, settings.database_url, found)
    for log in sorted((directory / "logs").glob("*")):
        content = log.read_bytes()
        found.log_bytes += len(content)
        _look(secrets, content, f"log {log.name}", found)
    return found


async def known_secrets(settings: Settings) -> dict[str, bytes]:
    """Secrets by name: the sandbox's, what its authorisation servers gave, the keys."""
    named = {
        name: value
        for name, value in SANDBOX_CREDENTIALS.items()
        if any(part in name for part in _SECRET_NAMES)
    }
    named["event secret"] = settings.event_secret.get_secret_value()
    named["link secret"] = settings.link_secret.get_secret_value()
    named["encryption key"] = settings.encryption_key.get_secret_value()
    async with httpx.AsyncClient(base_url=settings.sandbox_url, timeout=30) as web:
        for kind in ("token", "code", "refresh"):
            for row in (await web.get(f"/control/objects/login/{kind}")).json():
                named |= {
                    f"granted {kind} {name}": value
                    for name, value in row.items()
                    if name in ("token", "refresh_token", "code", "secret", "access_token")
                    and isinstance(value, str)
                }
    return {
        name: value.strip().splitlines()[len(value.splitlines()) // 2].encode()
        for name, value in named.items()
        if len(value) >= _SHORTEST
    }


def _scan_database(secrets: Mapping[str, bytes], url: str, found: Found) -> None:
    """Every row of every table, as the owner sees them."""
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            tables = connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ).scalars()
            for table in list(tables):
                rows = connection.execute(text(f'SELECT t::text FROM "{table}" t'))  # noqa: S608
                for row in rows.scalars():
                    found.rows += 1
                    _look(secrets, str(row).encode(), f"table {table}", found)
    finally:
        engine.dispose()


def _look(secrets: Mapping[str, bytes], content: bytes, where: str, found: Found) -> None:
    for name, secret in secrets.items():
        if secret in content:
            found.leaks.append(f"{name} stands in {where}")


def _payloads(document: Any) -> Iterator[Payload]:
    """Every payload anywhere in a history."""
    if isinstance(document, Mapping):
        if {"metadata", "data"} <= set(document) and isinstance(document["data"], str):
            try:
                metadata = {
                    name: base64.b64decode(value) for name, value in document["metadata"].items()
                }
                data = base64.b64decode(document["data"])
            except (binascii.Error, TypeError, ValueError):
                return
            yield Payload(metadata=metadata, data=data)
            return
        yield from _in(document.values())
    elif isinstance(document, list):
        yield from _in(document)


def _in(parts: Iterable[Any]) -> Iterator[Payload]:
    for part in parts:
        yield from _payloads(part)

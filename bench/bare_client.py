"""The networks' own wire, with nothing of ours around it: what a stop costs at the very least.

One account after the other within an account, accounts side by side, as the product does it.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bench.live_campaigns import LiveAccount
from models.contract.vocabulary import Platform
from models.settings import Settings
from platforms.credentials import resolve
from platforms.registry import adapter
from platforms.x.signature import OAuth1

META_BATCH, X_BATCH, X_READ = 50, 40, 200
"""Operations of one batch (facts 1.10, 2.11) and ids of one list on X (facts 2.3)."""


@dataclass(slots=True)
class Spent:
    """What one network took: calls over HTTP, operations its quota counts, real seconds, and how
    many of these were spent waiting for its quota."""

    calls: int = 0
    operations: int = 0
    seconds: float = 0.0
    waited: float = 0.0


class BareClient:
    """Pauses campaigns and reads them back once, in batches or one by one."""

    def __init__(self, settings: Settings, accounts: Sequence[LiveAccount]) -> None:
        self._sandbox = settings.sandbox_url
        self._accounts = accounts
        self.spent = {one.account.platform: Spent() for one in accounts}

    async def stop(self, *, batched: bool) -> float:
        """Real seconds until the last account was read back as off.

        Raises:
            RuntimeError: the network did not do it, or shows something on.
        """
        began = time.perf_counter()

        async def one(live: LiveAccount) -> None:
            async with self._open(live) as web:
                stop = self._stop_meta if live.account.platform is Platform.META else self._stop_x
                await stop(web, live, batched)
            spent = self.spent[live.account.platform]
            spent.seconds = max(spent.seconds, time.perf_counter() - began)

        await asyncio.gather(*(one(live) for live in self._accounts))
        return time.perf_counter() - began

    def _open(self, live: LiveAccount) -> httpx.AsyncClient:
        secrets = resolve(live.account, adapter(live.account.platform).secrets)
        if live.account.platform is Platform.META:
            return httpx.AsyncClient(
                base_url=f"{self._sandbox}/meta/v26.0",
                headers={"Authorization": f"Bearer {secrets['access_token']}"},
                timeout=60,
                trust_env=False,
            )
        return httpx.AsyncClient(
            base_url=f"{self._sandbox}/x/12", auth=OAuth1(secrets), timeout=60, trust_env=False
        )

    # -- Meta -----------------------------------------------------------------------------------

    async def _stop_meta(self, web: httpx.AsyncClient, live: LiveAccount, batched: bool) -> None:
        size = META_BATCH if batched else 1
        for ids in _chunks(live.network_ids, size):
            await self._meta(web, [("POST", one, "status=PAUSED") for one in ids], batched)
        for ids in _chunks(live.network_ids, size):
            query = "?fields=status,effective_status"
            read = await self._meta(web, [("GET", one + query, "") for one in ids], batched)
            if any(one["status"] != "PAUSED" for one in read):
                raise RuntimeError("Meta shows a campaign on that was paused")

    async def _meta(
        self, web: httpx.AsyncClient, operations: list[tuple[str, str, str]], batched: bool
    ) -> list[dict[str, str]]:
        spent = self.spent[Platform.META]
        spent.calls += 1
        spent.operations += len(operations)
        if not batched:
            ((method, path, body),) = operations
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await web.request(method, f"/{path}", content=body, headers=form)
            answer.raise_for_status()
            return [answer.json()]
        batch = [
            {"method": method, "relative_url": path, **({"body": body} if body else {})}
            for method, path, body in operations
        ]
        form = {"batch": json.dumps(batch), "include_headers": "false"}
        answer = await web.post("/", data=form)
        answer.raise_for_status()
        entries: list[dict[str, Any]] = answer.json()
        if any(one["code"] != 200 for one in entries):
            raise RuntimeError(f"Meta refused an operation: {entries}")
        return [json.loads(one["body"]) for one in entries]

    # -- X --------------------------------------------------------------------------------------

    async def _stop_x(self, web: httpx.AsyncClient, live: LiveAccount, batched: bool) -> None:
        account, ids = live.account.external_id, live.network_ids
        if batched:
            for some in _chunks(ids, X_BATCH):
                await self._x(
                    web,
                    "POST",
                    f"/batch/accounts/{account}/campaigns",
                    [
                        {
                            "operation_type": "Update",
                            "params": {"campaign_id": one, "entity_status": "PAUSED"},
                        }
                        for one in some
                    ],
                )
            for some in _chunks(ids, X_READ):
                path = f"/accounts/{account}/campaigns?count={X_READ}&campaign_ids={','.join(some)}"
                _all_off(await self._x(web, "GET", path), len(some))
            return
        for one in ids:
            await self._x(web, "PUT", f"/accounts/{account}/campaigns/{one}?entity_status=PAUSED")
        for one in ids:
            _all_off(await self._x(web, "GET", f"/accounts/{account}/campaigns/{one}"), 1)

    async def _x(
        self, web: httpx.AsyncClient, method: str, path: str, body: object = None
    ) -> list[dict[str, Any]]:
        spent = self.spent[Platform.X]
        while True:
            spent.calls += 1
            spent.operations += 1
            answer = await web.request(method, path, json=body)
            if answer.status_code != 429:
                answer.raise_for_status()
                data: Any = answer.json()["data"]
                rows: list[dict[str, Any]] = [data] if "id" in data else data
                return rows
            # The quota is used up: X says when it begins anew, and whoever ignores that loses
            # access (facts 2.9).
            left = float(answer.headers["x-rate-limit-reset"]) - time.time()
            spent.waited = max(spent.waited, left)
            await asyncio.sleep(max(left, 0.05))


def _all_off(rows: list[dict[str, Any]], wanted: int) -> None:
    if len(rows) != wanted or any(one["entity_status"] != "PAUSED" for one in rows):
        raise RuntimeError("X shows a campaign on that was paused")


def _chunks(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]

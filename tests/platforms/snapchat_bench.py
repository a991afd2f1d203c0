"""What the Snapchat tests share: a served stand-in with a clock, and ways to look behind it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from models.contract.account import AdAccount
from platforms.network import Ground
from platforms.quota import FreeQuota
from platforms.snapchat import SnapchatNetwork, connect
from sandbox import snapchat as stand_in
from tests.clock import Clock
from tests.platforms.contract.bench import Tree
from tests.platforms.contract.snapchat import BENCH
from tests.sandbox_server import Sandbox


class Counting(FreeQuota):
    """An allowance that counts the calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def take(self, bucket: str, cost: int = 1) -> None:
        self.calls += bucket == "token"


@dataclass
class Stage:
    """A served stand-in, its clock, and an open adapter."""

    box: Sandbox
    clock: Clock
    directory: Path
    quota: Counting = field(default_factory=Counting)
    kept: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.network = self.connected()

    def connected(
        self,
        account: AdAccount | None = None,
        *,
        secrets: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        **options: str | None,
    ) -> SnapchatNetwork:
        """An adapter; options of the account can be set, or taken away with None."""
        account = account or BENCH.account()
        merged = {**account.options, **options}
        account = account.model_copy(
            update={"options": {k: v for k, v in merged.items() if v is not None}}
        )
        base = f"{self.box.url}/snapchat"
        ground = Ground(
            {"api": base, "login": base},
            self.box.world.now,
            real_now=self.clock,
            quota=self.quota,
            timeout=timeout,
            keep_secret=self.kept.__setitem__,
        )
        return connect(account, {**BENCH.secrets(), **(secrets or {})}, ground)

    def tree(self, stem: str = "kq", network: SnapchatNetwork | None = None) -> Tree:
        now = self.box.world.now()
        return Tree(BENCH, network or self.network, self.directory, now, stem, variants=1)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in self.box.world.every("snapchat", kind) if not row.get("deleted")]

    def row(self, kind: str, object_id: str) -> dict[str, Any]:
        found = self.box.world.get("snapchat", kind, object_id)
        assert found is not None
        return found

    @contextmanager
    def counted(self) -> Iterator[list[int]]:
        """How many calls are made inside."""
        found: list[int] = []
        before = self.quota.calls
        yield found
        found.append(self.quota.calls - before)

    def account(self) -> AdAccount:
        return BENCH.account()

    def yen_account(self) -> AdAccount:
        row = self.row("account", stand_in.ACCOUNT_ID)
        self.box.world.put("snapchat", "account", row["id"], {**row, "currency": "JPY"})
        return self.account().model_copy(update={"currency": "JPY"})

    def network_icon(self) -> str:
        """The one medium that is there from the start."""
        return self.account().options["app_icon_media_id"]

    def raw(self) -> "Raw":
        return Raw(self.box)


class Raw:
    """The wire without the adapter: a bearer of a fresh token."""

    def __init__(self, box: Sandbox) -> None:
        self.http = httpx.Client(base_url=f"{box.url}/snapchat", timeout=10, trust_env=False)
        form = {
            "grant_type": "refresh_token",
            "client_id": stand_in.CLIENT_ID,
            "client_secret": stand_in.CLIENT_SECRET,
            "refresh_token": stand_in.REFRESH_TOKEN,
        }
        answer = self.http.post("/login/oauth2/access_token", data=form)
        assert answer.status_code == 200, answer.text
        self.granted: dict[str, Any] = answer.json()
        self.http.headers["Authorization"] = f"Bearer {self.granted['access_token']}"

    def call(self, method: str, path: str, body: object = None, **more: Any) -> httpx.Response:
        json = {} if body is None else {"json": body}
        return self.http.request(method, f"/v1/{path}", **json, **more)

    def patch(self, path: str, ops: object) -> httpx.Response:
        answer = self.http.build_request("PATCH", f"/v1/{path}", json=ops)
        answer.headers["Content-Type"] = "application/json-patch+json"
        return self.http.send(answer)

    def account(self, path: str) -> str:
        return f"adaccounts/{stand_in.ACCOUNT_ID}/{path}"

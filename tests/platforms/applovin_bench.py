"""What the AppLovin tests share: a served stand-in, an open adapter, and what was sent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from models.contract.account import AdAccount
from platforms.applovin import AppLovinNetwork, connect
from platforms.network import Ground
from tests.clock import MORNING, Clock
from tests.platforms.contract.applovin import BENCH
from tests.platforms.contract.bench import Tree
from tests.sandbox_server import Sandbox


@dataclass
class Stage:
    """A stand-in, an adapter on it, and every request the adapter sent: method and path."""

    box: Sandbox
    clock: Clock
    directory: Path
    sent: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def open(self, account: AdAccount | None = None, **secrets: str) -> AppLovinNetwork:
        hosts = {"api": f"{self.box.url}/applovin/manage", "reports": f"{self.box.url}/applovin"}
        ground = Ground(hosts, self.box.world.now, real_now=self.clock, timeout=10.0)
        network = connect(account or self.account(), {**BENCH.secrets(), **secrets}, ground)
        for http in (network._wire._management, network._wire._reporting):
            http.event_hooks["request"].append(self._note)
        return network

    async def _note(self, request: httpx.Request) -> None:
        self.sent.append((request.method, request.url.path.rpartition("/v1")[2]))

    def account(self, **options: str) -> AdAccount:
        whole = BENCH.account()
        kept = {name: value for name, value in {**whole.options, **options}.items() if value}
        return whole.model_copy(update={"options": kept})

    def tree(self, network: AppLovinNetwork, stem: str = "kq", variants: int = 1) -> Tree:
        return Tree(BENCH, network, self.directory, self.box.world.now(), stem, variants)

    def later(self, **passed: float) -> None:
        self.clock.at += timedelta(**passed)
        self.box.world.settle()

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return self.box.world.every("applovin", kind)

    def row(self, kind: str) -> dict[str, Any]:
        (one,) = self.rows(kind)
        return one

    def change(self, kind: str, object_id: str, **values: object) -> None:
        """Something changes at AppLovin by itself, or by a hand in its dashboard."""
        row = self.box.world.get("applovin", kind, object_id)
        assert row is not None
        self.box.world.settle()
        self.box.world.put("applovin", kind, object_id, {**row, **values})

    @property
    def writes(self) -> list[str]:
        return [path for method, path in self.sent if method == "POST"]

    @property
    def spent(self) -> int:
        rows = self.box.control.get("/truth").json()["campaigns"]
        return sum(row["spend_micros"] for row in rows)


def staged(factory: Callable[..., Sandbox], directory: Path) -> Stage:
    clock = Clock()
    box = factory(networks=["applovin"], tempo=1.0, origin=MORNING, real=clock)
    return Stage(box, clock, directory)

"""Looks at the networks' truth all the time: caps hold, and no key is active twice."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx

from models.contract.limits import SpendLimits
from starter.chaos.network_truth import Switches
from starter.chaos.throwaway import ThrowawayStack

_EVERY = 0.4


@dataclass(slots=True)
class Caps:
    """What the daily budgets of live campaigns may come to (micros), by scope."""

    by_scope: dict[str, int]

    @classmethod
    def of(cls, limits: SpendLimits, accounts: dict[str, int]) -> "Caps":
        """The caps of a team: ``accounts`` by the network's own account id."""
        scopes = {"team": limits.team_daily.micros}
        for network in ("meta", "x"):
            scopes[f"platform {network}"] = limits.platform_daily.micros
        return cls({**scopes, **{f"account {name}": cap for name, cap in accounts.items()}})


@dataclass(slots=True)
class Sampler:
    """Samples until told to stop; ``breaches`` and ``switches.twice`` hold what must not be."""

    ground: ThrowawayStack
    caps: Caps
    switches: Switches = field(default_factory=Switches)
    breaches: list[str] = field(default_factory=list[str])
    samples: int = 0
    fullest: dict[str, float] = field(default_factory=dict[str, float])

    async def run(self) -> None:
        """Look again and again; cancel it to stop."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY)

    async def look(self) -> None:
        """One sample."""
        try:
            self._sum_up(await self.ground.read("/truth"))
            self.switches.take(await self.ground.read(f"/journal?after={self.switches.last}"))
        except httpx.TransportError:
            return  # the next look reads the same journal from where this one stood
        self.samples += 1

    def _sum_up(self, truth: dict[str, Any]) -> None:
        sums: dict[str, int] = defaultdict(int)
        for line in truth["lines"]:
            if not line["active"]:
                continue
            for scope in (
                "team",
                f"platform {line['network']}",
                f"account {line['account_id']}",
            ):
                sums[scope] += int(line["daily_budget_micros"])
        for scope, total in sums.items():
            cap = self.caps.by_scope.get(scope)
            if cap is None:
                continue
            self.fullest[scope] = max(self.fullest.get(scope, 0.0), total / cap)
            if total > cap:
                self.breaches.append(
                    f"{truth['at']}: live daily budgets of {scope} come to {total} micros, "
                    f"the cap is {cap}"
                )

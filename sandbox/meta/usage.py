"""Rate limits by score: a read costs 1, a write 3; 9,000 points decay in 300 real seconds."""

import json
import math
import time
from collections.abc import Callable

from sandbox.meta.graph import GraphError

READ, WRITE = 1.0, 3.0
_LIMIT = 9_000.0
_DECAY_SECONDS = 300.0
_PER_SECOND = _LIMIT / _DECAY_SECONDS


class Usage:
    """How much of its allowance each ad account has used. Kept in memory: real seconds pass
    during a restart too."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._scores: dict[str, tuple[float, float]] = {}

    def charge(self, account_id: str, points: float) -> None:
        """Count one call.

        Raises:
            GraphError: 17/2446079 while the account is above its limit; the call is not
                counted.
        """
        score = self._score(account_id)
        if score + points > _LIMIT:
            wait = math.ceil((score + points - _LIMIT) / _PER_SECOND)
            raise self.refusal(account_id, seconds=wait)
        self._scores[account_id] = (score + points, self._clock())

    def renew(self) -> None:
        """Forget what was used."""
        self._scores.clear()

    def refusal(self, account_id: str, *, seconds: int) -> GraphError:
        """The answer of an account that is over its limit for ``seconds`` more."""
        return GraphError(
            17,
            "User request limit reached",
            subcode=2446079,
            user_message="There have been too many calls from this ad-account. Please wait a "
            "bit and try again.",
            headers=self.headers(account_id, share=100.0, reset=seconds),
        )

    def headers(
        self, account_id: str, *, share: float | None = None, reset: int | None = None
    ) -> dict[str, str]:
        """The four usage headers, JSON texts with shares in percent."""
        score = self._score(account_id)
        used = round(100.0 * score / _LIMIT, 2) if share is None else share
        seconds = math.ceil(score / _PER_SECOND) if reset is None else reset
        tier = {"ads_api_access_tier": "standard_access"}
        percent = int(used)
        counts = {"call_count": percent, "total_cputime": percent, "total_time": percent}
        business = {
            "type": "ads_management",
            **counts,
            "estimated_time_to_regain_access": 0,
            **tier,
        }
        values = {
            "x-app-usage": counts,
            "x-business-use-case-usage": {account_id: [business]},
            "x-ad-account-usage": {
                "acc_id_util_pct": used,
                "reset_time_duration": seconds,
                **tier,
            },
            "x-fb-ads-insights-throttle": {"app_id_util_pct": 0, "acc_id_util_pct": used, **tier},
        }
        return {name: json.dumps(value) for name, value in values.items()}

    def _score(self, account_id: str) -> float:
        score, at = self._scores.get(account_id, (0.0, 0.0))
        return max(0.0, score - (self._clock() - at) * _PER_SECOND)

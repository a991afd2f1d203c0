"""How an activity's failure reads to Temporal: what to retry, when, and what to give up on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from platforms.errors import AccessDenied, NetworkError, PolicyRefused, RateLimited, Refused

NETWORK_REFUSED = "NetworkRefused"
POLICY_REFUSED = "PolicyRefused"
ACCESS_DENIED = "AccessDenied"
NOT_CONFIRMED = "NotConfirmed"
QUARANTINED = "Quarantined"
CLAUDE_REFUSED = "ClaudeRefused"
INPUT_REFUSED = "InputRefused"
MEDIA_REFUSED = "MediaRefused"


@asynccontextmanager
async def network_errors() -> AsyncGenerator[None]:
    """Turn network errors into Temporal's: permanent ones fail, the rest are retried."""
    try:
        yield
    except PolicyRefused as error:
        raise ApplicationError(str(error), type=POLICY_REFUSED, non_retryable=True) from None
    except Refused as error:
        raise ApplicationError(str(error), type=NETWORK_REFUSED, non_retryable=True) from None
    except AccessDenied as error:
        raise ApplicationError(str(error), type=ACCESS_DENIED, non_retryable=True) from None
    except RateLimited as error:
        wait = timedelta(seconds=error.retry_after) if error.retry_after is not None else None
        raise ApplicationError(str(error), type="RateLimited", next_retry_delay=wait) from None
    except NetworkError as error:
        raise ApplicationError(str(error), type=type(error).__name__) from None


def quarantined(kind: str, key: str, why: str) -> ApplicationError:
    """No rule can settle what a key stands for: a person must decide, nothing is repeated."""
    return ApplicationError(
        f"{kind} {key} is quarantined: {why}; decide with `adflight quarantine {key} --adopt ID` "
        "or `--discard`",
        type=QUARANTINED,
        non_retryable=True,
    )


def not_confirmed(message: str) -> ApplicationError:
    """The network does not (yet) show what was asked: ask again."""
    return ApplicationError(message, type=NOT_CONFIRMED)

"""What can go wrong with an ad network, by what the caller should do next.

NetworkError
├── Transient      try again later; the effect did NOT happen
│   └── RateLimited    …not before ``retry_after``
├── Ambiguous      the effect may have happened: look it up before repeating
├── Refused        the network says no to this request; repeating will not help
│   └── PolicyRefused  …because of its advertising policy
└── AccessDenied   the credential or account cannot be used; a person must act
"""

from models.contract.vocabulary import Platform


class NetworkError(Exception):
    """Base. ``message`` is safe to show and log: it never contains a secret or a URL."""

    def __init__(
        self,
        platform: Platform,
        message: str,
        *,
        code: str = "",
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{platform.value}: {message}" + (f" [{code}]" if code else ""))
        self.platform = platform
        self.message = message
        self.code = code
        self.field = field
        self.retry_after = retry_after


class Transient(NetworkError):
    """The network could not answer now and nothing was changed."""


class RateLimited(Transient):
    """Too many calls; ``retry_after`` is in real seconds, from the network's own headers."""


class Ambiguous(NetworkError):
    """The answer was lost or unclear: the effect may exist."""


class Refused(NetworkError):
    """A bad or disallowed request. ``field`` names the parameter where the network does."""


class PolicyRefused(Refused):
    """Refused for advertising policy."""


class AccessDenied(NetworkError):
    """Token, permission or account trouble."""

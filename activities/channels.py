"""Alert channels: apprise services by a name of their own, and who gets which alert.

The address of a channel is a secret (it holds tokens and passwords): it is neither logged nor put
into an error, an answer or the database. What is said of a failure is said in our own words.
"""

import logging
import re
from typing import Any

import apprise
from temporalio import activity

from models.settings import Settings

DEFAULT = "default"
"""The channel of the one URL in ``notify_url``."""
LOG = "log"
"""Our own log: always told, and so no name for a channel."""
HELD = "held"
"""Where a notice's record says why it was kept for the digest; no name for a channel either."""

DELIVERY_SECONDS = 15.0
_FOR_CRITICAL = "sms"
_Apprise: Any = apprise.Apprise
_STATUS = re.compile(r"error=(\d{3})")


class Channels:
    """The services that people are told through; each delivery stands alone."""

    def __init__(self, settings: Settings) -> None:
        # apprise and the client below it log addresses, even at the level of errors.
        logging.getLogger("apprise").propagate = False
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        urls = {name: url.get_secret_value() for name, url in settings.alert_channels.items()}
        if settings.notify_url.get_secret_value():
            urls.setdefault(DEFAULT, settings.notify_url.get_secret_value())
        self._urls: dict[str, str] = {}
        self._schemes: dict[str, str] = {}
        problems: list[str] = []
        for name, url in urls.items():
            service: Any = None if name in (LOG, HELD) else _Apprise.instantiate(url)
            if name in (LOG, HELD):
                problems.append(f"alert channel {name!r} has a name of our own; choose another")
            elif service is None:
                problems.append(
                    f"alert channel {name!r} has no address that apprise understands; correct it in"
                    " ADFLIGHT_ALERT_CHANNELS (https://appriseit.com lists the forms)"
                )
            else:
                self._urls[name] = url
                self._schemes[name] = _scheme(service)
        asked = settings.alert_high
        for name in asked or ():
            if name not in urls:
                problems.append(f"ADFLIGHT_ALERT_HIGH names {name!r}, which is no alert channel")
            elif _only_critical(name):
                problems.append(
                    f"ADFLIGHT_ALERT_HIGH names {name!r}; SMS is kept for critical alerts"
                )
        self.high = tuple(
            name
            for name in self._urls
            if not _only_critical(name) and (asked is None or name in asked)
        )
        """Names of the channels for high alerts and the digest."""
        if self._urls and not self.high:
            problems.append("no channel takes high alerts; name one in ADFLIGHT_ALERT_HIGH")
        self.problems = tuple(problems)
        """What is wrong with the settings, in sentences without addresses."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every usable channel."""
        return tuple(self._urls)

    def scheme(self, name: str) -> str:
        """The kind of service, as "slack" or "mailtos"."""
        return self._schemes[name]

    async def send(self, name: str, *, title: str, body: str) -> str | None:
        """Deliver to one channel; None when it was accepted, else why not, without its address."""
        # A service of its own each time: a shared one makes later alerts wait for earlier ones.
        sender = _Apprise()
        sender.add(_Apprise.instantiate(self._urls[name]))
        try:
            result: Any = await sender.async_notify(
                title=title,
                body=body,
                body_format=apprise.NotifyFormat.TEXT,
                timeout=DELIVERY_SECONDS,
            )
        except Exception as error:
            return f"{type(error).__name__} in the service's client"
        attempts: list[Any] = [attempt for service in result for attempt in service.attempts]
        # A service marked optional counts as well only when it really accepted.
        if attempts and bool(attempts[-1]):
            return None
        if result.status is apprise.AppriseResultStatus.TIMEOUT:
            return f"no answer within {DELIVERY_SECONDS:g} s"
        for entry in result.logs():
            if answered := _STATUS.search(entry.message):
                return f"the service answered {answered[1]}"
            if "onnection" in entry.message:
                return "the service cannot be reached"
        return "the service did not accept it"


def footer(settings: Settings, link: str) -> list[str]:
    """Where to look: the page given, and the workflow that speaks in Temporal's Web UI."""
    lines = [f"See {link}"] if link else []
    if settings.ui_url and activity.in_activity():
        info = activity.info()
        if info.workflow_id:
            lines.append(
                f"{settings.ui_url}/namespaces/{info.namespace}/workflows/{info.workflow_id}"
            )
    return lines


def _scheme(service: Any) -> str:
    known: Any = service.secure_protocol if service.secure else service.protocol
    known = known or service.secure_protocol or service.protocol or service.service_name
    return known if isinstance(known, str) else str(next(iter(known)))


def _only_critical(name: str) -> bool:
    return name.lower().startswith(_FOR_CRITICAL)

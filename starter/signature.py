"""Signed messages by the Standard Webhooks specification: nobody else can start a promotion."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

_MAX_ID = 200


class Unsigned(Exception):
    """The message is not signed with our secret, or too long ago. ``field`` is the header."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def webhook(secret: str) -> Webhook:
    """The verifier for a secret written ``whsec_`` and base64 of 24 to 64 random bytes.

    Raises:
        ValueError: the secret has another form. (The library would silently skip characters
            that are not base64 and so weaken it.)
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise ValueError(
            "the event secret is not 'whsec_' and base64 of 24 to 64 bytes;"
            " make one with: echo whsec_$(openssl rand -base64 32)"
        )
    return Webhook(key)


def verify(hook: Webhook, headers: Mapping[str, str], body: bytes) -> str:
    """Check that ``body`` was signed with the secret within 5 minutes; gives its message id.

    ``headers`` have their names in lower case.

    Raises:
        Unsigned: a header is missing, the signature is wrong, or the time is out of tolerance.
    """
    for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER):
        if not headers.get(name):
            raise Unsigned(name, f"header {name} is missing; sign the event (Standard Webhooks)")
    message_id = headers[ID_HEADER]
    if len(message_id) > _MAX_ID:
        raise Unsigned(ID_HEADER, f"header {ID_HEADER} is over {_MAX_ID} characters; shorten it")
    try:
        hook.verify(body, dict(headers), json_parse=False)
    except WebhookVerificationError as error:
        if "timestamp" in str(error) or "Headers" in str(error):
            raise Unsigned(
                TIMESTAMP_HEADER,
                f"header {TIMESTAMP_HEADER} is not within 5 minutes of our clock;"
                " sign anew on each attempt and check your clock",
            ) from None
        raise _wrong_signature() from None
    except (ValueError, UnicodeError):
        # A signature that is not base64, or a body that is not UTF-8: never one of ours.
        raise _wrong_signature() from None
    return message_id


def sign(secret: str, body: bytes, *, message_id: str, timestamp: datetime) -> dict[str, str]:
    """The three headers that sign ``body``.

    ``message_id`` is unique for each message and the same on each attempt to deliver it;
    ``timestamp`` is the (aware) time of this attempt.

    Raises:
        ValueError: the secret or the body cannot be used, or the time is naive.
    """
    if timestamp.tzinfo is None:
        raise ValueError("timestamp is naive; give an aware one such as datetime.now(UTC)")
    moment = timestamp.astimezone(UTC)
    signature = webhook(secret).sign(message_id, moment, body.decode("utf-8"))
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(int(moment.timestamp())),
        SIGNATURE_HEADER: signature,
    }


def _wrong_signature() -> Unsigned:
    return Unsigned(
        SIGNATURE_HEADER,
        f"header {SIGNATURE_HEADER} does not fit the body;"
        " sign the raw bytes with the secret given to you",
    )

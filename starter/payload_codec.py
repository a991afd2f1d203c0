"""Payloads sealed before they leave the process, so that Temporal keeps what it cannot read.

On when a key is set. What stands in history is AES-256-GCM under the operator's key, with the
key's id beside it; what came in plain, such as a signal sent from the Web UI, is read as it is.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import google.protobuf.json_format as json_format
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

from models.sealing import Keyring

ENCODING = b"binary/sealed"
_ASSOCIATED = b"adflight temporal payload"


class SealedPayloads(PayloadCodec):
    """Seals under the active key and opens what any known key sealed."""

    def __init__(self, keys: Keyring) -> None:
        self._keys = keys

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal every payload with its own metadata.

        Raises:
            NoKey: there is none.
        """
        return [self._sealed(one) for one in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open what is sealed; anything else stays as it is.

        Raises:
            UnknownKey: it was sealed under a key that is not set here.
            Unreadable: it was changed.
        """
        return [self._opened(one) for one in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        key_id, text = self._keys.seal(payload.SerializeToString(), _ASSOCIATED)
        return Payload(metadata={"encoding": ENCODING, "key-id": key_id.encode()}, data=text)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get("key-id", b"").decode(errors="replace")
        return Payload.FromString(self._keys.open(key_id, payload.data, _ASSOCIATED))


def data_converter(keys: Keyring) -> DataConverter:
    """How every client and worker of ours writes and reads payloads.

    With a key, messages and stack traces of failures are sealed too: they may quote inputs.
    """
    if not keys.active:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=SealedPayloads(keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def payloads_from_json(document: Any) -> list[Payload]:
    """The ``payloads`` of a codec server's request.

    Raises:
        ValueError: it is no document of payloads.
    """
    try:
        return list(json_format.ParseDict(document, Payloads()).payloads)
    except json_format.ParseError as error:
        raise ValueError(f"the body holds no payloads: {error}") from None


def payloads_to_json(payloads: Iterable[Payload]) -> dict[str, Any]:
    """Payloads as a codec server answers them."""
    return json_format.MessageToDict(Payloads(payloads=list(payloads)))

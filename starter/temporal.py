"""Connecting to Temporal: the environment's profile decides, as for the ``temporal`` CLI."""

import os
import sys
from typing import NoReturn

from temporalio.client import Client
from temporalio.envconfig import ClientConfig

from models.settings import Settings
from starter.payload_codec import data_converter


class TemporalUnreachable(Exception):
    """Temporal does not answer; the message says where and how to start it."""


async def connect(settings: Settings) -> Client:
    """A client for the configured cluster (``TEMPORAL_ADDRESS``, profile or config file).

    Raises:
        TemporalUnreachable: nobody answers there.
    """
    config = ClientConfig.load_client_connect_config()
    if settings.temporal_address:
        config["target_host"] = settings.temporal_address
    address = config.setdefault("target_host", "127.0.0.1:7233")
    try:
        return await Client.connect(**config, data_converter=data_converter(settings.keyring))
    except RuntimeError as error:
        raise TemporalUnreachable(
            f"Temporal does not answer at {address}; start it with `adflight up` or set "
            "TEMPORAL_ADDRESS"
        ) from error


def leave(code: int) -> NoReturn:
    """End the process at once: the SDK's native threads can crash an interpreter that is being
    torn down."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

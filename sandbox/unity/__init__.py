"""A stand-in for Unity's Advertising Management API and its Statistics API."""

from sandbox.unity.app import build
from sandbox.unity.holding import held
from sandbox.unity.shelf import NETWORK, ORGANIZATION_ID

__all__ = ["NETWORK", "ORGANIZATION_ID", "build", "held"]

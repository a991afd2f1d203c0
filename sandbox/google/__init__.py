"""A stand-in for the Google Ads API."""

from sandbox.google.app import build
from sandbox.google.held import held
from sandbox.google.store import CUSTOMER_ID, MANAGER_ID, REFRESH_TOKEN

__all__ = ["CUSTOMER_ID", "MANAGER_ID", "REFRESH_TOKEN", "build", "held"]

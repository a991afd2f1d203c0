"""A stand-in for AppLovin's Campaign Management API, its asset library and its reports."""

from sandbox.applovin.app import build
from sandbox.applovin.store import ACCOUNT_ID, MANAGEMENT_KEY, REPORT_KEY, held

__all__ = ["ACCOUNT_ID", "MANAGEMENT_KEY", "REPORT_KEY", "build", "held"]

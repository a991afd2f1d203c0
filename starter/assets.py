"""The asset library of a deployment, as its settings say."""

from collections.abc import Callable
from datetime import datetime

from creative.library import AssetLibrary
from creative.library.links import SignedLinks
from creative.storage import storage_at
from models.database import Database
from models.settings import Settings
from models.tables.columns import now_utc


def asset_library(
    settings: Settings, database: Database, wall: Callable[[], datetime] = now_utc
) -> AssetLibrary:
    """The library on disk or in a bucket; links lead to the server that people reach.

    Raises:
        StorageFailed: ``asset_store`` is no address of a store.
    """
    links = SignedLinks(
        settings.public_url or settings.events_url, settings.link_secret.get_secret_value()
    )
    storage = storage_at(settings.asset_store, settings.assets)
    return AssetLibrary(database, storage, links, wall, settings.asset_quota)

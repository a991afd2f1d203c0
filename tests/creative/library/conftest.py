"""A bucket for whoever asks."""

from collections.abc import Generator

import pytest

from tests.creative.library.s3_stand_in import ACCESS, REGION, SECRET, S3StandIn


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Generator[S3StandIn]:
    """A bucket, and the environment that leads to it."""
    store = S3StandIn()
    for name, value in {
        "AWS_ENDPOINT_URL": store.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield store
    store.close()

"""The capability table: one line a network, the same in the docs as in the adapters."""

import json
from pathlib import Path

import pytest

from models.contract.vocabulary import Platform
from starter.cli.app import run_command
from starter.demo.every_network import chosen
from starter.network_table import adapters, markdown

DOCS = Path(__file__).parents[2] / "docs" / "networks.md"


def test_the_page_in_the_docs_is_the_adapters_own() -> None:
    assert DOCS.read_text() == markdown(), "adflight networks --markdown > docs/networks.md"


def test_every_network_is_listed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["networks", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["platform"] for one in told] == [platform.value for platform in Platform]
    for one in told:
        assert one["label"]
        assert one["api"]
        assert one["objectives"]
        assert one["min_daily_budget"]
    assert run_command(["networks"]) == 0
    shown = capsys.readouterr().out
    assert all(one.capabilities.label in " ".join(shown.split()) for one in adapters())


def test_platforms_of_a_demonstration_are_named_or_refused() -> None:
    assert chosen("all") == tuple(Platform)
    assert chosen("twitter, facebook,x") == (Platform.X, Platform.META)
    with pytest.raises(ValueError, match="platform 'orkut' is unknown; use one of: meta"):
        chosen("meta,orkut")

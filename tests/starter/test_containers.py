"""temporal-dev.yml describes the same stack as ``adflight up``."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.settings import Settings
from starter.stack.local import Options, _temporal_arguments
from starter.team import SANDBOX_CREDENTIALS

FILE = Path("temporal-dev.yml")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text())


def test_every_part_of_the_local_stack_is_a_service(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {
        "postgresql", "temporal", "setup", "sandbox", "worker", "guard", "events",
    }  # fmt: skip
    assert all(service["image"] for service in services.values())
    commands = {name: str(service.get("command")) for name, service in services.items()}
    assert "management,creative,analytics" in commands["worker"]
    assert "--queues guard" in commands["guard"]


def test_temporal_gets_the_same_search_attributes(compose: dict[str, Any], tmp_path: Path) -> None:
    ports = {"temporal": 1, "ui": 2, "sandbox": 3, "events": 4}
    ours = _temporal_arguments(tmp_path, ports, Options(tmp_path))
    wanted = {ours[at + 1] for at, word in enumerate(ours) if word == "--search-attribute"}
    given = {
        word.removeprefix("--search-attribute=")
        for word in compose["services"]["temporal"]["command"]
        if word.startswith("--search-attribute=")
    }
    assert given == wanted


def test_variables_are_settings_and_ports_stay_on_loopback(compose: dict[str, Any]) -> None:
    variables = compose["services"]["worker"]["environment"]
    known = {f"ADFLIGHT_{name.upper()}" for name in Settings.model_fields}
    for name in variables:
        if name.startswith("ADFLIGHT_"):
            assert name in known, name
    # Apple's is a signing key and is not committed: its account has no credential there.
    plain = {name: one for name, one in SANDBOX_CREDENTIALS.items() if "PRIVATE_KEY" not in name}
    assert {name: str(variables[name]) for name in plain} == plain
    for service in compose["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_docker_accepts_it() -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run(
            [docker, "compose", "version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no docker compose here")
    done = subprocess.run(
        [docker, "compose", "-f", str(FILE), "config", "-q"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr

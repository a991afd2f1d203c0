"""Each command lives where the table says, and only its own module is loaded for it."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import starter.cli
from starter.cli.app import MODULES, application, run_command


def test_the_table_names_every_command_and_no_other() -> None:
    folder = Path(starter.cli.__file__).parent
    registering = {one.stem for one in folder.glob("*.py") if "\ndef register(" in one.read_text()}
    assert registering == set(MODULES)
    for name, words in MODULES.items():
        part = typer.Typer()
        importlib.import_module(f"starter.cli.{name}").register(part)
        commands = [
            one.name or getattr(one.callback, "__name__", "") for one in part.registered_commands
        ]
        groups = [one.name for one in part.registered_groups]
        if name in ("connect", "account_settings"):  # they add to the group of `accounts`
            assert (commands, groups, words) == ([], [], ("accounts",))
        else:
            assert (*commands, *groups) == words, name


def test_one_command_shows_as_it_does_among_all(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("networks", "kill", "accounts"):
        assert run_command([word, "--help"]) == 0
        alone = capsys.readouterr().out
        application()(args=[word, "--help"], prog_name="adflight", standalone_mode=False)
        assert capsys.readouterr().out == alone
    assert run_command(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(word in told for words in MODULES.values() for word in words)
    assert run_command(["kilt"]) == 2
    assert "kill" in capsys.readouterr().err, "a slip of the finger is shown what was meant"


def test_a_stop_loads_neither_networks_nor_pictures() -> None:
    look = (
        "import sys; from starter.cli.app import application; application('kill'); "
        "print([one for one in ('PIL', 'numpy', 'trafilatura', 'platforms.registry') "
        "if one in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("ADFLIGHT_TEMPO", "s3cret", "ADFLIGHT_TEMPO: input should be a valid number"),
        ("AI_ADS_MANAGER_ENABLED", "s3cret", "AI_ADS_MANAGER_ENABLED: input should be a valid b"),
        ("ADFLIGHT_ALERT_CHANNELS", "s3cret", "ADFLIGHT_ALERT_CHANNELS: input should be valid JS"),
        ("ADFLIGHT_ASSET_QUOTA", "s3cret", "ADFLIGHT_ASSET_QUOTA: could not parse value and unit"),
    ],
)
def test_a_setting_that_cannot_be_is_named_and_its_value_not_shown(
    variable: str,
    value: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    assert run_command(["campaigns"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(told)
    assert said.endswith("; change or unset it.\n")
    assert value not in said
    assert "Traceback" not in said

"""Secrets stay where they are: not in what settings show, not in files others can read."""

import logging
import traceback

import pytest
from pydantic import ValidationError

from models.settings import Settings
from starter.stack.local import LocalStack

SECRETS = {
    "ANTHROPIC_API_KEY": "sk-ant-test-0000-secret",
    "ADFLIGHT_EVENT_SECRET": "whsec_c2VjcmV0LW9mLWV2ZW50cw==",
    "ADFLIGHT_NOTIFY_URL": "mailtos://ana:pass-word-1@mail.example",
}


@pytest.fixture
def secretive(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with every secret set."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return Settings()


def shown(settings: Settings) -> str:
    """Every way in which settings end up in a log or on a screen."""
    return "\n".join(
        (
            repr(settings), str(settings), f"{settings}", repr(settings.model_dump()),
            settings.model_dump_json(), repr(settings.__dict__), f"{settings.anthropic_api_key}",
        )
    )  # fmt: skip


def test_settings_do_not_show_secrets(
    secretive: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    assert secretive.anthropic_api_key.get_secret_value() == SECRETS["ANTHROPIC_API_KEY"]
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("adflight").info("settings %s %r", secretive, secretive)
    for secret in SECRETS.values():
        assert secret not in shown(secretive) + caplog.text


def test_settings_do_not_show_the_databases_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ads:pass-word-2@db.example/adflight")
    settings = Settings()
    assert "pass-word-2" in settings.database_url
    assert "pass-word-2" not in f"{settings!r} {settings}"


def test_a_wrong_setting_is_named_without_the_others(
    secretive: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADFLIGHT_TEMPO", "-1")
    with pytest.raises(ValidationError) as refused:
        Settings()
    told = "".join(traceback.format_exception(refused.value))
    assert "ADFLIGHT_TEMPO" in told or "tempo" in told
    assert not [secret for secret in SECRETS.values() if secret in told]


def test_the_stacks_files_are_readable_by_us_alone(stack: LocalStack) -> None:
    for name in ("stack.json", "memory.json"):
        path = stack.options.directory / name
        assert path.stat().st_mode & 0o777 == 0o600, name
    secret = stack.environment["ADFLIGHT_EVENT_SECRET"]
    logs = stack.options.directory / "logs"
    assert list(logs.iterdir())
    for log in logs.iterdir():
        assert secret not in log.read_text(errors="replace"), log.name
    for name, program in stack.programs.items():
        assert not any(secret in argument for argument in program.arguments), name

"""Settings of this process: the environment, over what a running local stack left for us."""

import json
import os
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError

from models.settings import Settings, default_directory

STACK_FILE = "stack.json"


class SettingsRefused(Exception):
    """A variable holds what it cannot; one sentence, without the value, for it may be a secret."""


def directory() -> Path:
    """The local stack's directory."""
    named = os.environ.get("ADFLIGHT_DIRECTORY")
    return Path(named) if named else default_directory()


def load() -> Settings:
    """Read settings; a set variable always wins over the local stack's.

    Raises:
        SettingsRefused: a variable holds what it cannot.
    """
    for name, value in stack_environment().items():
        os.environ.setdefault(name, value)
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        told = [f"{_variable(one['loc'])}: {_lowered(one['msg'])}" for one in wrong]
    except SettingsError as error:  # names the setting, in quotes, and shows no value
        _, field, _ = str(error).split('"', 2)
        told = [f"{_variable((field,))}: input should be valid JSON"]
    raise SettingsRefused(f"{'; '.join(told)}; change or unset it")


def _variable(where: tuple[int | str, ...]) -> str:
    """The variable that a setting is read from; one with a name of its own is told by it."""
    name, *inside = map(str, where)
    known = name if name.isupper() else f"ADFLIGHT_{name.upper()}"
    return " ".join((known, *inside))


def _lowered(sentence: str) -> str:
    plain = sentence.removeprefix("Value error, ")
    return plain[:1].lower() + plain[1:]


def stack_environment() -> dict[str, str]:
    """The variables of the local stack in our directory; empty when there is none."""
    try:
        content = json.loads((directory() / STACK_FILE).read_text())
        return {str(key): str(value) for key, value in content["environment"].items()}
    except (OSError, ValueError, KeyError, AttributeError):
        return {}

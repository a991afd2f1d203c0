"""Settings of this process: the environment, over what a running local stack left for us."""

import json
import os
from pathlib import Path

from models.settings import Settings, default_directory

STACK_FILE = "stack.json"


def directory() -> Path:
    """The local stack's directory."""
    named = os.environ.get("ADFLIGHT_DIRECTORY")
    return Path(named) if named else default_directory()


def load() -> Settings:
    """Read settings; a set variable always wins over the local stack's."""
    for name, value in stack_environment().items():
        os.environ.setdefault(name, value)
    return Settings()


def stack_environment() -> dict[str, str]:
    """The variables of the local stack in our directory; empty when there is none."""
    try:
        content = json.loads((directory() / STACK_FILE).read_text())
        return {str(key): str(value) for key, value in content["environment"].items()}
    except (OSError, ValueError, KeyError, AttributeError):
        return {}

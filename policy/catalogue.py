"""Every numeric policy by name: how its decisions are recorded, and taken again from a record."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from pydantic import JsonValue, TypeAdapter
from pydantic_core import to_jsonable_python

_DOCUMENT = TypeAdapter[dict[str, JsonValue]](dict[str, JsonValue])
_MODULES: dict[str, str] = {
    "policy.pacing": "PacingInputs",
    "policy.bidding": "BidInputs",
    "policy.saturation": "SaturationInputs",
    "policy.roas_ladder": "LadderInputs",
    "policy.relative_roas": "RelativeInputs",
    "policy.arbitration": "ArbitrationInputs",
    "policy.allocation": "AllocationInputs",
    "policy.winner": "WinnerInputs",
    "policy.fatigue": "FatigueInputs",
    "policy.forecast": "ForecastInputs",
    "policy.live_forecast": "LiveForecastInputs",
    "policy.reallocation": "ReallocationInputs",
}
"""Modules with ``NAME``, ``VERSION`` and ``decide``, and the class of their inputs."""


class UnknownPolicy(ValueError):
    """No such policy or constant; the message names those there are."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it is recorded: ``name@version``, its inputs' class, and how it decides."""

    module: ModuleType
    inputs: type
    name: str
    version: str
    decide: Callable[[Any], Any]

    @property
    def label(self) -> str:
        """What a record calls it."""
        return f"{self.name}@{self.version}"

    def take_again(self, document: Mapping[str, object]) -> dict[str, JsonValue]:
        """The answer to recorded inputs, as plain JSON.

        Raises:
            pydantic.ValidationError: the record is not of these inputs (an older version's).
        """
        return plain(self.decide(TypeAdapter(self.inputs).validate_python(document)))


def plain(value: object) -> dict[str, JsonValue]:
    """Inputs or an answer (a dataclass) as plain JSON; what is no number becomes null."""
    return _DOCUMENT.validate_python(to_jsonable_python(value, inf_nan_mode="null"))


def policies() -> dict[str, Policy]:
    """All policies by name."""
    found = (_load(module, inputs) for module, inputs in _MODULES.items())
    return {one.name: one for one in found}


def policy(name: str) -> Policy:
    """One policy.

    Raises:
        UnknownPolicy: there is none of that name.
    """
    known = policies()
    if name not in known:
        raise UnknownPolicy(f"policy {name!r} is not known; there are {', '.join(sorted(known))}")
    return known[name]


def _load(module_name: str, inputs: str) -> Policy:
    module = import_module(module_name)
    return Policy(module, getattr(module, inputs), module.NAME, module.VERSION, module.decide)


@contextmanager
def with_constants(candidate: Policy, changes: Mapping[str, str]) -> Generator[None]:
    """Let a policy's own constants have other values for a while.

    Args:
        candidate: The policy.
        changes: New values by constant, as text; read as the type the constant has.

    Raises:
        UnknownPolicy: a constant is not the policy's, or a value is not of its type.
    """
    constants = {
        key: value
        for key, value in vars(candidate.module).items()
        if key.isupper() and not key.startswith("_") and isinstance(value, int | float)
    }
    new: dict[str, int | float] = {}
    for key, text in changes.items():
        if key not in constants:
            raise UnknownPolicy(
                f"{candidate.name} has no constant {key!r}; it has {', '.join(sorted(constants))}"
            )
        try:
            new[key] = type(constants[key])(text)
        except ValueError:
            kind = type(constants[key]).__name__
            raise UnknownPolicy(
                f"{key} {text!r} is no {kind}; it is {constants[key]} now"
            ) from None
    try:
        for key, value in new.items():
            setattr(candidate.module, key, value)
        yield
    finally:
        for key in new:
            setattr(candidate.module, key, constants[key])

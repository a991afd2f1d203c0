"""The base of every value that crosses a workflow boundary."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value.

    Unknown keys are ignored, so that a history written by a newer or older release still
    decodes: fields may be added with defaults, never removed or renamed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

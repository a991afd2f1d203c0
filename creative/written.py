"""The tool that Claude delivers ad copy with, and its input once it is known to fit."""

from typing import Any

from pydantic import BaseModel, Field

from creative.angles import Angle
from models.contract.creative import AdCopy, Claim
from models.contract.vocabulary import CallToAction

_TEXT: dict[str, Any] = {"type": "string"}


def strict(properties: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema of an object with exactly these properties, all required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TOOLS: list[dict[str, Any]] = [
    {
        "name": "write_copy",
        "description": "Deliver the copy variants.",
        "strict": True,
        "input_schema": strict(
            {
                "variants": {
                    "type": "array",
                    "items": strict(
                        {
                            "angle": {"type": "string", "enum": [one.value for one in Angle]},
                            "primary_text": _TEXT,
                            "headline": _TEXT,
                            "description": _TEXT,
                            "call_to_action": {
                                "type": "string",
                                "enum": [one.value for one in CallToAction],
                            },
                            "hashtags": {"type": "array", "items": _TEXT},
                            "claims": {
                                "type": "array",
                                "items": strict({"text": _TEXT, "source_sentence": _TEXT}),
                            },
                        }
                    ),
                }
            }
        ),
    }
]


class WrittenClaim(BaseModel):
    """A claim as the model listed it; not proven yet."""

    text: str
    source_sentence: str


class WrittenVariant(BaseModel):
    """One variant as written, with the source of each of its claims."""

    angle: Angle
    primary_text: str
    headline: str
    description: str = ""
    call_to_action: CallToAction
    hashtags: list[str] = []
    claims: list[WrittenClaim] = []

    def as_copy(self) -> AdCopy:
        """As the contract's value, its claims included."""
        return AdCopy(
            angle=self.angle.value,
            primary_text=self.primary_text.strip(),
            headline=self.headline.strip(),
            description=self.description.strip(),
            call_to_action=self.call_to_action,
            hashtags=tuple(self.hashtags),
            claims=tuple(Claim(text=one.text, sentence=one.source_sentence) for one in self.claims),
        )


class Written(BaseModel):
    """The input of a ``write_copy`` call."""

    variants: list[WrittenVariant] = Field(min_length=1)

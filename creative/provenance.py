"""Content credentials (C2PA): a signed statement inside a file of how it was made.

Signing comes last: whatever writes the file anew afterwards drops the statement. Nothing here
reaches the network unless a time-stamp authority was configured.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import c2pa
from PIL import Image

from creative.provenance_refusal import ProvenanceRefused
from creative.signing_identity import Identity, load, self_signed

__all__ = [
    "MOST_ADDED", "Origin", "ProvenanceRefused", "ProvenanceReport", "Signer", "check",
]  # fmt: skip

Origin = Literal["ai", "ai_composite", "algorithm", "composite", "design"]
"""How a file came about: by a trained model; composed with something that was; by a program
without a trained model; composed of recorded material; drawn by a person."""

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCES: dict[Origin, str] = {
    "ai": "trainedAlgorithmicMedia",
    "ai_composite": "compositeWithTrainedAlgorithmicMedia",
    "algorithm": "algorithmicMedia",
    "composite": "composite",
    "design": "digitalCreation",
}
_AI: frozenset[Origin] = frozenset({"ai", "ai_composite"})
_AI_SOURCES = frozenset({*(f"{_IPTC}{_SOURCES[one]}" for one in _AI), f"{_IPTC}compositeSynthetic"})
_MEDIA_TYPES = ("image/jpeg", "image/png", "video/mp4")
_OFFLINE: dict[str, Any] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True}
}
"""A file may name an address where its statement is: it is not fetched."""
_BUILDER: dict[str, Any] = {"builder": {"thumbnail": {"enabled": False}}}
"""A second, small copy of the picture in the file is up to 300 KB more: networks have limits."""
MOST_ADDED = 24 * 1024
"""Bytes by which a signed file is larger, at most (measured 14 KB, with a test identity)."""
_UNTRUSTED = "signingCredential.untrusted"


@dataclass(frozen=True, slots=True)
class ProvenanceReport:
    """What a file says of itself.

    ``none``: it says nothing. ``valid``: it says so and was not changed since. ``trusted``: and a
    trusted authority vouches for the signer. ``invalid``: it was changed, or the statement cannot
    be read; ``problems`` says what is wrong, ``made_with`` and ``ai_made`` are then worth nothing.
    """

    state: Literal["none", "valid", "trusted", "invalid"]
    made_with: str = ""
    ai_made: bool = False
    problems: tuple[str, ...] = ()


class Signer:
    """Signs files for one organisation."""

    def __init__(
        self, identity: Identity, *, anchor: bytes | None = None, timestamps: str | None = None
    ) -> None:
        self._identity = identity
        self._timestamps = timestamps
        self.anchor = anchor
        """The certificate (PEM) to trust, where this identity brought its own authority."""

    @classmethod
    def from_files(cls, chain: Path, key: Path, *, timestamps: str | None = None) -> "Signer":
        """With an operator's certificate chain and key (PEM, signer first). ``timestamps`` is the
        address of a time-stamp authority (RFC 3161), asked at each signing.

        Raises:
            ProvenanceRefused: names the file and what is wrong: expired, another certificate's
                key, an authority's own certificate, no suitable key usage, a broken chain.
        """
        signer = cls(load(chain, key))
        # C2PA's rules for certificates are longer than ours: let its own code have the last word.
        try:
            signer.sign(_tiny(), "image/png", title="trial", made_with="trial", ai_made=False)
        except ProvenanceRefused as reason:
            raise ProvenanceRefused(f"{chain} cannot sign content credentials: {reason}") from None
        return cls(signer._identity, timestamps=timestamps)

    @classmethod
    def self_signed(cls, directory: Path) -> "Signer":
        """With a test identity, made once and kept under ``directory``. Nobody trusts it; its name
        says so.

        Raises:
            ProvenanceRefused: what is kept there cannot be used.
        """
        identity, anchor = self_signed(directory)
        return cls(identity, anchor=anchor.read_bytes())

    @property
    def organisation(self) -> str:
        """Whom viewers see as the signer."""
        return self._identity.organisation

    def sign(
        self,
        data: bytes,
        media_type: str,
        *,
        title: str,
        made_with: str,
        ai_made: bool,
        origin: Origin | None = None,
    ) -> bytes:
        """The same file with a signed statement in it (up to ``MOST_ADDED`` bytes more).

        ``made_with`` names the model or program that made it. ``origin`` says more closely how it
        came about; without it ``ai`` or, for what no trained model made, ``algorithm``.

        Raises:
            ProvenanceRefused: another media type than JPEG, PNG and MP4, a file that is none, or
                an ``origin`` that contradicts ``ai_made``.
        """
        if media_type not in _MEDIA_TYPES:
            raise ProvenanceRefused(
                f"{media_type} cannot be signed; use one of {', '.join(_MEDIA_TYPES)}"
            )
        how: Origin = origin or ("ai" if ai_made else "algorithm")
        if (how in _AI) != ai_made:
            raise ProvenanceRefused(f"origin {how} contradicts ai_made={ai_made}")
        info = c2pa.C2paSignerInfo(
            self._identity.algorithm.encode(),
            self._identity.chain,
            self._identity.key,
            self._timestamps.encode() if self._timestamps else None,
        )
        signed = BytesIO()
        try:
            with (
                c2pa.Signer.from_info(info) as signer,
                c2pa.Context(c2pa.Settings.from_json(json.dumps(_BUILDER))) as context,
                c2pa.Builder(json.dumps(_statement(title, made_with, how)), context) as builder,
            ):
                builder.sign(signer, media_type, BytesIO(data), signed)
        except c2pa.C2paError as error:
            raise ProvenanceRefused(f"the file could not be signed: {_one_line(error)}") from None
        return signed.getvalue()

    def check(self, data: bytes, media_type: str, trust: bytes | None = None) -> "ProvenanceReport":
        """As the function ``check``: reading back what was signed."""
        return check(data, media_type, trust)


def check(data: bytes, media_type: str, trust: bytes | None = None) -> ProvenanceReport:
    """Read and verify what a file says of itself. ``trust`` holds the certificates (PEM) of
    authorities that may vouch for signers. Nothing is fetched."""
    settings = dict(_OFFLINE)
    if trust is not None:
        settings["trust"] = {"trust_anchors": trust.decode("ascii", "replace")}
    try:
        with c2pa.Context(c2pa.Settings.from_json(json.dumps(settings))) as context:
            reader = c2pa.Reader.try_create(media_type, BytesIO(data), context=context)
            if reader is None:
                return ProvenanceReport("none")
            with reader:
                return _report(reader)
    except c2pa.C2paError as error:
        return ProvenanceReport("invalid", problems=(_one_line(error),))


def _report(reader: c2pa.Reader) -> ProvenanceReport:
    said: dict[str, Any] = json.loads(reader.json())
    state = said.get("validation_state", "Invalid")
    results: dict[str, Any] = said.get("validation_results", {}).get("activeManifest", {})
    problems = tuple(
        f"{one['code']}: {one.get('explanation') or 'no explanation'}"
        for one in results.get("failure", ())
        if one["code"] != _UNTRUSTED
    )
    if state not in ("Valid", "Trusted"):
        return ProvenanceReport("invalid", problems=problems or (f"state {state}",))
    made_with, ai_made = _made(said["manifests"][said["active_manifest"]])
    return ProvenanceReport("trusted" if state == "Trusted" else "valid", made_with, ai_made)


def _made(manifest: dict[str, Any]) -> tuple[str, bool]:
    made_with, ai_made = "", False
    for assertion in manifest.get("assertions", ()):
        # By its label: in an MP4 others come first.
        if not str(assertion.get("label", "")).startswith("c2pa.actions"):
            continue
        for action in assertion.get("data", {}).get("actions", ()):
            agent: Any = action.get("softwareAgent") or {}
            # A text in the first version of the assertion, an object in the second.
            name = agent if isinstance(agent, str) else agent.get("name", "")
            made_with = made_with or str(name)
            ai_made = ai_made or action.get("digitalSourceType") in _AI_SOURCES
    return made_with, ai_made


def _statement(title: str, made_with: str, how: Origin) -> dict[str, Any]:
    created = {
        "action": "c2pa.created",
        "digitalSourceType": f"{_IPTC}{_SOURCES[how]}",
        "softwareAgent": {"name": made_with},
    }
    return {
        "claim_generator_info": [{"name": "adflight", "version": _version()}],
        "title": title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


@cache
def _version() -> str:
    try:
        return version("adflight")
    except PackageNotFoundError:
        return "0"


@cache
def _tiny() -> bytes:
    out = BytesIO()
    Image.new("RGB", (1, 1)).save(out, "PNG")
    return out.getvalue()


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

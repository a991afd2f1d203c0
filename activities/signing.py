"""Whose name stands under content credentials."""

from creative.provenance import ProvenanceRefused, Signer
from models.settings import Settings

_TEST_IDENTITY = "signing"


def signer(settings: Settings) -> Signer:
    """The operator's own certificate; without one a test identity, kept with the stack's data,
    whose name says that nobody vouches for it.

    Raises:
        ProvenanceRefused: the certificate or key cannot be used, or only one of them is set.
    """
    chain, key = settings.signing_chain, settings.signing_key
    if chain is None or key is None:
        if chain is not None or key is not None:
            raise ProvenanceRefused(
                "content credentials need both: set ADFLIGHT_SIGNING_CHAIN and "
                "ADFLIGHT_SIGNING_KEY, or neither for the test identity"
            )
        return Signer.self_signed(settings.directory / _TEST_IDENTITY)
    return Signer.from_files(chain, key, timestamps=settings.signing_timestamps or None)

"""Why nothing was signed."""


class ProvenanceRefused(ValueError):
    """An identity cannot sign, or a file cannot be signed; one sentence with the reason."""

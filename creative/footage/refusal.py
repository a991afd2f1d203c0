"""Why there is no video."""


class FootageRefused(ValueError):
    """No video can be read or made; one sentence with the value and the limit."""

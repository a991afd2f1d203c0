"""The one way in which a picture is refused."""


class PictureRefused(ValueError):
    """A picture cannot be read or made; one sentence with the value and the limit."""

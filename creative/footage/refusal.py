"""Why there is no video."""


class FootageRefused(ValueError):
    """No video can be read or made; one sentence with the value and the limit."""


class CaptionsRefused(FootageRefused):
    """The captions find no room or no time; without them the video can be made."""

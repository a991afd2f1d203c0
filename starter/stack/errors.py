"""What can go wrong while bringing the local stack up."""


class StackFailed(Exception):
    """A part of the stack is not usable; the message says which and the way out."""

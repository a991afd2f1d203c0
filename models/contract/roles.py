"""Who may do what: four roles, five rights, one table.

The command line, the REST API and the dashboard ask here and nowhere else.
"""

from enum import StrEnum


class Role(StrEnum):
    """What a person of a team is, the least first. Each may do all that the one before may."""

    VIEWER = "viewer"
    APPROVER = "approver"
    OPERATOR = "operator"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Role).index(self)

    @classmethod
    def parse(cls, text: str) -> "Role":
        """Read a role as a person writes it.

        Raises:
            ValueError: it is none; the message lists them.
        """
        try:
            return cls(text.strip().lower())
        except ValueError:
            known = ", ".join(role.value for role in cls)
            raise ValueError(f"role {text!r} is unknown; use one of: {known}") from None


class Right(StrEnum):
    """What can be done, in the words of a refusal: "… may not {right}"."""

    SEE = "see what the team has"
    STOP = "stop anything"
    DECIDE = "approve, reject or modify a proposal"
    OPERATE = "resume, launch or change what is spent"
    GOVERN = "change people, tokens, credentials or keys"


LEAST: dict[Right, Role] = {
    Right.SEE: Role.VIEWER,
    # Lowering is always allowed. A wrongful stop costs some delivery and names who did it; a
    # refused one costs money: whoever may watch it being spent may stop it.
    Right.STOP: Role.VIEWER,
    Right.DECIDE: Role.APPROVER,
    Right.OPERATE: Role.OPERATOR,
    Right.GOVERN: Role.OWNER,
}
"""The least role that has each right."""


def may(role: Role | None, right: Right) -> bool:
    """Whether a role has a right; None, somebody unknown, has none."""
    return role is not None and role.rank >= LEAST[right].rank


def lesser(one: Role, other: Role) -> Role:
    """The role that may do less."""
    return min(one, other, key=lambda role: role.rank)


def known_role(text: str) -> Role | None:
    """The role of a record; None for a word that is none, which then may do nothing."""
    try:
        return Role(text)
    except ValueError:
        return None


def refusal(name: str, role: Role | None, right: Right) -> str:
    """Why somebody may not do it, with the way out: one sentence without its full stop."""
    least = LEAST[right].value
    if role is None:
        return (
            f"{name!r} is not a person of this team; an owner adds you with `adflight people add "
            f"{name} --role {least}`, or set ADFLIGHT_PERSON to who you are"
        )
    return (
        f"{name!r} is {'an' if role.value[0] in 'aeiou' else 'a'} {role.value} and may not "
        f"{right.value}; that takes the role {least}, which an owner gives with `adflight people "
        f"role {name} {least}`"
    )

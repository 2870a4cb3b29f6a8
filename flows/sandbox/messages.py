"""What Chorus Pro would say: error messages in its own manner.

The appendix of error messages of AIFE is not public. The wording follows messages seen in
production and qualification (OCA/l10n-france issues 414, 504, 612; qualification runs of
14/09/2026): no accents, the element by its dotted path ``FichierXml.<path>.value``. The codes are
the sandbox's own and say so by their prefix.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Nature(StrEnum):
    """Kind of an error (NatureErreur)."""

    TECHNICAL = "TECHNIQUE"
    FUNCTIONAL = "FONCTIONNELLE"


@dataclass(frozen=True, slots=True)
class Message:
    """One error: a code of the sandbox, its nature and the text as Chorus Pro would write it."""

    code: str
    text: str
    nature: Nature = Nature.FUNCTIONAL


def irrecevable(code: str, text: str) -> Message:
    """Return the error that makes a whole flow irrecevable (name, compression, limits)."""
    return Message(f"SBX_MSG_01.{code}", text, Nature.TECHNICAL)


def not_valid(code: str, text: str) -> Message:
    """Return the error of a member that is no XML or not valid against its schema."""
    return Message(f"SBX_MSG_02.{code}", text, Nature.TECHNICAL)


def required(code: str, path: str) -> Message:
    """Return the error of an element that is absent or empty."""
    return Message(f"SBX_MSG_03.{code}", f"L'element {path} est obligatoire.")


def too_long(code: str, path: str, label: str, limit: int) -> Message:
    """Return the error of a text above ``limit`` characters."""
    text = f"Le champ {label} ({path}) ne doit pas depasser {limit} caracteres"
    return Message(f"SBX_MSG_03.{code}", text)


def wrong(code: str, path: str, value: str) -> Message:
    """Return the error of a value that is not allowed."""
    return Message(
        f"SBX_MSG_03.{code}", f"La valeur '{value}' du champ ({path}) n'est pas autorisee"
    )


def refused(code: str, text: str) -> Message:
    """Return the error of a control against the directory or the invoices already known."""
    return Message(f"SBX_MSG_04.{code}", text)


def joined(messages: tuple[Message, ...], separator: str, limit: int) -> str:
    """Return the texts joined and cut at ``limit`` characters (0: never cut)."""
    text = separator.join(message.text for message in messages)
    return text[:limit] if limit else text

"""An operator's word: who decides and why, as the events of the ledger keep it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from flows.errors import ConfigurationError
from flows.ledger import SYSTEM

#: Characters of a reason; longer ones belong into a ticket that the reason names.
LONGEST = 1000
_LONGEST_NAME = 100
#: Categories of Unicode that show nothing or turn the text around them.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Word:
    """Who decides, and why; neither is blank."""

    by: str
    reason: str


def word(by: str, reason: str, *, command: str) -> Word:
    """Return what an operator gave, on one line each and without characters that hide something.

    Args:
        by: who decides.
        reason: why.
        command: for the message.

    Raises:
        ConfigurationError: one of them says nothing or too much, or the name is the system's own.
    """
    who, why = cleaned(by), cleaned(reason)
    if not who or not why:
        raise ConfigurationError(f"{command} needs --by and --reason.")
    if who.casefold() == SYSTEM:
        message = f"--by {who}: this is how the program signs what it does by itself."
        raise ConfigurationError(message, next_step="Give the name of the person who decides.")
    for name, text, longest in (("by", who, _LONGEST_NAME), ("reason", why, LONGEST)):
        if len(text) > longest:
            message = f"--{name} has {len(text)} characters; at most {longest} are kept."
            raise ConfigurationError(message, next_step="Shorten it, or name a ticket.")
    return Word(who, why)


def cleaned(text: str) -> str:
    """Return a text on one line; line breaks and unseen characters become blanks."""
    seen = (" " if unicodedata.category(letter) in _UNSEEN else letter for letter in text)
    return _BLANKS.sub(" ", "".join(seen)).strip()

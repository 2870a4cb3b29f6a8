"""Names of flows and of their members, as Chorus Pro wants them.

Source: AIFE, *Le mode EDI - Annexe*, July 2017, p. 3 and 4 ("must be strictly respected": a name
that differs makes the whole flow inadmissible)::

    <interface, 8>_<application code, 6>_<application code, 6><interface digits, 4><sequence, 15>

The last 25 characters are the *flow id*, the whole name has 41. A flow is sent without extension,
an archive too; the members of an archive keep ``.xml`` (AIFE, example FSO1116A P100, April 2018).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SEQUENCE_DIGITS = 15
"""Width of the sequence number (AIFE, Le mode EDI - Annexe, 2017, p. 3)."""

LARGEST_SEQUENCE = 10**SEQUENCE_DIGITS - 1

FLOW_ID_LENGTH = 25
"""Application code (6), digits of the interface (4), sequence (15)."""

FLOW_NAME_LENGTH = 41
"""Interface (8), application code (6) and flow id (25), joined by underscores."""

MEMBER_EXTENSION = ".xml"

_INTERFACE = re.compile(r"[A-Z]{3}[0-9]{4}[A-Z]")
_APPLICATION = re.compile(r"[A-Z0-9]{6}")
_NAME = re.compile(
    r"(?P<interface>[A-Z]{3}(?P<digits>[0-9]{4})[A-Z])_(?P<application>[A-Z0-9]{6})_"
    r"(?P<again>[A-Z0-9]{6})(?P<code>[0-9]{4})(?P<sequence>[0-9]{15})"
)


class NamingError(ValueError):
    """Raised when a name, or a part of one, does not follow the rule.

    Attributes:
        text: what was given.
        reason: what is wrong with it, in one sentence.
    """

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason
        super().__init__(f"{text!r}: {reason}")


@dataclass(frozen=True, slots=True)
class FlowName:
    """The parts of a name. ``sequence`` is at least 1; ``extension`` is ``.xml`` for a member."""

    interface: str
    application_code: str
    sequence: int
    extension: str = ""

    @property
    def flow_id(self) -> str:
        """Return the 25 characters by which Chorus Pro's reports name the flow or the member."""
        return flow_id(self.application_code, self.interface, self.sequence)

    @property
    def text(self) -> str:
        """Return the whole name, with the extension when there is one."""
        return flow_name(self.application_code, self.interface, self.sequence) + self.extension


def flow_id(application_code: str, interface: str, sequence: int) -> str:
    """Return the flow id: 25 characters, for instance ``ABC1231106000000000000042``.

    Args:
        application_code: six characters given by AIFE at the connection request.
        interface: interface code, for instance ``FSO1106A``.
        sequence: number of the flow or member, 1 to 10^15 - 1.

    Raises:
        NamingError: when a part does not have the form the rule asks for.
    """
    if not _APPLICATION.fullmatch(application_code):
        raise NamingError(application_code, "an application code has six characters A-Z, 0-9")
    if not _INTERFACE.fullmatch(interface):
        raise NamingError(interface, "an interface code has the form FSO1106A")
    if not 1 <= sequence <= LARGEST_SEQUENCE:
        raise NamingError(str(sequence), f"a sequence number goes from 1 to {LARGEST_SEQUENCE}")
    return f"{application_code}{interface[3:7]}{sequence:0{SEQUENCE_DIGITS}d}"


def flow_name(application_code: str, interface: str, sequence: int) -> str:
    """Return the name under which a flow is deposited: 41 characters, no extension.

    An archive bears the name of its first member: pass that member's sequence number.

    Raises:
        NamingError: as :func:`flow_id`.
    """
    identifier = flow_id(application_code, interface, sequence)
    return f"{interface}_{application_code}_{identifier}"


def member_name(application_code: str, interface: str, sequence: int) -> str:
    """Return the name of an XML inside an archive: a flow name of its own, and ``.xml``.

    Raises:
        NamingError: as :func:`flow_id`.
    """
    return flow_name(application_code, interface, sequence) + MEMBER_EXTENSION


def parse_name(text: str) -> FlowName:
    """Return the parts of a flow name (no extension) or of a member name (``.xml``).

    Strict: AIFE's own example of 2018 with a sequence of nine digits is refused, for the written
    rule says fifteen.

    Raises:
        NamingError: when the text is not such a name; ``reason`` says which part is wrong.
    """
    stem = text.removesuffix(MEMBER_EXTENSION)
    extension = text[len(stem) :]
    match = _NAME.fullmatch(stem)
    if match is None:
        raise NamingError(text, _why_no_match(stem))
    if match["again"] != match["application"]:
        raise NamingError(text, "the two application codes differ")
    if match["code"] != match["digits"]:
        raise NamingError(
            text, f"the flow id says {match['code']}, the interface {match['digits']}"
        )
    sequence = int(match["sequence"])
    if sequence == 0:
        raise NamingError(text, "the sequence number is zero")
    return FlowName(match["interface"], match["application"], sequence, extension)


def own_flow(text: str, application_code: str) -> FlowName | None:
    """Return the parts of a file name that is a flow of this application; None: it is none."""
    try:
        found = parse_name(text)
    except NamingError:
        return None
    return found if found.application_code == application_code and not found.extension else None


def _why_no_match(stem: str) -> str:
    if len(stem) != FLOW_NAME_LENGTH:
        return f"a flow name has {FLOW_NAME_LENGTH} characters, not {len(stem)}"
    parts = stem.split("_")
    if len(parts) != 3:
        return "a flow name has three parts joined by underscores"
    if not _INTERFACE.fullmatch(parts[0]):
        return "the first part is no interface code such as FSO1106A"
    if not _APPLICATION.fullmatch(parts[1]):
        return "the second part is no application code of six characters A-Z, 0-9"
    return "the third part is not application code, four digits, fifteen digits"

"""Chorus Pro's own messages: from a label of a report to findings with term and column.

A label holds one or several messages joined by ``|`` and is cut near 200 characters. Each message
names an element by its dotted path (``FichierXml.….value``), from which the business term follows
(``config/codes/platform_paths.yaml``); what is wrong follows from the wording
(``config/codes/platform_messages.yaml``). A message that is not known is kept as it came.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

from config.yaml_text import load_yaml
from transforms.finding import Finding, Location, Severity
from transforms.statuses import ErrorLine, Meaning

UNKNOWN = "RT-UNKNOWN-01"
CUT = "RT-CUT-01"
#: A cut message, once our own rules have judged the invoice again: they block, or do not.
COMPLETED = "RT-CUT-02"
UNCONFIRMED = "RT-CUT-03"
#: After these of an invoice comes what our own rules say of it.
COMPLETED_CUT = frozenset({COMPLETED, UNCONFIRMED})

_SEPARATOR = "|"
_PATH = re.compile(r"FichierXml[….]*([A-Za-z][\w.]*)|\(([A-Za-z]\w*(?:\.\w+)+)\)")
_CUT_MARKS = ("[...]", "...", "…")
_ENDS = (".", ")", "'", "»")
_ROOTS = ("CrossIndustryInvoice.", "Invoice.", "CreditNote.")


@dataclass(frozen=True, slots=True)
class MessagePattern:
    """A wording of Chorus Pro and the rule it stands for, by business term when it matters."""

    rule: str
    pattern: re.Pattern[str]
    mark: str
    terms: Mapping[str, str] = field(default_factory=dict)
    means: Meaning | None = None


@dataclass(frozen=True, slots=True)
class MessageTable:
    """All patterns in order, and near which length Chorus Pro cuts a label."""

    patterns: tuple[MessagePattern, ...]
    cut_length: int
    cut_margin: int

    def rules(self) -> frozenset[str]:
        """Return every rule that a message may lead to."""
        found = {UNKNOWN, CUT, *COMPLETED_CUT}
        for pattern in self.patterns:
            found |= {pattern.rule, *pattern.terms.values()}
        return frozenset(found)


def explain_platform_message(
    text: str, columns: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Return a finding per message of ``text``, a label of Chorus Pro's report.

    Args:
        text: the label, as it came.
        columns: ERP column by business term (that of the invoice's profile).

    The value of a finding is the message as it came. A cut last message is never read: it gives
    ``RT-CUT-01`` beside the others.
    """
    pieces = [piece for piece in (part.strip() for part in text.split(_SEPARATOR)) if piece]
    if not pieces:
        return ()
    cut = _is_cut(text)
    whole = pieces[:-1] if cut else pieces
    found = [_read_message(piece, columns or {}) for piece in whole]
    if cut:
        found.append(Finding(CUT, Severity.WARNING, value=pieces[-1]))
    return tuple(found)


def meanings_of(line: ErrorLine, further: Sequence[str] = ()) -> frozenset[Meaning]:
    """Return what an error line says beyond the invoice itself.

    A message that is cut counts as well: what is there of it is enough.

    Args:
        line: of a flow report.
        further: wordings or codes of duplicates (``returns.duplicate_messages``).
    """
    texts = [line.label or line.description]
    found: set[Meaning] = set()
    for piece in (piece for text in texts for piece in text.split(_SEPARATOR)):
        pattern = _pattern_of(_fold(piece))
        if pattern is not None and pattern.means is not None:
            found.add(pattern.means)
    folded = [_fold(text) for text in (line.code, line.label, line.description)]
    # Accents go, case stays: \S and \s are not the same.
    plain = (re.compile(_without_accents(wording), re.IGNORECASE) for wording in further)
    if any(wording.search(text) for wording in plain for text in folded):
        found.add(Meaning.DUPLICATE)
    return frozenset(found)


def complete_cut(told: Sequence[Finding], local: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return ``told`` with what a message that was cut may have held besides.

    Args:
        told: what :func:`explain_platform_message` made of the labels about one invoice.
        local: what our own rules say of the same invoice, as it was sent.

    Nothing changes when nothing was cut. What Chorus Pro has said of a term already is not said
    again. What blocks comes after the rest, first what is about a term that the cut text still
    names, and the cut message is said to be completed (``RT-CUT-02``). When nothing blocks it is
    said that our rules do not see what Chorus Pro sees (``RT-CUT-03``), and warnings about a term
    that the cut text names are added: they are the best hint there is.
    """
    cut = [finding for finding in told if finding.rule == CUT]
    if not cut:
        return tuple(told)
    known = {finding.bt for finding in told if finding.bt is not None}
    named = frozenset().union(*(_terms_named(finding.value or "") for finding in cut))
    fresh = [one for one in local if one.bt is None or one.bt not in known]
    added = sorted((one for one in fresh if one.blocks), key=lambda one: one.bt not in named)
    rule = COMPLETED if added else UNCONFIRMED
    if not added:
        added = [one for one in fresh if one.bt in named]
    params = {"count": str(len(added))}
    shown = (replace(one, rule=rule, params=params) if one.rule == CUT else one for one in told)
    return (*shown, *added)


def term_of_path(path: str) -> str | None:
    """Return the business term of an element named by Chorus Pro, or None.

    ``path`` may begin with ``FichierXml`` or the root, end with ``.value``, or hold only the end
    of the whole path: it counts when all elements that end so are the same term.
    """
    path = _bare(path)
    exact, endings = _paths()
    return exact.get(path) or endings.get(path)


def _bare(path: str) -> str:
    """Return a path without what stands around it: ``FichierXml``, the root, ``value``."""
    path = path.strip("….").removeprefix("FichierXml").strip("….").removesuffix(".value")
    for root in _ROOTS:
        path = path.removeprefix(root)
    return path


@lru_cache(maxsize=1)
def load_messages() -> MessageTable:
    """Return the table of messages, read once per process."""
    content = _read("platform_messages")
    patterns = tuple(
        MessagePattern(
            entry["rule"],
            re.compile(entry["pattern"]),
            entry["mark"],
            dict(entry.get("terms", {})),
            Meaning(entry["means"]) if "means" in entry else None,
        )
        for entry in content["messages"]
    )
    return MessageTable(patterns, content["cut"]["length"], content["cut"]["margin"])


def _read_message(piece: str, columns: Mapping[str, str]) -> Finding:
    folded = _fold(piece)
    path = _path_named(piece)
    bt = term_of_path(path) if path else None
    params = {"path": path} if path else {}
    pattern = _pattern_of(folded)
    if pattern is not None and (match := pattern.pattern.search(folded)) is not None:
        for name in match.groupdict():
            start, end = match.span(name)
            params[name] = piece[start:end]
        rule = pattern.terms.get(bt or "", pattern.rule)
        return _finding(rule, piece, bt or _OWN_TERM.get(rule), columns, params)
    return _finding(UNKNOWN, piece, bt, columns, params)


def _pattern_of(folded: str) -> MessagePattern | None:
    return next((one for one in load_messages().patterns if one.pattern.search(folded)), None)


def _path_named(piece: str) -> str:
    return next((one or two for one, two in _PATH.findall(piece)), "")


def _terms_named(piece: str) -> frozenset[str]:
    """Return the term of the element that a cut message names, or all that it may be.

    The path itself may be cut: each element whose path begins so is meant.
    """
    path = _path_named(piece)
    term = term_of_path(path)
    if term is not None:
        return frozenset({term})
    begun = _bare(path)
    exact, _ = _paths()
    return frozenset(term for whole, term in exact.items() if begun and whole.startswith(begun))


#: The term a message is about when it names no element.
_OWN_TERM = {
    "RT-RECIPIENT-01": "BT-47",
    "RT-SERVICE-02": "BT-10",
    "RT-DUPLICATE-01": "BT-1",
    "RT-ATTACHMENT-01": "BT-122",
    "RT-GROSSPRICE-01": "BT-148",
    "RT-PROCESS-01": "BT-23",
    "RT-PAID-01": "BT-113",
}


def _finding(
    rule: str, piece: str, bt: str | None, columns: Mapping[str, str], params: dict[str, str]
) -> Finding:
    location = Location(column=columns.get(bt) if bt else None)
    return Finding(rule, Severity.FATAL, location, bt=bt, value=piece, params=params)


def _is_cut(text: str) -> bool:
    stripped = text.rstrip()
    if stripped.endswith(_CUT_MARKS):
        return True
    table = load_messages()
    near = abs(len(text) - table.cut_length) <= table.cut_margin
    return near and not stripped.endswith(_ENDS)


def _fold(text: str) -> str:
    """Return ``text`` without case and accents, character by character: positions stay."""
    return "".join(char.lower()[:1] for char in _without_accents(text))


def _without_accents(text: str) -> str:
    return "".join(unicodedata.normalize("NFD", char)[0] for char in text)


@lru_cache(maxsize=1)
def _paths() -> tuple[dict[str, str], dict[str, str]]:
    """Return terms by whole path, and by each ending that means one term only."""
    content = _read("platform_paths")
    exact: dict[str, str] = {}
    endings: dict[str, set[str]] = {}
    for table in content.values():
        for path, term in table.items():
            exact[path] = term
            steps = path.split(".")
            for start in range(1, len(steps)):
                endings.setdefault(".".join(steps[start:]), set()).add(term)
    return exact, {end: next(iter(terms)) for end, terms in endings.items() if len(terms) == 1}


def _read(name: str) -> dict[str, Any]:
    text = (files("config") / "codes" / f"{name}.yaml").read_text(encoding="utf-8")
    content = load_yaml(text)
    if not isinstance(content, dict):
        msg = f"{name}.yaml: must be a mapping"
        raise TypeError(msg)
    return content

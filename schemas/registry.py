"""How rules on the model are declared: checks grouped in families, each naming its rule ids.

A *check* looks at an invoice and yields a :class:`Hit` for each thing wrong. One check may serve
several rules (they then share one pass over the lines). It knows nothing of severities, texts and
policies: ``schemas.rules`` adds those from the catalogue and the target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from config.directory import DirectoryView
from config.settings import Environment
from config.target import SyntaxName, Target
from transforms.facts import NO_FACTS, Facts
from transforms.invoice import Invoice


class Hit(NamedTuple):
    """One thing wrong: the rule, the business term and the value, where it stands.

    ``line`` is the rank of the line, ``rank`` that of the group of the term (an allowance, a VAT
    group), both from 0.
    """

    rule: str
    bt: str | None = None
    value: str | None = None
    line: int | None = None
    params: Mapping[str, str] | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule may know besides the invoice.

    ``run_date`` is the business date of the run (Europe/Paris), fixed at its start.
    """

    environment: Environment
    target: Target
    run_date: date
    syntax: SyntaxName = "cii"
    """The syntax that was read, or will be written: the official rules differ here and there."""
    facts: Facts = NO_FACTS
    """What an XML that was read says beyond the model."""
    directory: DirectoryView | None = None
    """What the directory of public structures says of the buyer; None: no directory."""


Check = Callable[[Invoice, RuleContext], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class RegisteredCheck:
    """A check and the ids of all rules it may report."""

    rules: tuple[str, ...]
    run: Check


@dataclass(slots=True)
class Family:
    """Checks that belong together, in the order they are declared."""

    name: str
    checks: list[RegisteredCheck] = field(default_factory=list)

    def check(self, *rules: str) -> Callable[[Check], Check]:
        """Register the decorated function as the check of ``rules``."""

        def register(function: Check) -> Check:
            self.checks.append(RegisteredCheck(rules, function))
            return function

        return register

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the ids of all rules of the family, each once, in order of declaration."""
        return tuple(dict.fromkeys(rule for check in self.checks for rule in check.rules))

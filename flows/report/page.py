"""The HTML page of a report: one file, no network, readable without scripts.

Every value is escaped by Jinja; a content security policy in the page forbids whatever a value
might smuggle in all the same, and any access to the network.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from urllib.parse import quote

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from config.codes import load_codes
from config.report_texts import ReportTexts
from transforms.balance_sheet import BalanceSheet, Figures
from transforms.display import Display, visible
from transforms.run_report import Case, CaseGroup, RunReport

#: How a brake says that it holds (flows/brakes.py).
_BRAKE = re.compile(r"(?P<name>\w+): (?P<found>.*) \(limit (?P<limit>.*)\)", re.DOTALL)
#: Groups up to this size are shown open.
_OPEN_UP_TO = 12
_HASH_SHOWN = 12

#: Colour of each state: good, warn, bad, or quiet when absent.
_TONES = {
    "deposited": "good",
    "integrated": "good",
    "reconciled": "good",
    "done": "good",
    "released": "good",
    "handed_over": "good",
    "partial": "warn",
    "waiting": "warn",
    "built": "warn",
    "bundled": "warn",
    "uploading": "warn",
    "renaming": "warn",
    "held": "warn",
    "claimed": "warn",
    "quarantined": "bad",
    "rejected": "bad",
    "duplicate": "warn",
    "in_doubt": "bad",
    "incident": "bad",
    "failed": "bad",
    "not_understood": "bad",
    "outcome_unknown": "bad",
}


def render_page(
    report: RunReport, texts: ReportTexts, display: Display, *, number_stays_free: bool
) -> str:
    """Return the page of a report, in the language of ``texts``.

    Args:
        report: what to show.
        texts: the words.
        display: formats of numbers and times.
        number_stays_free: whether an invoice rejected at integration goes again under its number.
    """
    words = _Words(texts, display)
    script = _template("filter.js")
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            report=report,
            t=texts,
            n=texts.plural,
            named=texts.named,
            w=words,
            d=display,
            zone=str(display.zone).partition("/")[2].replace("_", " ") or str(display.zone),
            number_stays_free=number_stays_free,
            tones=_TONES,
            open_up_to=_OPEN_UP_TO,
            style=Markup(_template("report.css")),  # noqa: S704 - ships with the project
            script=Markup(script),  # noqa: S704 - ships with the project
            script_hash=_csp_hash(script),
        )
    )


class _Words:
    """What the template says with several words at once."""

    def __init__(self, texts: ReportTexts, display: Display) -> None:
        self._texts = texts
        self._display = display

    def count(self, key: str, number: int) -> str:
        """Return ``12 factures``."""
        return self._texts.plural(f"count.{key}", number, count=self._display.count(number))

    def sums(self, figures: Figures) -> str:
        """Return the amounts of figures: ``1 200,00 € · Avoirs 50,00 €``."""
        parts = []
        for amount in figures.amounts:
            money = self._display.money(amount.total, amount.currency)
            kind = self._texts.named("type", amount.type_code)
            parts.append(money if amount.type_code == "380" else f"{kind} {money}")
        return " · ".join(parts)

    def type_of(self, type_code: str) -> str:
        """Return the name of a document type for one document: ``Avoir``."""
        code = load_codes("document_types").get(type_code)
        return code.name(self._texts.language) if code else type_code

    def kind(self, currency: str, type_code: str) -> str:
        """Return the heading of a column of amounts: ``Factures, EUR``."""
        return f"{self._texts.named('type', type_code)}, {currency}"

    def shared_advice(self, group: CaseGroup) -> str:
        """Return the advice of a group when all its cases have the same; else nothing."""
        return _only(case.told[0].advice if case.told else "" for case in group.cases)

    def shared_message(self, group: CaseGroup) -> str:
        """Return the message of a group when all its cases have the same; else nothing."""
        return _only(case.told[0].message if case.told else "" for case in group.cases)

    def gaps(self, balance: BalanceSheet) -> list[str]:
        """Return what does not balance, line by line."""
        read, accounted = balance.read, balance.accounted
        pairs = [
            (self._texts("balance.invoices"), read.count, accounted.count),
            (self._texts("balance.unreadable"), read.unreadable, accounted.unreadable),
        ]
        lines = [
            self._gap(name, self._display.count(was), self._display.count(now))
            for name, was, now in pairs
            if was != now
        ]
        for currency, type_code in balance.kinds:
            was = read.total(currency, type_code) or Decimal(0)
            now = accounted.total(currency, type_code) or Decimal(0)
            if was != now:
                money = (self._display.money(value, currency) for value in (was, now))
                lines.append(self._gap(self.kind(currency, type_code), *money))
        return lines

    def _gap(self, name: str, was: str, now: str) -> str:
        return self._texts("balance.gap", name=name, read=was, accounted=now)

    def brake(self, text: str) -> str:
        """Return a brake that held, its name in everyday words."""
        found = _BRAKE.fullmatch(text)
        if found is None:
            return text
        name = self._texts.named("brake", found["name"])
        return self._texts("brake.held", name=name, found=found["found"], limit=found["limit"])

    def waits(self, kept: tuple[str, ...]) -> str:
        """Return when the deposit may go on, and why it does not now (``Remembered.waits``)."""
        until, reason = kept
        moment = self._display.moment(datetime.fromisoformat(until))
        key = "deposit.blackout" if reason else "deposit.closed"
        return self._texts(key, until=moment, reason=reason)

    def adds(self, case: Case) -> bool:
        """Return whether the noted reason of a case says more than its findings do."""
        said = " ".join(f"{each.message} {each.value}" for each in case.told)
        return any(part not in said for part in case.reason.split(" | ") if part)

    def short(self, digest: str) -> str:
        """Return the beginning of a hash."""
        return digest[:_HASH_SHOWN]

    def link(self, *parts: str) -> str:
        """Return a relative address made of path parts, safe for any character in them."""
        return "/".join(part if part == ".." else quote(part, safe="") for part in parts)


def _only(values: Iterable[str]) -> str:
    found = set(values)
    return found.pop() if len(found) == 1 else ""


@lru_cache(maxsize=1)
def _environment() -> Environment:
    templates = files("flows.report").joinpath("templates")
    sources = {
        entry.name: entry.read_text("utf-8")
        for entry in templates.iterdir()
        if entry.name.endswith(".jinja")
    }
    return Environment(
        autoescape=True,
        loader=DictLoader(sources),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Before escaping: what comes from outside must not turn or hide the text around it.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )


@lru_cache(maxsize=4)
def _template(name: str) -> str:
    return files("flows.report").joinpath("templates", name).read_text("utf-8")


def _csp_hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"

"""What ``profile check`` prints: files, columns, terms, first invoices, problems; or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from config.terms import name_of
from flows.profile_trial import InvoiceTrial, Problem, Trial, amounts_of
from schemas.explain import explain

Language = Literal["fr", "en"]

_WORDS: dict[str, dict[Language, str]] = {
    "files": {"fr": "Fichiers", "en": "Files"},
    "file": {"fr": "fichier", "en": "file"},
    "role": {"fr": "rôle", "en": "role"},
    "used": {"fr": "colonnes lues", "en": "columns read"},
    "unused": {"fr": "colonnes non utilisées", "en": "unused columns"},
    "missing": {"fr": "colonnes absentes", "en": "missing columns"},
    "required": {"fr": "indispensables", "en": "required"},
    "terms": {"fr": "Termes de la facture", "en": "Business terms"},
    "term": {"fr": "terme", "en": "term"},
    "name": {"fr": "nom courant", "en": "everyday name"},
    "source": {"fr": "vient de", "en": "comes from"},
    "filled": {"fr": "factures", "en": "invoices"},
    "examples": {"fr": "exemples", "en": "examples"},
    "invoices": {"fr": "Premières factures", "en": "First invoices"},
    "number": {"fr": "numéro", "en": "number"},
    "type": {"fr": "type", "en": "type"},
    "date": {"fr": "date", "en": "date"},
    "due": {"fr": "échéance", "en": "due"},
    "buyer": {"fr": "acheteur", "en": "buyer"},
    "net": {"fr": "HT", "en": "net"},
    "vat": {"fr": "TVA", "en": "VAT"},
    "gross": {"fr": "TTC", "en": "gross"},
    "lines": {"fr": "lignes", "en": "lines"},
    "ready": {"fr": "prête", "en": "ready"},
    "held": {"fr": "retenue", "en": "held back"},
    "item": {"fr": "article", "en": "item"},
    "quantity": {"fr": "quantité", "en": "quantity"},
    "unit": {"fr": "unité", "en": "unit"},
    "price": {"fr": "prix unitaire", "en": "unit price"},
    "rate": {"fr": "TVA", "en": "VAT"},
    "problems": {"fr": "Problèmes", "en": "Problems"},
    "none": {"fr": "aucun", "en": "none"},
    "count": {"fr": "fois", "en": "times"},
    "first": {"fr": "d'abord", "en": "first"},
    "left out": {"fr": "laissées de côté", "en": "left out"},
    "unknown": {"fr": "inconnu du profil", "en": "unknown to the profile"},
    "total": {
        "fr": "{read} factures lues, {ready} prêtes, {held} retenues",
        "en": "{read} invoices read, {ready} ready, {held} held back",
    },
}


def print_trial(trial: Trial, language: Language, console: Console | None = None) -> None:
    """Print a trial for a person, on ``console`` (default: standard output)."""
    console = console or Console()
    console.print(_files(trial, language))
    if trial.refused:
        console.print(trial.refused, style="bold red", soft_wrap=True, markup=False)
        return
    console.print(_terms(trial, language))
    if trial.invoices:
        console.print(_invoices(trial.invoices, language))
        console.print(_lines(trial.invoices[0], language))
    console.print(_problems(trial.problems, language))
    console.print(_summary(trial, language), markup=False, soft_wrap=True)


def trial_as_json(trial: Trial) -> dict[str, Any]:
    """Return a trial as JSON values (docs/cli.md)."""
    return {
        "profile": trial.profile.profile,
        "refused": trial.refused or None,
        "read": trial.read,
        "ready": trial.ready,
        "excluded": dict(trial.excluded),
        "files": [
            {
                "file": file.name,
                "role": file.role or None,
                "used": file.used,
                "unused": file.unused,
                "missing": file.missing,
                "required": file.required,
            }
            for file in trial.files
        ],
        "terms": [
            {
                "term": term.term,
                "name_fr": name_of(term.term, "fr"),
                "name_en": name_of(term.term, "en"),
                "source": term.source,
                "invoices": term.invoices,
                "examples": term.examples,
            }
            for term in trial.terms
        ],
        "problems": [_problem_as_json(problem) for problem in trial.problems],
    }


def _problem_as_json(problem: Problem) -> dict[str, Any]:
    french, english = explain(problem.first, "fr"), explain(problem.first, "en")
    place = problem.first.location
    return {
        "rule": problem.rule,
        "severity": french.severity.value,
        "count": problem.count,
        "invoice": problem.invoice,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message_fr": french.message,
        "message_en": english.message,
        "advice_fr": french.advice,
        "advice_en": english.advice,
    }


def _word(key: str, language: Language) -> str:
    return _WORDS[key][language]


def _table(title: str, columns: Sequence[str], language: Language) -> Table:
    table = Table(title=_word(title, language), title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(_word(column, language), overflow="fold")
    return table


def _files(trial: Trial, language: Language) -> Table:
    table = _table("files", ["file", "role", "used", "unused", "missing"], language)
    for file in trial.files:
        optional = [column for column in file.missing if column not in file.required]
        missing = ", ".join(optional)
        if file.required:
            told = f"{_word('required', language)}: {', '.join(file.required)}"
            missing = f"{told}; {missing}" if missing else told
        role = file.role or _word("unknown", language)
        table.add_row(
            *_plain(file.name, role, ", ".join(file.used), ", ".join(file.unused), missing)
        )
    return table


def _terms(trial: Trial, language: Language) -> Table:
    table = _table("terms", ["term", "name", "source", "filled", "examples"], language)
    for term in trial.terms:
        if term.invoices or not term.source.startswith("company file"):
            name = name_of(term.term, language)
            examples = " · ".join(example[:40] for example in term.examples)
            table.add_row(*_plain(term.term, name, term.source, str(term.invoices), examples))
    return table


def _invoices(invoices: Iterable[InvoiceTrial], language: Language) -> Table:
    columns = ["number", "type", "date", "due", "buyer", "net", "vat", "gross", "lines", "ready"]
    table = _table("invoices", columns, language)
    for shown in invoices:
        invoice = shown.invoice
        buyer = invoice.buyer
        identifier = buyer.legal_id.value if buyer.legal_id else ""
        table.add_row(
            *_plain(
                invoice.number or "",
                invoice.type_code or "",
                str(invoice.issue_date or ""),
                str(invoice.due_date or ""),
                f"{identifier} {buyer.name or ''}".strip(),
                *(_amount(amount) for amount in amounts_of(invoice)),
                str(len(invoice.lines)),
                _word("ready" if shown.ready else "held", language),
            )
        )
    return table


def _lines(shown: InvoiceTrial, language: Language) -> Table:
    table = _table(
        "lines", ["number", "item", "quantity", "unit", "price", "net", "rate"], language
    )
    for line in shown.invoice.lines[:10]:
        vat = f"{line.vat_category or ''} {_amount(line.vat_rate)}".strip()
        table.add_row(
            *_plain(
                line.id or "",
                line.item.name or "",
                _amount(line.quantity),
                line.unit or "",
                _amount(line.price.net),
                _amount(line.net),
                vat,
            )
        )
    table.title = f"{_word('lines', language)} – {shown.invoice.number or ''}"
    return table


def _problems(problems: Sequence[Problem], language: Language) -> Table:
    table = _table("problems", ["count", "problems", "first"], language)
    for problem in problems:
        text = explain(problem.first, language)
        place = problem.first.location
        where = [problem.invoice or "", place.file or "", str(place.line or ""), place.column or ""]
        told = f"{text.severity.value} {problem.rule}: {text.message} {text.advice}"
        table.add_row(*_plain(str(problem.count), told, ", ".join(part for part in where if part)))
    if not problems:
        table.add_row("0", _word("none", language), "")
    return table


def _summary(trial: Trial, language: Language) -> str:
    excluded = sum(trial.excluded.values())
    text = _word("total", language).format(
        read=trial.read, ready=trial.ready, held=trial.read - trial.ready - excluded
    )
    for name, count in trial.excluded.items():
        text += f", {count} {_word('left out', language)} ({name})"
    return text


def _amount(value: Decimal | None) -> str:
    return f"{value:f}" if value is not None else ""


def _plain(*cells: str) -> list[str]:
    """Return cells as they are: a bracket in an extract is no markup of ours."""
    return [cell.replace("[", "\\[") for cell in cells]

"""What the demo says on the terminal, in French and in English."""

from __future__ import annotations

from dataclasses import dataclass

from flows.sandbox import SandboxSummary


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language; ``{}`` stand for figures, names and paths."""

    nights: tuple[str, ...]
    judgement: str
    days: str
    title: str
    columns: tuple[str, ...]
    rows: dict[str, str]
    set_aside: str
    lives: str
    reasons: str
    more: str
    report: str
    as_scripted: str
    not_scripted: str
    next_steps: tuple[str, ...]

    def judged(self, summary: SandboxSummary) -> str:
        """Return one line on a round of judging."""
        return self.judgement.format(
            flows=sum(summary.flows.values()), ok=summary.accepted, ko=summary.rejected
        )

    def aged(self, days: int, statuses: int) -> str:
        """Return one line on the days that went by."""
        return self.days.format(days=days, statuses=statuses)


_FR = Words(
    nights=(
        "Première nuit : les extraits des deux agences",
        "Deuxième nuit : les mêmes fichiers, et des corrections",
    ),
    judgement="Chorus Pro en miniature juge {flows} flux : {ok} factures intégrées, {ko} rejetées",
    days="{days} jours passent : {statuses} statuts de cycle de vie",
    title="Bilan de la démonstration (montants TTC en euros, avoirs déduits)",
    columns=("", "1re nuit", "montant", "2e nuit", "montant"),
    rows={
        "read": "Factures lues",
        "integrated": "Intégrées par Chorus Pro",
        "rejected": "Rejetées par Chorus Pro",
        "duplicate": "Déjà chez Chorus Pro (doublons)",
        "quarantined": "En quarantaine",
        "waiting": "En attente d'une pièce",
        "skipped": "Déjà envoyées, non renvoyées",
    },
    set_aside="Fichiers déjà traités",
    lives="Parcours des factures intégrées",
    reasons="Pourquoi (première nuit)",
    more="… et {count} autres motifs, dans le rapport",
    report="Rapport : {path}",
    as_scripted="L'histoire s'est terminée comme prévu, en {seconds:.0f} s.",
    not_scripted="L'histoire ne s'est PAS terminée comme prévu :",
    next_steps=(
        "À essayer : chorus-flows status --config {settings}",
        "           chorus-flows quarantine list --run {run} --config {settings}",
    ),
)

_EN = Words(
    nights=(
        "First night: the extracts of both agencies",
        "Second night: the same files, and corrections",
    ),
    judgement="Chorus Pro in miniature judges {flows} flows: {ok} integrated, {ko} rejected",
    days="{days} days go by: {statuses} life-cycle statuses",
    title="The demo at its end (amounts with VAT in euros, credit notes taken off)",
    columns=("", "night 1", "amount", "night 2", "amount"),
    rows={
        "read": "Invoices read",
        "integrated": "Integrated by Chorus Pro",
        "rejected": "Rejected by Chorus Pro",
        "duplicate": "There before (duplicates)",
        "quarantined": "Quarantined",
        "waiting": "Waiting for an attachment",
        "skipped": "Sent already, not sent again",
    },
    set_aside="Files already processed",
    lives="Life of the invoices integrated",
    reasons="Why (first night)",
    more="… and {count} other reasons, in the report",
    report="Report: {path}",
    as_scripted="The story ended as scripted, in {seconds:.0f} s.",
    not_scripted="The story did NOT end as scripted:",
    next_steps=(
        "Try: chorus-flows status --config {settings}",
        "     chorus-flows quarantine list --run {run} --config {settings}",
    ),
)


def of(language: str) -> Words:
    """Return the texts of a language; French unless it is ``en``."""
    return _EN if language == "en" else _FR

"""The index of a dossier: one HTML page in French, without network, that explains each file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from config.report_texts import load_report_texts
from config.statuses import StatusTable
from flows.audit.dossier_facts import Folder, Part
from flows.audit.dossier_tables import label_of, state_of
from flows.ledger import Ledger, ManifestRecord
from schemas.explain import explain
from transforms.display import Display, visible

_PARIS = ZoneInfo("Europe/Paris")


def render(
    ledger: Ledger,
    number: str,
    folders: Sequence[Folder],
    manifests: Sequence[Part],
    head: ManifestRecord | None,
    table: StatusTable,
) -> str:
    """Return the page.

    Args:
        ledger: tells company, emitter and environment.
        number: of the invoice.
        folders: one for each reading of the number.
        manifests: the chain from the first run concerned to the head.
        head: the last of them; None when nothing was sealed.
        table: labels of the statuses.
    """
    texts = load_report_texts("fr")
    display = Display("fr", _PARIS)

    def moment(at: datetime | None) -> str:
        return display.moment(at) if at is not None else "–"

    return _template().render(
        number=number,
        ledger=ledger,
        folders=folders,
        manifests=manifests,
        head=head,
        d=display,
        moment=moment,
        named=texts.named,
        state=state_of,
        label=lambda row: label_of(row, table),
        explain=lambda finding: explain(finding, "fr"),
        link=lambda name: quote(name, safe="/"),
    )


@lru_cache(maxsize=1)
def _template() -> Template:
    text = files("flows.audit").joinpath("templates", "dossier.html.jinja").read_text("utf-8")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Before escaping: what comes from outside must not turn or hide the text around it.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    return environment.from_string(text)

"""Controls against the directory: the buyer, its services, what it wants to be told.

Order of the obligations as used in production by OCA/l10n-france: service *or* engagement when
the structure says so, else each by its own flag; and an engagement when the chosen service wants
one. ``FACTURES_PUBLIQUES`` is a pseudo-service nobody may name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.sandbox.directory import Directory, Structure
from flows.sandbox.invoice_view import InvoiceView
from flows.sandbox.messages import Message, refused, required

_SIRET = re.compile(r"\d{14}")
PSEUDO_SERVICE = "FACTURES_PUBLIQUES"


def judge_directory(view: InvoiceView, directory: Directory) -> tuple[Message, ...]:
    """Return what the directory has against an invoice."""
    siret = view.text("buyer")
    if not _SIRET.fullmatch(siret):
        return ()  # told already by the controls on the invoice itself
    structure = directory.find(siret)
    if structure is None:
        return (refused("020", f"Le destinataire {siret} est inconnu de Chorus Pro"),)
    if not structure.active:
        return (refused("021", f"Le destinataire {siret} est inactif"),)
    if structure.works_owner_only:
        return (refused("022", f"Le destinataire {siret} ne peut pas recevoir de facture"),)
    return (*_service(view, structure), *_obligations(view, structure))


def _service(view: InvoiceView, structure: Structure) -> Iterator[Message]:
    code = view.text("service")
    if not code:
        return
    service = structure.service(code)
    if code == PSEUDO_SERVICE or service is None:
        text = f"Le code service '{code}' ({view.path('service')}) est inconnu du destinataire"
        yield refused("023", text)
    elif not service.active:
        text = f"Le code service '{code}' ({view.path('service')}) est inactif"
        yield refused("024", text)


def _obligations(view: InvoiceView, structure: Structure) -> Iterator[Message]:
    code, engagement = view.text("service"), view.engagement
    service = structure.service(code)
    needs_engagement = service is not None and service.engagement_required
    if structure.service_or_engagement:
        if not code and not engagement:
            text = (
                f"L'element {view.path('service')} ou l'element {view.path('engagement')}"
                " est obligatoire."
            )
            yield refused("025", text)
    else:
        if structure.service_required and not code:
            yield required("028", view.path("service"))
        needs_engagement = needs_engagement or structure.engagement_required
    if needs_engagement and not engagement:
        yield required("029", view.path("engagement"))

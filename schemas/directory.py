"""Rules of the directory: is the recipient there and active, and what does it ask for?

Without a directory nothing is said; an invoice whose buyer has no well-formed SIRET is told by
Chorus Pro's own rules. Sources: AIFE, Swagger of the API Structures (meaning of the flags); order
of the obligations: OCA l10n_fr_chorus_account, in production use. See docs/directory.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from config.directory import PSEUDO_SERVICE, DirectoryView, Service, Structure
from schemas.registry import Family, Hit, RuleContext
from transforms.finding import Finding, Severity
from transforms.invoice import Invoice

DIRECTORY = Family("directory")

#: Told once per run, not per invoice.
AGE_RULE = "DR-AGE-01"

_SIRET = re.compile(r"[0-9]{14}")


def recipient_of(invoice: Invoice) -> str | None:
    """Return the SIRET that the directory is asked for; None when the buyer has none."""
    identifier = invoice.buyer.legal_id
    if identifier is None or (identifier.scheme or "1") != "1":
        return None
    return identifier.value if _SIRET.fullmatch(identifier.value) else None


def service_of(invoice: Invoice) -> str | None:
    """Return the service code (BT-10) without outer blanks; the pseudo-service counts as none."""
    code = (invoice.buyer_reference or "").strip()
    return None if code in {"", PSEUDO_SERVICE} else code


def engagement_of(invoice: Invoice) -> str | None:
    """Return the engagement number (BT-13), or None when there is none."""
    number = invoice.order.number if invoice.order else None
    return (number or "").strip() or None


@DIRECTORY.check("DR-BUYER-01", "DR-BUYER-02", "DR-BUYER-03", "DR-BUYER-04")
def recipient_takes_invoices(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-47: known, active, and not only an owner of works."""
    siret, view = recipient_of(invoice), context.directory
    if siret is None or view is None:
        return
    structure = view.find(siret)
    facts = {"dated": view.dated.isoformat(), "age": str(view.age(context.run_date))}
    if structure is None:
        old = view.is_old(context.run_date)
        yield Hit("DR-BUYER-02" if old else "DR-BUYER-01", "BT-47", siret, params=facts)
        return
    facts["name"] = structure.name
    if not structure.active:
        yield Hit("DR-BUYER-03", "BT-47", siret, params=facts)
    elif structure.works_owner_only:
        yield Hit("DR-BUYER-04", "BT-47", siret, params=facts)


@DIRECTORY.check("DR-SERVICE-01", "DR-SERVICE-02", "DR-SERVICE-03", "DR-SERVICE-04")
def service_takes_invoices(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-10, when it is given: a service of the recipient, active, on a day of its validity."""
    view, code = context.directory, service_of(invoice)
    structure = _receiving(invoice, context)
    if view is None or structure is None or code is None or not view.services_known:
        return
    facts = {"name": structure.name, "siret": structure.identifier}
    service = structure.services.get(code)
    if service is None:
        facts |= {"dated": view.dated.isoformat(), "age": str(view.age(context.run_date))}
        old = view.is_old(context.run_date)
        yield Hit("DR-SERVICE-02" if old else "DR-SERVICE-01", "BT-10", code, params=facts)
    elif not service.active:
        yield Hit("DR-SERVICE-03", "BT-10", code, params=facts)
    elif not service.holds_on(context.run_date):
        yield Hit("DR-SERVICE-04", "BT-10", code, params=facts | _validity(service))


@DIRECTORY.check("DR-SERVICE-05", "DR-EITHER-01", "DR-ENGAGEMENT-01", "DR-ENGAGEMENT-02")
def obligations_are_met(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-10 and BT-13: one of both, or each by its own flag, then the flag of the service."""
    structure = _receiving(invoice, context)
    if structure is None:
        return
    code, engagement = service_of(invoice), engagement_of(invoice)
    facts = {"name": structure.name, "siret": structure.identifier}
    wanting = False
    if structure.service_or_engagement:
        if code is None and engagement is None:
            yield Hit("DR-EITHER-01", "BT-10", params=facts)
    else:
        if structure.service_required and code is None:
            yield Hit("DR-SERVICE-05", "BT-10", params=facts)
        wanting = structure.engagement_required and engagement is None
        if wanting:
            yield Hit("DR-ENGAGEMENT-01", "BT-13", params=facts)
    service = structure.services.get(code) if code else None
    if service is not None and service.engagement_required and engagement is None and not wanting:
        named = {"service": service.code, "service_name": service.name or service.code}
        yield Hit("DR-ENGAGEMENT-02", "BT-13", params=facts | named)


def age_finding(view: DirectoryView, run_date: date) -> Finding | None:
    """Return what is told once per run of an old directory: a warning, which no policy raises.

    It is about the run, and blocks no invoice; None when the directory is fresh.
    """
    if not view.is_old(run_date):
        return None
    facts = {"age": str(view.age(run_date)), "max_age": str(view.max_age_days)}
    return Finding(AGE_RULE, Severity.WARNING, value=view.dated.isoformat(), params=facts)


def _receiving(invoice: Invoice, context: RuleContext) -> Structure | None:
    """Return the structure of the buyer, when it takes invoices at all."""
    siret, view = recipient_of(invoice), context.directory
    if siret is None or view is None:
        return None
    structure = view.find(siret)
    if structure is None or not structure.active or structure.works_owner_only:
        return None
    return structure


def _validity(service: Service) -> dict[str, str]:
    return {
        "valid_from": service.valid_from.isoformat() if service.valid_from else "–",
        "valid_until": service.valid_until.isoformat() if service.valid_until else "–",
    }

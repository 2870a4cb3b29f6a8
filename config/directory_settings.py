"""Settings of the directory of public structures: the columns of its files, and its age."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.section import Section


class StructureColumns(Section):
    """Names of the columns of the structures file; the first one that the file has is taken.

    Capitals, accents, blanks and punctuation do not count. The names of the CSV are proven by a
    third party, those of the weekly workbook are not published (unsure).
    """

    identifier: tuple[str, ...] = ("Identifiant", "SIRET")
    kind: tuple[str, ...] = ("TypeIdentifiant",)
    name: tuple[str, ...] = ("RaisonSociale",)
    active: tuple[str, ...] = ("StructureActive",)
    service_required: tuple[str, ...] = ("GestionService",)
    engagement_required: tuple[str, ...] = ("GestionEngagement",)
    service_or_engagement: tuple[str, ...] = ("GestionServiceEngagement",)
    works_owner_only: tuple[str, ...] = ("EstMOAUniquement",)
    tells_payment: tuple[str, ...] = ("GestionStatutMiseEnPaiement",)
    postcode: tuple[str, ...] = ("CodePostal",)
    city: tuple[str, ...] = ("Ville",)


class ServiceColumns(Section):
    """Names of the columns of the services file; unsure: its header is not published.

    As for the structures; ``identifier`` and ``code`` must be there, the others may be absent.
    """

    identifier: tuple[str, ...] = ("Identifiant", "SIRET", "IdentifiantStructure", "SiretStructure")
    """SIRET of the structure."""
    code: tuple[str, ...] = ("CodeService", "Code")
    name: tuple[str, ...] = ("LibelleService", "NomService", "Libelle", "Nom")
    active: tuple[str, ...] = ("EstActif", "ServiceActif", "Actif")
    """Absent: every service is active."""
    engagement_required: tuple[str, ...] = (
        "NumeroEngagement",
        "GestionEngagement",
        "GestionEngagementService",
        "EngagementObligatoire",
    )
    """Absent: no service asks for an engagement number by itself."""
    valid_from: tuple[str, ...] = ("DateDebutValidite", "DateDebut")
    valid_until: tuple[str, ...] = ("DateFinValidite", "DateFin")
    """Last day of validity; dates are ``2026-09-14`` or ``14/09/2026``."""


class Directory(Section):
    """The directory of public structures: see docs/directory.md."""

    max_age_days: Annotated[int, Field(ge=0)] = 30
    """Age in days above which the directory counts as old: a warning of each run, and a recipient
    or service it does not know is a warning, not an error. It is published every week."""
    structure_columns: StructureColumns = StructureColumns()
    service_columns: ServiceColumns = ServiceColumns()

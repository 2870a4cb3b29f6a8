"""Types of the directory of public structures (Chorus Pro's *annuaire*).

The directory says of each recipient whether it is active and what an invoice to it must carry. It
is dated: what it says holds as of that day.

Source of the fields: header of the structures file (CSV of 21 columns, read in production by a
third party) and AIFE, Swagger of the API Structures (``structures/v1/consulter``), whose fields
have the same meaning; see docs/directory.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

#: A service of Chorus Pro's own that no invoice may be sent to (OCA l10n_fr_chorus_account).
PSEUDO_SERVICE = "FACTURES_PUBLIQUES"

#: The columns of the structures file, in the order it is published.
STRUCTURE_COLUMNS = (
    "TypeIdentifiant",
    "Identifiant",
    "RaisonSociale",
    "EmetteurEdi",
    "RecepteurEdi",
    "GestionStatutMiseEnPaiement",
    "GestionEngagement",
    "GestionService",
    "GestionServiceEngagement",
    "EstMOA",
    "EstMOAUniquement",
    "StructureActive",
    "Adresse",
    "ComplementAdresse1",
    "ComplementAdresse2",
    "CodePostal",
    "Ville",
    "NumTelephone",
    "Courriel",
    "CodePays",
    "LibellePays",
)


@dataclass(frozen=True, slots=True)
class Service:
    """A service of a structure; BT-10 names it by its code.

    Attributes:
        engagement_required: an invoice to this service needs an engagement number (BT-13), even
            where its structure asks for none.
        valid_from: first day an invoice may be sent to it; None: no such limit.
        valid_until: last day; None: no such limit.
    """

    code: str
    name: str = ""
    active: bool = True
    engagement_required: bool = False
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether ``day`` is within the service's dates of validity."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class Structure:
    """A public structure (BT-47).

    Attributes:
        identifier: its SIRET; a few structures have another kind of identifier.
        kind: TypeIdentifiant, as published.
        service_required: GestionService: the service code (BT-10) is mandatory.
        engagement_required: GestionEngagement: the engagement number (BT-13) is mandatory.
        service_or_engagement: GestionServiceEngagement: one of both is mandatory; it goes before
            the two flags above.
        works_owner_only: EstMOAUniquement: takes part in works contracts only.
        tells_payment: GestionStatutMiseEnPaiement: the payment status will come back.
        services: by code; in a view, only those that were asked for.
    """

    identifier: str
    name: str = ""
    kind: str = ""
    active: bool = True
    service_required: bool = False
    engagement_required: bool = False
    service_or_engagement: bool = False
    works_owner_only: bool = False
    tells_payment: bool = False
    postcode: str = ""
    city: str = ""
    services: Mapping[str, Service] = field(default_factory=dict)


class NotAskedError(LookupError):
    """Raised when a view is asked for a recipient it was not made for: a defect of ours."""


@dataclass(frozen=True, slots=True)
class DirectoryView:
    """What the directory says of some recipients; small enough to travel with a chunk.

    Attributes:
        dated: day the directory was published.
        max_age_days: age from which it counts as old (setting ``directory.max_age_days``).
        services_known: whether services were imported; if not, nothing is said about them.
        asked: identifiers the view was made for; without a structure here, they are unknown.
        structures: the structures found, by identifier.
    """

    dated: date
    max_age_days: int
    services_known: bool
    asked: frozenset[str]
    structures: Mapping[str, Structure] = field(default_factory=dict)

    def find(self, identifier: str) -> Structure | None:
        """Return the structure of that identifier, or None when the directory has none.

        Raises:
            NotAskedError: when the view was not made for it, so that it cannot say.
        """
        if identifier not in self.asked:
            msg = f"the view of the directory was not made for {identifier}"
            raise NotAskedError(msg)
        return self.structures.get(identifier)

    def age(self, day: date) -> int:
        """Return the age of the directory on ``day``, in days."""
        return (day - self.dated).days

    def is_old(self, day: date) -> bool:
        """Whether the directory counts as old on ``day``."""
        return self.age(day) > self.max_age_days

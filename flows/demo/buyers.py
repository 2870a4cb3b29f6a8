"""The buyers of the demo: public structures of the sandbox's directory, and what each asks for.

All are fictitious (department 99 does not exist), except the SIRET of the State in Chorus Pro.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flows.demo.dice import Dice


class Wants(StrEnum):
    """What a structure asks its suppliers to give."""

    NOTHING = "nothing"
    SERVICE = "service"
    ENGAGEMENT = "engagement"
    BOTH = "both"
    EITHER = "either"
    """The service code or else the engagement number, as many départements ask."""


@dataclass(frozen=True, slots=True)
class Site:
    """A service of a buyer as the supplier knows it: its code, its name, its sites.

    Attributes:
        both: whether this service wants an engagement number too.
    """

    code: str
    name: str
    sites: tuple[str, ...]
    both: bool = False


@dataclass(frozen=True, slots=True)
class Buyer:
    """A buyer: SIRET, postal address, what it wants, its services."""

    siret: str
    name: str
    street: str
    postcode: str
    city: str
    wants: Wants
    services: tuple[Site, ...]
    weight: int = 1
    """How many invoices it gets compared with the others."""

    def engagement(self, dice: Dice) -> str:
        """Return an engagement number in the manner of this buyer; leading zeros count."""
        if self.siret == STATE:
            return f"15{dice.number(0, 99_999_999):08d}"
        if self.wants is Wants.EITHER:
            return f"{dice.number(1, 99_999):06d}"
        return f"BC26-{dice.number(1, 9_999):05d}"


STATE = "11000201100044"
HOSPITAL = "26999900900013"
COMMUNE = "21999900000017"
ROADS = "22999900800019"
AGGLOMERATION = "24999900400016"
REGION = "23999900600012"

BUYERS = (
    Buyer(
        STATE,
        "Ministère de la Justice - Plateforme interrégionale de Paris",
        "13 place Vendôme",
        "75001",
        "Paris",
        Wants.BOTH,
        (
            Site("MINJUS075", "Justice", ("Tribunal judiciaire d'Évreval", "Maison de l'avocat")),
            Site("SFACETAT", "Service facturier", ("Cité administrative Gambetta",)),
            Site("MINAGR031", "Agriculture", ("Lycée agricole d'Auzelles", "Haras d'Ossau")),
        ),
        weight=5,
    ),
    Buyer(
        HOSPITAL,
        "Centre hospitalier de Valmont",
        "2 allée des Tilleuls",
        "99120",
        "Valmont",
        Wants.SERVICE,
        (
            Site("PHARMACIE", "Pharmacie", ("Pharmacie à usage intérieur",), both=True),
            Site("BIOMEDICAL", "Biomédical", ("Plateau d'imagerie", "Bloc opératoire n° 2")),
            Site("RESTAURATION", "Restauration", ("Cuisine centrale", "Self du personnel")),
        ),
        weight=4,
    ),
    Buyer(
        COMMUNE,
        "Commune de Saint-Exemple",
        "1 place de la Mairie",
        "09900",
        "Saint-Exemple",
        Wants.NOTHING,
        (
            Site("", "Mairie", ("Groupe scolaire Jules-Ferry", "Médiathèque", "Hôtel de ville")),
            Site("", "Voirie", ("Éclairage public - secteur 03", "Stade de la Forêt-Noyée")),
        ),
        weight=8,
    ),
    Buyer(
        ROADS,
        "Département de la Haute-Vallée",
        "7 rue du Général-de-L'Œuvre",
        "99000",
        "Hauteville",
        Wants.EITHER,
        (
            Site("DGA-ROUTES", "Routes", ("Centre d'exploitation de Nîmelles", "Tunnel du Cézy")),
            Site("DGA-COLLEGES", "Collèges", ("Collège Aimé-Césaire", "Collège Les Gâtines")),
            Site("DGA-SOLIDARITE", "Solidarités", ("Maison des solidarités Est",), both=True),
        ),
        weight=6,
    ),
    Buyer(
        "22999900800027",
        "Département de la Haute-Vallée - budget annexe du parc routier",
        "ZI de la Plaine",
        "99010",
        "Hauteville",
        Wants.EITHER,
        (
            Site("PARC-ATELIER", "Atelier", ("Atelier mécanique",)),
            Site("PARC-CARBURANT", "Carburants", ("Station-service du parc",)),
        ),
        weight=2,
    ),
    Buyer(
        "22999900800035",
        "Département de la Haute-Vallée - budget annexe du laboratoire",
        "3 chemin des Étangs",
        "99020",
        "Hauteville",
        Wants.EITHER,
        (Site("LABO-VET", "Laboratoire", ("Laboratoire d'analyses", "Animalerie")),),
        weight=2,
    ),
    Buyer(
        "22999900800043",
        "Département de la Haute-Vallée - budget annexe du foyer de l'enfance",
        "18 avenue des Hêtres",
        "99030",
        "Hauteville",
        Wants.EITHER,
        (Site("FOYER", "Foyer", ("Foyer de l'enfance", "Pavillon Noël")),),
        weight=2,
    ),
    Buyer(
        AGGLOMERATION,
        "Communauté d'agglomération du Val Clair",
        "40 boulevard de l'Europe",
        "99300",
        "Val-Clair",
        Wants.ENGAGEMENT,
        (Site("", "Services techniques", ("Piscine intercommunale", "Dépôt de bus", "STEP")),),
        weight=4,
    ),
    Buyer(
        REGION,
        "Région Grand-Exemple",
        "1 esplanade du Conseil",
        "99500",
        "Belleroche",
        Wants.SERVICE,
        (
            Site("LYCEES", "Lycées", ("Lycée Émilie-du-Châtelet", "Lycée Évariste-Galois")),
            Site("TRANSPORT", "Transports", ("Gare routière", "Halte ferroviaire de Cœurville")),
        ),
        weight=4,
    ),
    Buyer(
        "19999900400013",
        "Université de Belleroche",
        "5 avenue de la Science",
        "99510",
        "Belleroche",
        Wants.BOTH,
        (
            Site("UFR-SCIENCES", "UFR Sciences", ("Bâtiment C, salles de TP", "Serre tropicale")),
            Site("BU", "Bibliothèque", ("Bibliothèque universitaire",)),
        ),
        weight=3,
    ),
)

#: Each buyer as often as its weight.
_BY_WEIGHT = tuple(buyer for buyer in BUYERS for _ in range(buyer.weight))


def by_siret(siret: str) -> Buyer:
    """Return the buyer of that SIRET."""
    return next(buyer for buyer in BUYERS if buyer.siret == siret)


def any_buyer(dice: Dice) -> Buyer:
    """Return a buyer, those with more weight more often."""
    return dice.pick(_BY_WEIGHT)


def references(buyer: Buyer, site: Site, dice: Dice) -> tuple[str, str]:
    """Return the service code and the engagement number that ``buyer`` wants for ``site``."""
    engagement = buyer.engagement(dice)
    match buyer.wants:
        case Wants.NOTHING:
            return "", ""
        case Wants.ENGAGEMENT:
            return "", engagement
        case Wants.BOTH:
            return site.code, engagement
        case Wants.SERVICE:
            return site.code, engagement if site.both else ""
        case Wants.EITHER:
            if site.both:
                return site.code, engagement
            return (site.code, "") if dice.number(1, 3) > 1 else ("", engagement)

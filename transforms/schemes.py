"""Identifier types of Chorus Pro (1 SIRET ... 7 private person) against schemeIDs of the CII.

Source: AIFE, pivot schema CPPFacturePivot V2_02 (TypeIdentifiant); AIFE samples FSO1116A (2018)
and FSO1117A for the schemeIDs; ISO 6523 for the four-digit codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from config.target import TargetOptions

SIRET: Final = "1"
EU_VAT: Final = "2"
OUTSIDE_EU: Final = "3"
RIDET: Final = "4"
TAHITI: Final = "5"
BEING_REGISTERED: Final = "6"
PRIVATE_PERSON: Final = "7"

_TYPE_OF: Mapping[str, str] = MappingProxyType(
    {
        "1": SIRET,
        "0002": SIRET,  # ISO 6523: SIRENE register
        "0009": SIRET,  # ISO 6523: SIRET
        "2": EU_VAT,
        "0223": EU_VAT,
        "3": OUTSIDE_EU,
        "ETR": OUTSIDE_EU,
        "0227": OUTSIDE_EU,
        "4": RIDET,
        "RIDET": RIDET,
        "0228": RIDET,
        "5": TAHITI,
        "0229": TAHITI,
        "6": BEING_REGISTERED,
        "7": PRIVATE_PERSON,
    }
)


def cii_schemes(options: TargetOptions, *, buyer: bool) -> Mapping[str, str]:
    """Return the schemeID of each identifier type under ``options``.

    Types 6 and 7 have no alternative; a scheme outside the table is written as it is.
    """
    siret = (options.buyer_siret_scheme if buyer else "") or options.siret_scheme
    return MappingProxyType(
        {
            SIRET: siret,
            EU_VAT: options.eu_scheme,
            OUTSIDE_EU: options.outside_eu_scheme,
            RIDET: options.ridet_scheme,
            TAHITI: options.tahiti_scheme,
            BEING_REGISTERED: BEING_REGISTERED,
            PRIVATE_PERSON: PRIVATE_PERSON,
        }
    )


def identifier_type(scheme: str | None) -> str | None:
    """Return Chorus Pro's identifier type for a schemeID; one we do not know is kept as it is."""
    return _TYPE_OF.get(scheme, scheme) if scheme else None

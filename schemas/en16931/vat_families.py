"""The VAT families of EN 16931, a row for each: what its ten rules ask of a category.

Source: EN 16931-1:2017, tables of the VAT categories; validation artefacts 1.3.16 (10/04/2026).
Where these differ by syntax, a row says so. IGIC (AF) and IPSI (AG) are Spanish: Chorus Pro has no
use for them (``CP-CATEGORY-01``), the norm has.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from config.target import SyntaxName

#: A rate that is above zero, zero, zero or above, or that must not be there.
RateKind = Literal["positive", "zero", "any", "none"]
#: BT-116: to the cent, or within one unit; of one rate or of all.
BaseKind = Literal["exact", "near", "exact_by_rate", "near_by_rate", "untested"]
#: BT-117: zero, following from base and rate, or not tested.
TaxKind = Literal["zero", "computed", "untested"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxSide:
    """What a family asks in one syntax."""

    rate: RateKind
    base: BaseKind
    tax: TaxKind
    group: Literal["at_least_one", "exactly_one", "counted"]
    any_scheme: bool = False
    """The rules on groups do not look at the tax scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VatFamily:
    """What one category asks for."""

    name: str
    """In the rule ids: ``BR-<name>-01``."""
    category: str
    """UNTDID 5305."""
    reason: Literal["required", "refused"]
    """An exemption reason (BT-120 or BT-121) is asked for, or must not be there."""
    numbers: Literal["any", "vat", "vat_and_buyer", "any_and_buyer", "none"]
    """Which identifiers of seller (or representative) and buyer are asked for."""
    ubl: SyntaxSide
    cii: SyntaxSide

    def side(self, syntax: SyntaxName) -> SyntaxSide:
        """Return what the family asks in ``syntax``."""
        return self.ubl if syntax == "ubl" else self.cii


_ZERO_UBL: Final = SyntaxSide(rate="zero", base="exact", tax="zero", group="exactly_one")
_ZERO_CII: Final = SyntaxSide(rate="zero", base="near", tax="zero", group="exactly_one")

_S: Final = VatFamily(
    name="S",
    category="S",
    reason="refused",
    numbers="any",
    ubl=SyntaxSide(rate="positive", base="near_by_rate", tax="computed", group="at_least_one"),
    cii=SyntaxSide(
        rate="positive", base="exact_by_rate", tax="computed", group="counted", any_scheme=True
    ),
)
_Z: Final = VatFamily(
    name="Z",
    category="Z",
    reason="refused",
    numbers="any",
    ubl=_ZERO_UBL,
    cii=SyntaxSide(rate="zero", base="near", tax="zero", group="exactly_one", any_scheme=True),
)
_E: Final = VatFamily(
    name="E", category="E", reason="required", numbers="any", ubl=_ZERO_UBL, cii=_ZERO_CII
)
_AE: Final = VatFamily(
    name="AE",
    category="AE",
    reason="required",
    numbers="any_and_buyer",
    ubl=_ZERO_UBL,
    cii=_ZERO_CII,
)
_IC: Final = VatFamily(
    name="IC",
    category="K",
    reason="required",
    numbers="vat_and_buyer",
    ubl=_ZERO_UBL,
    cii=_ZERO_CII,
)
_G: Final = VatFamily(
    name="G", category="G", reason="required", numbers="vat", ubl=_ZERO_UBL, cii=_ZERO_CII
)
_O: Final = VatFamily(
    name="O",
    category="O",
    reason="required",
    numbers="none",
    ubl=SyntaxSide(rate="none", base="exact", tax="zero", group="exactly_one"),
    cii=SyntaxSide(rate="none", base="exact", tax="zero", group="exactly_one"),
)
# The artefact for CII looks for the rate of IGIC and IPSI beside the group, where there is none,
# and has no test for their tax.
_AF: Final = VatFamily(
    name="AF",
    category="L",
    reason="refused",
    numbers="any",
    ubl=SyntaxSide(rate="any", base="near_by_rate", tax="computed", group="at_least_one"),
    cii=SyntaxSide(rate="positive", base="untested", tax="untested", group="counted"),
)
_AG: Final = VatFamily(
    name="AG",
    category="M",
    reason="refused",
    numbers="any",
    ubl=SyntaxSide(rate="any", base="near_by_rate", tax="computed", group="at_least_one"),
    cii=SyntaxSide(rate="any", base="untested", tax="untested", group="counted"),
)

#: The families by category, in the order of the norm.
VAT_FAMILIES: Final = MappingProxyType(
    {family.category: family for family in (_S, _Z, _E, _AE, _IC, _G, _O, _AF, _AG)}
)

#: Names of the families of rules, in the order of the norm.
FAMILY_NAMES: Final = tuple(family.name for family in VAT_FAMILIES.values())

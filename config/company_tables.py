"""Tables of a company file: VAT codes, payment terms, and the tables that accountants keep.

See docs/company.md; ``config.company`` puts them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.terms import registry


class TablePart(BaseModel):
    """Base of every section: immutable, no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class VatCode(TablePart):
    """What a VAT code of the ERP means. The category is never guessed: this table says it."""

    category: Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"]
    """BT-151, UNTDID 5305: ``S`` with VAT, ``E`` exempt, ``AE`` reverse charge, ``K`` within the
    EU, ``G`` export, ``O`` outside the scope, ``Z`` zero rate. ``L`` (IGIC), ``M`` (IPSI) and
    ``B`` (Italian split payment) belong to the norm; Chorus Pro takes none of them."""
    rate: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    """Percentage; empty for category ``O``."""
    reason: str | None = None
    """BT-120, needed for the categories ``E``, ``AE``, ``K``, ``G`` and ``O``."""
    reason_code: str | None = None
    """BT-121, VATEX code."""

    @model_validator(mode="after")
    def _rate_fits(self) -> VatCode:
        """Hold category and rate together (EN 16931-1:2017, BR-S-05, BR-Z-05, BR-O-05...)."""
        if self.category in ("S", "B"):
            if not self.rate:
                msg = f"category {self.category} needs a rate above 0"
                raise ValueError(msg)
        elif self.category in ("L", "M"):  # BR-IG-05, BR-IP-05: 0 or more
            if self.rate is None:
                msg = f"category {self.category} needs a rate"
                raise ValueError(msg)
        elif self.rate:
            msg = f"category {self.category} has no rate above 0"
            raise ValueError(msg)
        return self


class VatReason(TablePart):
    """Exemption reason of a VAT category, for extracts that give the category itself."""

    reason: str | None = None
    reason_code: str | None = None


class PaymentTerms(TablePart):
    """What a payment terms code of the ERP means: when an invoice falls due.

    Counted from the invoice date (BT-2): the days first, then the end of the month if asked, then
    the day of the month, in the same month or the next one.
    """

    days: Annotated[int, Field(ge=0, le=366)] = 0
    """Days after the invoice date."""
    end_of_month: bool = False
    """Whether it is then put off to the last day of that month (« fin de mois »)."""
    day: Annotated[int, Field(ge=1, le=31)] | None = None
    """Day of the month it is then put off to (« le 10 »); a short month ends earlier."""
    text: str | None = None
    """BT-20, where the extract has no text of its own."""


class Enrichment(TablePart):
    """A table that accountants keep beside the company file: customer -> SIRET, service, contract.

    CSV (semicolon, comma or tab; UTF-8 or cp1252) or XLSX; the first row holds the headings.
    """

    file: str
    """Path, from the folder of the company file."""
    key: Annotated[Mapping[str, str], Field(min_length=1)]
    """Term of the invoice -> heading of the table: ``{CF-CUSTOMER: client}``. Several make one
    key."""
    gives: Annotated[Mapping[str, str], Field(min_length=1)]
    """Term of the invoice -> heading of the table: ``{BT-47: siret, BT-10: service}``."""
    when: Literal["missing", "always"] = "missing"
    """Whether the table only fills what the extract leaves out, or wins over it."""
    unknown: Literal["finding", "ignore"] = "finding"
    """What is done when the table has no row for an invoice that lacks one of these terms."""
    sheet: str | None = None
    """Sheet of a workbook; the first one when empty."""

    @field_validator("key", "gives")
    @classmethod
    def _terms_exist(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for key in value:
            found = registry().terms.get(key)
            if found is None or found.level != "document":
                msg = f"{key!r} is no business term of the document (docs/profiles.md lists them)"
                raise ValueError(msg)
            if found.group is not None:
                msg = f"{key!r} may come several times on an invoice: no table can hold it"
                raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _gives_other_than_key(self) -> Enrichment:
        both = set(self.key) & set(self.gives)
        if both:
            msg = f"{min(both)} is both in key and in gives"
            raise ValueError(msg)
        for term in self.gives:
            if registry().terms[term].path is None:
                msg = f"{term!r} has no place in an invoice"
                raise ValueError(msg)
        return self

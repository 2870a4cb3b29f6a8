"""Types of a company file: what a firm's invoices always say and its ERP does not export.

Seller, bank account, VAT codes and units. The words of the file are everyday ones; the mapping
engine sees them as business terms (:attr:`Company.values`). See docs/company.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from config.company_tables import Enrichment, PaymentTerms, VatCode, VatReason
from config.terms import registry


class Part(BaseModel):
    """Base of every section: immutable, text only where text is meant, no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CompanyAddress(Part):
    """A postal address."""

    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    """ISO 3166-1 alpha-2, for instance ``FR``."""


class CompanyContact(Part):
    """Who the buyer may call."""

    name: str | None = None
    department: str | None = None
    phone: str | None = None
    fax: str | None = None
    email: str | None = None


class CompanySeller(Part):
    """The seller: BG-4."""

    name: str | None = None
    trading_name: str | None = None
    siret: str | None = None
    """SIRET, 14 digits, in quotes; or another identifier with ``identifier_type``."""
    identifier_type: Literal["1", "2", "3", "4", "5", "6", "7"] = "1"
    """Chorus Pro's identifier type: 1 SIRET, 2 EU VAT number, 3 outside the EU, 4 RIDET…"""
    vat_id: str | None = None
    legal_form: str | None = None
    """Legal mentions of the seller: form, capital, RCS (BT-33)."""
    service_code: str | None = None
    """Code of the seller's own service in Chorus Pro, when it has services."""
    address: CompanyAddress = CompanyAddress()
    trading_address: CompanyAddress = CompanyAddress()
    contact: CompanyContact = CompanyContact()

    @field_validator("siret")
    @classmethod
    def _without_spaces(cls, value: str | None) -> str | None:
        return "".join(value.split()) if value is not None else None


class CompanyPayment(Part):
    """How the seller is paid unless the extract says otherwise."""

    means: str | None = None
    """BT-81, UNTDID 4461; ``"30"`` is a transfer."""
    iban: str | None = None
    bic: str | None = None
    account_name: str | None = None
    terms: str | None = None
    """BT-20, for instance the conditions of late payment."""


class CompanyPayee(Part):
    """Who is paid instead of the seller: a factor."""

    name: str | None = None
    siret: str | None = None
    identifier_type: Literal["1", "2", "3", "4", "5", "6", "7"] = "1"


#: Everyday place in the company file -> business term.
PLACES: Mapping[str, str] = {
    "seller.name": "BT-27",
    "seller.trading_name": "BT-28",
    "seller.siret": "BT-30",
    "seller.identifier_type": "BT-30-1",
    "seller.vat_id": "BT-31",
    "seller.legal_form": "BT-33",
    "seller.service_code": "CP-SERVICE-FOURNISSEUR",
    "seller.address.line1": "BT-35",
    "seller.address.line2": "BT-36",
    "seller.address.line3": "BT-162",
    "seller.address.city": "BT-37",
    "seller.address.postcode": "BT-38",
    "seller.address.country": "BT-40",
    "seller.trading_address.line1": "CP-ADRESSE-COMMERCIALE-1",
    "seller.trading_address.line2": "CP-ADRESSE-COMMERCIALE-2",
    "seller.trading_address.city": "CP-ADRESSE-COMMERCIALE-VILLE",
    "seller.trading_address.postcode": "CP-ADRESSE-COMMERCIALE-CP",
    "seller.trading_address.country": "CP-ADRESSE-COMMERCIALE-PAYS",
    "seller.contact.name": "BT-41",
    "seller.contact.department": "CP-CONTACT-SERVICE",
    "seller.contact.phone": "BT-42",
    "seller.contact.fax": "CP-CONTACT-FAX",
    "seller.contact.email": "BT-43",
    "payment.means": "BT-81",
    "payment.iban": "BT-84",
    "payment.account_name": "BT-85",
    "payment.bic": "BT-86",
    "payment.terms": "BT-20",
    "payee.name": "BT-59",
    "payee.siret": "BT-61",
    "payee.identifier_type": "BT-61-1",
}


class CompanyUnit(Part):
    """What differs for one company code of the ERP; a key given here replaces the general one."""

    seller: CompanySeller | None = None
    payment: CompanyPayment | None = None
    payee: CompanyPayee | None = None
    defaults: Mapping[str, str] = Field(default_factory=dict)
    vat_codes: Mapping[str, VatCode] = Field(default_factory=dict)


class Company(Part):
    """A company file."""

    key: str = "default"
    """Key of the company in every table of the ledger; ``emitter.company`` of the settings."""
    seller: CompanySeller = CompanySeller()
    payment: CompanyPayment = CompanyPayment()
    payee: CompanyPayee | None = None
    defaults: Mapping[str, str] = Field(default_factory=dict)
    """Any other term of the document that is the same on every invoice, by its BT number."""
    vat_codes: Mapping[str, VatCode] = Field(default_factory=dict)
    """What each VAT code of the ERP means."""
    vat_reasons: Mapping[str, VatReason] = Field(default_factory=dict)
    """Exemption reason per VAT category, where the extract gives the category."""
    units: Mapping[str, str] = Field(default_factory=dict)
    """Unit of the ERP -> UN/ECE Recommendation 20 code."""
    payment_terms: Mapping[str, PaymentTerms] = Field(default_factory=dict)
    """What each payment terms code of the ERP means."""
    companies: Mapping[str, CompanyUnit] = Field(default_factory=dict)
    """Company codes of the ERP, where one extract holds several; see ``CF-COMPANY``. With this
    section, an invoice of a code that is not listed is held back."""
    enrichment: tuple[Enrichment, ...] = ()
    """Tables kept beside this file, asked in this order."""
    _path: str = PrivateAttr(default="")

    @field_validator("defaults")
    @classmethod
    def _terms_exist(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for key in value:
            found = registry().terms.get(key)
            if found is None or found.level != "document":
                msg = f"{key!r} is no business term of the document (docs/profiles.md lists them)"
                raise ValueError(msg)
            if not found.accepts(value[key]):
                msg = f"{key}: {value[key]!r} is no {found.kind}"
                raise ValueError(msg)
        return value

    @cached_property
    def values(self) -> Mapping[str, str]:
        """Return the company's constants by business term."""
        found: dict[str, str] = dict(self.defaults)
        for place, term in PLACES.items():
            value: object = self
            for step in place.split("."):
                value = getattr(value, step) if value is not None else None
            if isinstance(value, str) and value.strip():
                found[term] = value.strip()
        # A type without its identifier says nothing.
        for identifier, kind in (("BT-30", "BT-30-1"), ("BT-61", "BT-61-1")):
            if identifier not in found:
                found.pop(kind, None)
        return found

    def for_code(self, code: str) -> Company | None:
        """Return the company file as it is for a company code of the ERP; None: not listed.

        Sections of the code are laid over the general ones, key by key; a VAT code is replaced
        whole. Each code is made once.
        """
        if code not in self.made:
            unit = self.companies.get(code)
            self.made[code] = self._laid_over(unit) if unit is not None else None
        return self.made[code]

    def _laid_over(self, unit: CompanyUnit) -> Company:
        over = unit.model_dump(exclude_unset=True)
        base = self.model_dump(exclude_unset=True, exclude={"companies", "vat_codes"})
        codes = {**self.vat_codes, **unit.vat_codes}
        return Company.model_validate({**_over(base, over), "vat_codes": codes}).kept_at(self._path)

    @cached_property
    def made(self) -> dict[str, Company | None]:
        """Hold what :meth:`for_code` has made."""
        return {}

    @model_validator(mode="after")
    def _codes_hold_together(self) -> Company:
        for code, unit in self.companies.items():
            try:
                self._laid_over(unit)
            except ValidationError as error:
                fault = error.errors()[0]
                place = ".".join(str(step) for step in ("companies", code, *fault["loc"]))
                msg = f"{place}: {fault['msg']}"
                raise ValueError(msg) from error
        return self

    def __getstate__(self) -> dict[Any, Any]:
        """Leave what is made at need behind: a worker makes its own."""
        state = super().__getstate__()
        held = {
            key: value for key, value in state["__dict__"].items() if key in type(self).model_fields
        }
        return {**state, "__dict__": held}

    def kept_at(self, path: str) -> Company:
        """Return this company with the path of its file, for tables beside it and for findings."""
        copy = self.model_copy()
        copy._path = path
        return copy

    @property
    def path(self) -> str:
        """Return the path of the company file; empty when it was made otherwise."""
        return self._path

    @property
    def file_name(self) -> str:
        """Return the name of the company file; empty when it was made otherwise."""
        return PurePath(self._path).name

    @property
    def sellers(self) -> tuple[str, ...]:
        """Return the seller identifiers that invoices of this company may carry."""
        sellers = [self.seller, *(unit.seller for unit in self.companies.values() if unit.seller)]
        return tuple(dict.fromkeys(seller.siret for seller in sellers if seller.siret))


def _over(base: dict[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        nested = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _over(below, value) if nested else value  # type: ignore[arg-type]
    return merged

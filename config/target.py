"""Targets: who receives the XML, how the specification's alternatives are written, and policies.

A target is a YAML file of ``config/targets``. Its *options* settle every point where the sources
on Chorus Pro differ, or where a proof from qualification is still missing; its *policies* say what
a broken rule does (block, warn, or waived with the reason). An installation overrides both from
its settings, without touching the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.yaml_text import YamlTextError, load_yaml

Action: TypeAlias = Literal["block", "warn", "waive"]
SyntaxName: TypeAlias = Literal["cii", "ubl"]
SiretScheme: TypeAlias = Literal["0002", "0009", "1"]
RuleFamily: TypeAlias = Literal["chorus", "directory", "en16931"]

_NOTHING: Mapping[str, str | bool | int] = MappingProxyType({})
_NO_POLICY: Mapping[str, str] = MappingProxyType({})


class TargetError(ValueError):
    """Raised when a target does not exist or is wrong; names the file and the key."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class TargetOptions(_Part):
    """How the alternatives are written. The marks are those of docs/formats.md.

    P: proven in production elsewhere. I: inferred. U: unsure, to be closed in qualification.
    """

    specification: str = "urn:cen.eu:en16931:2017"
    """BT-24 of an invoice that gives none; empty: not written."""

    # Identifiers of parties (BT-30, BT-47, payee, valideur). Key: Chorus Pro's identifier type.
    siret_scheme: SiretScheme = "0002"
    """CII schemeID of a SIRET (type 1): 0002 in AIFE's Factur-X samples, 1 in its CII samples."""
    buyer_siret_scheme: Literal["", "0002", "0009", "1"] = ""
    """CII schemeID of the buyer's SIRET; empty: as ``siret_scheme``."""
    eu_scheme: Literal["2", "0223"] = "2"
    """CII schemeID of an EU VAT number (type 2)."""
    outside_eu_scheme: Literal["ETR", "3", "0227"] = "ETR"
    """CII schemeID of a party outside the EU (type 3); ETR in AIFE's samples."""
    ridet_scheme: Literal["RIDET", "4", "0228"] = "RIDET"
    """CII schemeID of a RIDET (type 4); AIFE's samples hold both RIDET and 4."""
    tahiti_scheme: Literal["5", "0229"] = "5"
    """CII schemeID of a TAHITI number (type 5)."""
    ubl_party_identifier: Literal["PartyIdentification", "PartyLegalEntity", "both"] = (
        "PartyIdentification"
    )
    """UBL place of a legal identifier: schemeName 1 to 7 (P), or CompanyID as EN 16931 has it."""

    # Attachments.
    attachment_encoding: Literal["zip", "bare"] = "zip"
    """What the base64 holds: a ZIP of the file (every AIFE sample) or the bare file."""
    attachment_kind_text: str = "ZZZ"
    """Kind written for an attachment that has none; ZZZ in every AIFE sample."""
    attachment_label: Literal["kind", "description"] = "kind"
    """What ram:Name carries: Chorus Pro reads the kind there, EN 16931 the description (BT-123)."""
    attachment_reference: Literal["filename", "reference"] = "filename"
    """What the identifier of an attachment is: its file name (Chorus Pro, C) or BT-122."""
    attachment_type_code: bool = True
    """CII: write TypeCode 916 (EN 16931; absent from AIFE's samples)."""
    ubl_attachment_kind: bool = True
    """UBL: write the kind in cbc:DocumentType (I)."""

    # CII alternatives.
    cii_indicator: Literal["Indicator", "IndicatorString"] = "Indicator"
    """How a charge indicator is written: EN 16931's form, or that of AIFE's samples."""
    cii_contract_type: bool = True
    """Write ReferenceTypeCode (BC marché, CT contrat) when the invoice says the kind."""
    cii_line_kind: Literal["LineStatusCode", "none"] = "LineStatusCode"
    """Where the line type goes; the codes Chorus Pro knows are not published (U)."""
    cii_item_reference: Literal["SellerAssignedID", "GlobalID"] = "SellerAssignedID"
    """Where BT-155 goes: EN 16931's element, or the one AIFE's samples use (without a scheme)."""

    # UBL alternatives.
    ubl_version: str = "2.1"
    """cbc:UBLVersionID; empty: not written."""
    ubl_credit_note_root: Literal["Invoice", "CreditNote"] = "Invoice"
    """Root of a 381: Invoice with positive amounts (P); CreditNote is not documented (U)."""
    ubl_engagement_path: Literal["OrderReference", "ContractDocumentReference"] = "OrderReference"
    """Where the engagement number (BT-13) goes: two production maps differ (U)."""
    ubl_engagement_type: str = "Engagement"
    """DocumentTypeCode of the engagement under ContractDocumentReference (P)."""
    ubl_market_type: str = "Marché public"
    """DocumentTypeCode of a marché (BT-12) (P); empty: not written."""
    ubl_contract_type: str = "Contrat"
    """DocumentTypeCode of a contrat (I); empty: not written."""
    ubl_service_code: Literal["AccountingContact", "BuyerReference", "both"] = "AccountingContact"
    """Where the buyer's service code (BT-10) goes: Chorus Pro's place (P), EN 16931's, or both."""
    ubl_contact: Literal["AccountingContact", "Contact"] = "AccountingContact"
    """Where the contacts of seller and buyer go: Chorus Pro's place (P) or EN 16931's."""
    ubl_due_date: Literal["PaymentMeans", "DueDate", "both"] = "both"
    """Where the due date (BT-9) goes: Chorus Pro's place (P), EN 16931's (BR-CO-25), or both."""
    ubl_registration_address: bool = True
    """Repeat the legal address in PartyLegalEntity/RegistrationAddress (P)."""
    ubl_validator_path: Literal["BuyerCustomerParty", "SellerSupplierParty", "AgentParty"] = (
        "BuyerCustomerParty"
    )
    """Where the valideur goes; no source found (U)."""
    ubl_vat_point: Literal["TaxTypeCode", "DescriptionCode"] = "TaxTypeCode"
    """Where the VAT regime (BT-8) goes: TVA DEBIT / TVA ENCAISSEMENT (P), or EN 16931's code."""
    ubl_tax_type: str = "TVA"
    """TaxTypeCode of the VAT breakdown (P); empty: not written."""
    ubl_subtotal_percent: bool = True
    """Repeat the rate in TaxSubtotal/Percent (P), besides EN 16931's TaxCategory/Percent."""
    ubl_payment_channel: bool = True
    """Write PaymentChannelCode IBAN beside an IBAN (P)."""
    ubl_delivery_name: Literal["LocationDescription", "DeliveryParty"] = "LocationDescription"
    """Where the name of the delivery site (BT-70) goes: Chorus Pro's place (P) or EN 16931's."""
    ubl_line_kind_property: str = "TYPE_LIGNE"
    """Name of the item property that carries the line type (P); empty: not written."""
    ubl_line_subkind_property: str = "SOUS_TYPE_LIGNE"
    """Name of the item property that carries the line sub-type (I); empty: not written."""


class Condition(_Part):
    """When a policy holds; what is left out holds always."""

    syntax: SyntaxName | None = None
    type_code: str | None = None


class Policy(_Part):
    """What a broken rule does, and why."""

    action: Action
    reason: Annotated[str, Field(min_length=10)]
    when: Condition = Condition()

    def holds(self, *, syntax: SyntaxName, type_code: str | None) -> bool:
        """Whether the policy applies to a document of this syntax and type (BT-3)."""
        return self.when.syntax in (None, syntax) and self.when.type_code in (None, type_code)


class Target(_Part):
    """A receiver: options and policies."""

    name: str
    title: str
    options: TargetOptions = TargetOptions()
    families: tuple[RuleFamily, ...] = ("chorus", "directory", "en16931")
    """Families of rules on the model that are run for this target, in this order."""
    policies: dict[str, Policy] = Field(default_factory=dict)

    def action(self, rule: str, *, syntax: SyntaxName, type_code: str | None) -> Action | None:
        """Return what breaking ``rule`` does here; None when the rule's own severity stands."""
        policy = self.policies.get(rule)
        if policy is None or not policy.holds(syntax=syntax, type_code=type_code):
            return None
        return policy.action


def target_names() -> tuple[str, ...]:
    """Return the names of the targets that ship."""
    folder = resources.files("config") / "targets"
    return tuple(
        sorted(
            entry.name.removesuffix(".yaml")
            for entry in folder.iterdir()
            if entry.name.endswith(".yaml")
        )
    )


def load_target(
    name: str,
    *,
    overrides: Mapping[str, str | bool | int] = _NOTHING,
    policies: Mapping[str, str] = _NO_POLICY,
) -> Target:
    """Return a shipped target, with the options and policies of the settings laid over it.

    Args:
        name: name of a file of ``config/targets``.
        overrides: options by name (``target_options`` of the settings).
        policies: ``block`` or ``warn`` by rule id (``policies`` of the settings).

    Raises:
        TargetError: unknown target, or unknown key or value; names the file and the key.
    """
    if name not in target_names():
        msg = f"target {name!r} is unknown; there are {', '.join(target_names())}"
        raise TargetError(msg)
    text = (resources.files("config") / "targets" / f"{name}.yaml").read_text(encoding="utf-8")
    target = read_target(text, place=f"config/targets/{name}.yaml")
    return _overlay(target, overrides, policies)


def read_target(text: str, *, place: str) -> Target:
    """Return the target that a YAML ``text`` describes; ``place`` names it in errors.

    Raises:
        TargetError: naming ``place`` and the key.
    """
    try:
        content = load_yaml(text)
    except YamlTextError as error:
        msg = f"{place}: {error}"
        raise TargetError(msg) from error
    try:
        return Target.model_validate(content)
    except ValidationError as error:
        raise TargetError(_explain(error, place)) from error


def _overlay(
    target: Target, overrides: Mapping[str, str | bool | int], policies: Mapping[str, str]
) -> Target:
    if not overrides and not policies:
        return target
    content = target.model_dump()
    content["options"].update(overrides)
    for rule, action in policies.items():
        content["policies"][rule] = {"action": action, "reason": "set in the settings"}
    try:
        return Target.model_validate(content)
    except ValidationError as error:
        raise TargetError(_explain(error, "settings, target_options and policies")) from error


def _explain(error: ValidationError, place: str) -> str:
    told = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        what = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"]
        told.append(f"{key}: {what}")
    return f"{place}: {'; '.join(told)}"

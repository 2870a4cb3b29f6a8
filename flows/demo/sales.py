"""The invoices of the demo's supplier that are right: energy of one agency, works of the other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flows.demo.buyers import COMMUNE, Buyer, Site, any_buyer, by_siret, references
from flows.demo.dice import Dice
from flows.demo.draft import Cells, Draft, dated
from transforms.totals import round_cents

HEAD_OFFICE = "99914203700012"
WORKS_AGENCY = "99914203700046"
ENERGY_IBAN = "FR7699914000010001234567808"
WORKS_IBAN = "FR7699915000010001234567816"
#: Holders of contracts under which the works agency is a subcontractor: SIRET and name.
HOLDERS = (
    ("99916044300027", "Bâtisseurs réunis du Cézy"),
    ("99917055800012", "Génie climatique d'Ossau"),
)
_CENT = Decimal("0.01")
_DAYS = tuple(date(2026, 1, day) for day in (27, 28, 29, 30))
#: How many invoices there are for one credit note.
_PER_CREDIT_NOTE = 24


def energy_sale(number: str, dice: Dice) -> Draft:
    """Return an invoice, or now and then a credit note, of the energy agency."""
    buyer = any_buyer(dice)
    site = dice.pick(buyer.services)
    draft = Draft(_header(number, buyer, site, dice))
    draft.header |= {
        "payment_means": "58" if dice.one_in(4) else "30",
        "iban": ENERGY_IBAN,
        "period_start": "2026-01-01",
        "period_end": "2026-01-31",
    }
    place = dice.pick(site.sites)
    if dice.one_in(_PER_CREDIT_NOTE):
        _credit(draft, f"0025{dice.number(90_000, 99_999):06d}", date(2025, 12, 30))
        used = _quantity(dice, 20, 900)
        draft.line("000190", f"Régularisation d'index - {place}", used, "KWH", "0.13562", "N20")
    else:
        dice.pick((_electricity, _electricity, _heat, _water, _wood))(draft, place, dice)
        if dice.one_in(25):
            draft.header |= {
                "charge_1_amount": "32.50",
                "charge_1_vat_code": draft.lines[0]["vat_code"],
                "charge_1_reason": "Déplacement du releveur",
            }
    if dice.one_in(30):
        draft.header["note_1"] = "Relevé estimé ; index réel à la prochaine facture"
    elif dice.one_in(60):
        draft.header["note_1"] = (
            "Coupure du 12 janvier :\nvoir l'avis joint à la facture précédente"
        )
    draft.settle()
    return draft


def works_sale(number: str, dice: Dice) -> Draft:
    """Return an invoice, or now and then a credit note, of the works and maintenance agency."""
    buyer = any_buyer(dice)
    site = dice.pick(buyer.services)
    draft = Draft(_header(number, buyer, site, dice))
    draft.header |= {
        "seller_siret": WORKS_AGENCY,
        "payment_means": "30",
        "iban": WORKS_IBAN,
        "delivery_date": f"2026-01-{dice.number(5, 26):02d}",
    }
    place = dice.pick(site.sites)
    paid = False
    if dice.one_in(_PER_CREDIT_NOTE):
        _credit(draft, f"TVX25-{dice.number(1, 9_999):05d}", date(2025, 12, 15))
        draft.line("000900", f"Avoir sur pièces reprises - {place}", "1", "U", "84.30", "N20")
    elif dice.one_in(14):
        _subcontract(draft, place, dice)
    elif dice.one_in(16):
        _counter(draft, dice)
        paid = True
    else:
        dice.pick((_upkeep, _upkeep, _supplies, _housing, _insulation, _training, _press))(
            draft, place, dice
        )
        if dice.one_in(9):
            _allowance(draft)
    draft.settle(paid=paid)
    return draft


def commune_sale(number: str, dice: Dice) -> Draft:
    """Return a plain energy invoice of a buyer without constraint, for the wrong ones."""
    buyer = by_siret(COMMUNE)
    draft = Draft(_header(number, buyer, buyer.services[0], dice))
    draft.header |= {"payment_means": "30", "iban": ENERGY_IBAN}
    _electricity(draft, dice.pick(buyer.services[0].sites), dice)
    draft.settle()
    return draft


def _header(number: str, buyer: Buyer, site: Site, dice: Dice) -> Cells:
    service, engagement = references(buyer, site, dice)
    header = {
        "invoice_number": number,
        "document_type": "380",
        "process_code": "A1",
        "buyer_siret": buyer.siret,
        "buyer_name": buyer.name,
        "buyer_address_line1": buyer.street,
        "buyer_postcode": buyer.postcode,
        "buyer_city": buyer.city,
        "buyer_service_code": service,
        "engagement_number": engagement,
    }
    dated(header, dice.pick(_DAYS))
    if dice.one_in(5):
        header["contract_number"] = f"2024-{dice.number(1, 400):04d}"
        header["contract_kind"] = "BC" if dice.one_in(2) else "CT"
    return header


def _credit(draft: Draft, original: str, issued: date) -> None:
    draft.header |= {
        "document_type": "381",
        "preceding_invoice_1_number": original,
        "preceding_invoice_1_date": issued.isoformat(),
    }


def _quantity(dice: Dice, low: int, high: int, decimals: int = 0) -> str:
    scale = 10**decimals
    return str(Decimal(dice.number(low * scale, high * scale)) / scale)


# -- energy ------------------------------------------------------------------------------------


def _electricity(draft: Draft, place: str, dice: Dice) -> None:
    meter = f"{dice.number(0, 999_999):06d}"
    draft.line("000101", f"Électricité, abonnement, PDL {meter}", "1", "MOIS", "48.17", "N20")
    day = _quantity(dice, 300, 18_000)
    draft.line("000110", f"Heures pleines - {place}", day, "KWH", "0.16374", "N20")
    if dice.one_in(3):
        night = _quantity(dice, 100, 6_000)
        draft.line("000111", "Heures creuses", night, "KWH", "0.12085", "N20")


def _heat(draft: Draft, place: str, dice: Dice) -> None:
    used = _quantity(dice, 4, 260, 3)
    draft.line("000210", f"Réseau de chaleur, R1 - {place}", used, "MWH", "41.283", "R55")
    draft.line("000211", "Réseau de chaleur, R2 abonnement", "1", "MOIS", "612.4", "R55")


def _water(draft: Draft, place: str, dice: Dice) -> None:
    used = _quantity(dice, 8, 900)
    draft.line("000310", f"Eau potable - {place}", used, "M3", "1.8734", "R55")
    draft.line("000311", "Assainissement collectif", used, "M3", "2.0951", "I10")


def _wood(draft: Draft, place: str, dice: Dice) -> None:
    used = _quantity(dice, 3, 45, 2)
    draft.line("000410", f"Plaquettes forestières - {place}", used, "T", "104.9", "I10")


# -- works, maintenance, supplies --------------------------------------------------------------


def _upkeep(draft: Draft, place: str, dice: Dice) -> None:
    draft.line(
        "000501", f"Maintenance CVC - {place}", _quantity(dice, 1, 16, 2), "H", "58.5", "N20"
    )
    if dice.one_in(2):
        size = dice.pick(("287×592", "592×592"))
        draft.line("000502", f"Filtre G4 {size}", _quantity(dice, 2, 24), "U", "17.4", "N20")


def _supplies(draft: Draft, place: str, dice: Dice) -> None:
    length = _quantity(dice, 10, 400, 1)
    draft.line("000601", "Câble U-1000 R2V 3G2,5 ; touret", length, "ML", "1.274", "N20")
    draft.lines[-1] |= {"gross_unit_price": "1.42", "unit_price_discount": "0.146"}
    if dice.one_in(2):
        count = _quantity(dice, 1, 12)
        draft.line("000602", 'Vanne à boisseau sphérique 1"1/2', count, "U", "39.9", "N20")


def _housing(draft: Draft, place: str, dice: Dice) -> None:
    area = _quantity(dice, 12, 90, 2)
    draft.line("000701", f"Peinture du logement de fonction - {place}", area, "M2", "23.6", "I10")


def _insulation(draft: Draft, place: str, dice: Dice) -> None:
    area = _quantity(dice, 40, 600, 2)
    draft.line("000702", f"Isolation des combles - {place}", area, "M2", "31.25", "R55")
    draft.line("000703", "Évacuation des gravats", "1", "FT", "240", "N20")


def _training(draft: Draft, place: str, dice: Dice) -> None:
    days = _quantity(dice, 1, 4)
    draft.line("000801", "Formation : habilitation électrique B2V", days, "J", "690", "EXO")


def _press(draft: Draft, place: str, dice: Dice) -> None:
    name = "Revue « Réseaux & Territoires », abonnement annuel"
    draft.line("000851", name, _quantity(dice, 1, 6), "U", "118.4", "P21")


def _subcontract(draft: Draft, place: str, dice: Dice) -> None:
    """A9: a subcontractor paid directly; the holder of the contract is its valideur."""
    siret, name = dice.pick(HOLDERS)
    draft.header |= {"process_code": "A9", "validator_siret": siret, "validator_name": name}
    draft.header |= {"contract_number": f"2025-{dice.number(1, 99):04d}", "contract_kind": "BC"}
    draft.line("000950", f"Lot 07 Chauffage, sous-traitance - {place}", "1", "FT", "8450", "AUTO")


def _counter(draft: Draft, dice: Dice) -> None:
    """A2: paid at the counter, by card, cash or cheque."""
    draft.header |= {"process_code": "A2", "payment_means": dice.pick(("48", "10", "20"))}
    draft.header["iban"] = ""
    draft.line("000610", "Lampe à LED E27, 9 W", _quantity(dice, 2, 20), "U", "4.85", "N20")


def _allowance(draft: Draft) -> None:
    base = sum((Decimal(line["line_net_amount"]) for line in draft.lines), Decimal(0))
    if len({line["vat_code"] for line in draft.lines}) == 1 and base > _CENT:
        draft.header |= {
            "allowance_1_amount": str(round_cents(base * 3 / 100)),
            "allowance_1_vat_code": draft.lines[0]["vat_code"],
            "allowance_1_reason": "Remise contractuelle de 3 %",
        }

"""The HTML page: what it shows, in which words, and what values from outside cannot do to it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import html

import flows.night  # noqa: F401 (loads every module that defines an error of a night)
from config.catalogue import Language
from config.report_texts import load_report_texts
from config.settings import Environment
from flows.errors import BrakeHeldError, ChorusFlowsError
from flows.landing import ClaimedFile
from flows.report import RunFacts, write_report
from tests.support.report_nights import ReportNights, lively, wrong_siret, wrong_total
from transforms.balance import Balance, Place, Tally
from transforms.outcome import Fate

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"


def written(nights: ReportNights, run: str, **facts: object) -> html.HtmlElement:
    """Write the report of a run and return its page, parsed."""
    made = RunFacts(**{"balance": nights.balance(run), **facts})  # type: ignore[arg-type] # facts
    path = write_report(nights.ledger, run, nights.settings, made)
    return html.document_fromstring(path.read_bytes())


def words(page: html.HtmlElement, selector: str = "body") -> str:
    """Return the text of an element, blanks made plain."""
    found = page.xpath(selector if selector.startswith("/") else f"//{selector}")
    return " ".join(" ".join(each.text_content() for each in found).split())


def test_a_night_where_all_went_well_says_so_and_shows_the_balance(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 3)
    nights.finish(run)
    page = written(nights, run)
    assert "Tout est en ordre" in words(page, "section[contains(@class,'verdict good')]")
    assert "La balance est juste" in words(page, "section[@id='balance']")
    assert page.xpath("//*[@id='attention']") == []
    assert "Bac à sable" in words(page, "header")
    assert "rien n'a été envoyé au vrai Chorus Pro" in words(page, "header")


def test_an_empty_run_is_a_page_too(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.finish(run)
    page = written(nights, run)
    assert "Aucune facture à traiter" in words(page)
    assert "Aucun flux n'a été construit" in words(page, "section[@id='flows']")
    assert "Aucun fichier n'a été lu" in words(page, "section[@id='files']")


def test_a_lively_night_shows_everything_in_its_place(nights: ReportNights) -> None:
    run = lively(nights)
    page = written(nights, run, balance=nights.balance(run, 1))
    attention = words(page, "section[@id='attention']")
    assert "Flux en doute 2" in attention
    assert "Fichiers retour non compris 1" in attention
    assert "Sort de la facture inconnu" in attention
    assert "Prix unitaire non conforme au marché 2024-117." in attention
    assert "Merci de joindre le bon de livraison signé." in attention
    quarantine = words(page, "section[@id='quarantine']")
    assert "Total TTC : écart avec l'ERP 6 factures" in quarantine
    assert "colonne « TOTAL_TTC »" in quarantine
    assert "Lignes sans facture 1" in words(page, "section[@id='orphans']")
    rejected = words(page, "section[@id='rejected']")
    assert "Code service inconnu ou inactif 1 facture" in rejected
    assert "« CODE_SERVICE »" in rejected
    returns = words(page, "section[@id='returns']")
    assert "197 Intégrées 2 Rejetées 1 Sort inconnu 40 Sans réponse" in returns
    assert "3 · Mise à disposition du destinataire 40 factures" in returns
    assert "filtre « clients privés »" in words(page, "section[@id='excluded']")
    assert "factures_20260302.csv 6 204" in words(page, "section[@id='files']")


def test_the_groups_of_the_quarantine_add_up_to_the_balance(nights: ReportNights) -> None:
    run = lively(nights)
    page = written(nights, run, balance=nights.balance(run, 1))
    counted = [
        int(re.sub(r"\D", "", each.text_content()))
        for each in page.xpath("//section[@id='quarantine']//summary//b")
    ]
    assert sum(counted) == nights.balance(run).places[Place.QUARANTINED].count


def test_a_balance_that_does_not_hold_is_loud_and_names_each_gap(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 2)
    nights.finish(run, "failed", 4)
    read = Tally(3, {("EUR", "380"): Decimal("9999.00")}, 1)
    page = written(nights, run, balance=Balance(read, {}))
    assert "La balance n'est pas juste" in words(page, "section[contains(@class,'verdict bad')]")
    proof = words(page, "div[contains(@class,'proof broken')]")
    assert "LA BALANCE N'EST PAS JUSTE" in proof
    assert "Factures : 3 d'un côté (lues), 2 de l'autre" in proof
    assert "9 999,00 €" in proof
    assert "≠" in words(page, "div[@class='equation']")


def test_values_from_outside_stay_text_wherever_they_show(nights: ReportNights) -> None:
    run = nights.start(f"R1{HOSTILE.replace('/', '')}")
    invoice = nights.invoice(
        Fate.QUARANTINED,
        number=HOSTILE,
        buyer_name=HOSTILE,
        buyer_id=HOSTILE,
        currency=HOSTILE,
        type_code=HOSTILE,
    )
    invoice = replace(invoice, span=replace(invoice.span, file=HOSTILE))
    finding = replace(wrong_siret(invoice, HOSTILE), params={"limit": HOSTILE})
    nights.left_out(
        run,
        replace(invoice, findings=(finding,)),
        nights.invoice(Fate.EXCLUDED, reason=HOSTILE),
        nights.invoice(Fate.SKIPPED, reason=HOSTILE),
    )
    nights.ledger.record_extracts(run, [ClaimedFile(Path("x"), HOSTILE, HOSTILE, 1)])
    odd = nights.ledger.record_return(name=HOSTILE, sha256="1", size=1, kept_as="x", kind="x")
    nights.ledger.move_return(odd, "not_understood", reason=HOSTILE)
    nights.finish(run)
    page = written(
        nights,
        run,
        held=(HOSTILE,),
        problems=(HOSTILE,),
        causes=(HOSTILE, "transport"),
        already_processed=(HOSTILE,),
        incomplete=(HOSTILE,),
    )
    assert len(page.xpath("//script")) == 1
    assert page.xpath("//img") == []
    assert [a for a in page.xpath("//@*") if "onerror" in getattr(a, "attrname", "")] == []
    assert words(page).count(HOSTILE) > 10
    assert "49" not in words(page, "section[@id='quarantine']")


def test_what_went_wrong_is_told_in_the_words_of_an_accountant_before_the_technical_detail(
    nights: ReportNights,
) -> None:
    run = lively(nights)
    detail = "user@host: the connection was cut while uploading."
    page = written(nights, run, problems=(detail,), causes=("transport",))
    verdict = words(page, "section[contains(@class, 'verdict')]")
    assert "La liaison avec Chorus Pro a été coupée" in verdict
    assert verdict.index("La liaison") < verdict.index(detail)
    assert detail in words(page, "details[@class='technical']")


def _every_error(kind: type[ChorusFlowsError] = ChorusFlowsError) -> set[type[ChorusFlowsError]]:
    return {kind}.union(*(_every_error(each) for each in kind.__subclasses__()))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kind_of_error_has_its_words(language: Language) -> None:
    texts = load_report_texts(language)
    told_apart = {BrakeHeldError.cause}
    causes = {error.cause for error in _every_error()} - told_apart
    assert {cause for cause in causes if f"cause.{cause}" not in texts} == set()
    assert causes == {key.partition(".")[2] for key in texts if key.startswith("cause.")}


def test_the_page_asks_nothing_of_the_network(nights: ReportNights) -> None:
    run = lively(nights)
    page = written(nights, run, balance=nights.balance(run, 1))
    links = [str(link) for link in page.xpath("//@src | //@href")]
    assert [link for link in links if not link.startswith(("#", "../"))] == []
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'")
    assert "url(" not in words(page, "style")


def test_a_text_that_turns_its_surroundings_is_shown_not_obeyed(nights: ReportNights) -> None:
    run = nights.start("R1")
    invoice = nights.invoice(Fate.QUARANTINED, buyer_name="Mairie\u202egnp.exe")
    nights.left_out(run, replace(invoice, findings=(wrong_siret(invoice),)))
    nights.finish(run)
    page = written(nights, run)
    assert "\u202e" not in words(page)
    assert "Mairie�gnp.exe" in words(page)


def test_english_by_setting(tmp_path: Path) -> None:
    nights = ReportNights(tmp_path, options={"language": "en"})
    run = lively(nights)
    page = written(nights, run, balance=nights.balance(run, 1))
    nights.close()
    assert page.get("lang") == "en"
    assert "What needs a person" in words(page)
    assert "Night of 2026-03-02" in words(page, "h1")
    assert "The balance holds" in words(page)
    assert "€" in words(page, "section[@id='balance']")
    assert not re.search(r"\b(Facture|lues|Que faire)\b", words(page))


@pytest.mark.parametrize(
    ("environment", "badge", "note"),
    [
        (Environment.QUALIFICATION, "Qualification", "sans valeur comptable"),
        (Environment.PRODUCTION, "Production", ""),
    ],
)
def test_the_environment_is_marked(
    tmp_path: Path, environment: Environment, badge: str, note: str
) -> None:
    nights = ReportNights(tmp_path, environment)
    run = nights.start("R1")
    nights.finish(run)
    page = written(nights, run)
    nights.close()
    assert badge in words(page, "header")
    assert note in words(page, "header")
    assert ("Essai" in words(page, "header")) is (environment is not Environment.PRODUCTION)


def test_a_long_list_is_cut_and_says_where_the_rest_is(tmp_path: Path) -> None:
    nights = ReportNights(tmp_path, options={"rows_per_list": 5})
    run = nights.start("R1")
    held = [nights.invoice(Fate.QUARANTINED) for _ in range(14)]
    nights.left_out(run, *(replace(each, findings=(wrong_total(each),)) for each in held))
    nights.finish(run)
    page = written(nights, run)
    nights.close()
    assert len(page.xpath("//section[@id='quarantine']//tbody/tr")) == 5
    assert "9 autres factures sont dans invoices.csv" in words(page)
    assert page.xpath("//section[@id='quarantine']//details")[0].get("open") is None


def test_a_brake_is_told_in_everyday_words(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 2, "built")
    nights.finish(run, "held", 4)
    page = written(nights, run, held=("max_quarantine_rate: 35.0 % (limit 20 %)",))
    verdict = words(page, "section[contains(@class,'verdict bad')]")
    assert "un garde-fou a retenu la nuit" in verdict
    assert "Part des factures en quarantaine : 35.0 % (limite : 20 %)" in verdict
    assert "chorus-flows release R1" in verdict
    assert "Dont 2 factures prêtes" in words(page, "section[@id='balance']")


def test_an_overdue_report_is_told_once_its_deadline_has_passed(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 2)
    nights.finish(run)
    assert "Comptes rendus en retard" not in words(written(nights, run))
    nights.now += timedelta(hours=25)
    page = written(nights, run)
    assert "Comptes rendus en retard 1" in words(page, "section[@id='attention']")
    assert "un point demande une personne" in words(page)


def test_only_the_newest_report_tells_what_earlier_nights_left_open(nights: ReportNights) -> None:
    first = nights.start("R1")
    nights.flow(first, 2, "in_doubt")
    nights.finish(first, exit_code=4)
    held = nights.start("R2")
    nights.flow(held, 1, "built")
    nights.finish(held, "held")
    last = nights.start("R3")
    nights.finish(last)
    newest = words(written(nights, last), "section[@id='attention']")
    assert "Flux en doute 1" in newest
    assert "Nuits encore retenues" in newest
    older = words(written(nights, held, balance=None))
    assert "Flux en doute" not in older
    assert "Tout est prêt, rien n'est déposé" in older

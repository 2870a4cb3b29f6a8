"""Import of the directory: formats, its day, refusals that leave the former one in place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from config.directory import STRUCTURE_COLUMNS
from config.directory_settings import Directory, ServiceColumns
from config.settings import Environment
from flows.directory_import import Imported, import_directory
from flows.errors import ConfigurationError
from flows.ledger import Ledger
from tests.support.directory_files import (
    FLAGS,
    PLAIN,
    SERVICE,
    SERVICES,
    as_book,
    as_csv,
    structure,
    structures,
    write_directory,
)
from tests.support.postgres import Server

NOW = datetime(2026, 9, 14, 19, 0, tzinfo=UTC)
DAY = date(2026, 9, 1)


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    server: Server = request.getfixturevalue("postgres_server")
    url = server.new_ledger()
    yield url
    server.give_back(url)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger.open(
        ledger_url,
        environment=Environment.SANDBOX,
        company="acme",
        emitter="AAA999",
        clock=lambda: NOW,
    ) as opened:
        yield opened


def put(folder: Path, content: str | bytes, name: str = "annuaire.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def take(
    ledger: Ledger, path: Path, services: Path | None = None, *, day: date | None = DAY
) -> Imported:
    return import_directory(ledger, Directory(), path, services, dated=day, by="A. Martin")


def directory(ledger: Ledger) -> dict[str, str]:
    view = ledger.directory_view({*FLAGS, "05550029000015"}, max_age_days=30)
    return {} if view is None else {each.identifier: each.name for each in view.structures.values()}


def test_both_files_are_imported_with_their_day_and_counts(ledger: Ledger, tmp_path: Path) -> None:
    done = take(ledger, *write_directory(tmp_path / "files"), day=None)
    record = done.record
    assert (record.dated, done.date_from) == (date(2026, 9, 7), "name of the file")
    assert (record.structures, record.services) == (len(FLAGS), 5)
    assert (record.actor, record.imported_at) == ("A. Martin", NOW)
    assert (done.pseudo, done.orphans, record.repaired, record.refused) == (1, 1, 0, 0)
    assert ledger.directory_now() == record
    view = ledger.directory_view({SERVICE}, max_age_days=30)
    assert view is not None
    assert set(view.structures[SERVICE].services) == {"PHARMACIE", "LINGERIE", "ARCHIVES", "PASSE"}
    assert view.structures[SERVICE].services["PHARMACIE"].engagement_required


@pytest.mark.parametrize(
    ("yes", "no"), [("true", "false"), ("O", "N"), ("1", "0"), ("oui", "non"), ("VRAI", "FAUX")]
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_with_or_without_mark_and_any_spelling(
    ledger: Ledger, tmp_path: Path, yes: str, no: str, mark: str
) -> None:
    take(ledger, put(tmp_path, mark + as_csv(structures(), yes=yes, no=no)))
    view = ledger.directory_view(set(FLAGS), max_age_days=30)
    assert view is not None
    asking = {i for i, s in view.structures.items() if s.engagement_required}
    assert asking == {i for i, flags in FLAGS.items() if flags.get("GestionEngagement")}


def test_a_workbook_gives_its_zeros_back_and_refuses_what_it_has_lost(
    ledger: Ledger, tmp_path: Path
) -> None:
    numbers: list[object] = [int(PLAIN), 5550029000015, "1,23457E+13", "12345678200051.0"]
    table: list[list[object]] = [list(STRUCTURE_COLUMNS)]
    for number in numbers:
        table.append([structure("")[column] for column in STRUCTURE_COLUMNS])
        table[-1][1] = number
    done = take(ledger, put(tmp_path, as_book(table), "annuaire.xlsx"))
    assert (done.record.structures, done.record.repaired, done.record.refused) == (2, 1, 2)
    assert set(directory(ledger)) == {PLAIN, "05550029000015"}
    assert [(f.rule, f.location.line, f.value) for f in done.findings] == [
        ("DR-FILE-01", 4, "1,23457E+13"),
        ("DR-FILE-01", 5, "12345678200051.0"),
    ]


def test_services_may_come_as_a_workbook_too(ledger: Ledger, tmp_path: Path) -> None:
    table: list[list[object]] = [
        ["SIRET", "Code", "Nom", "Actif", "DateFin"],
        [int(SERVICE), 61, "Achats", True, datetime(2026, 12, 31)],
    ]
    services = put(tmp_path, as_book(table), "services.xlsx")
    take(ledger, put(tmp_path, as_csv(structures())), services)
    view = ledger.directory_view({SERVICE}, max_age_days=30)
    assert view is not None
    assert view.structures[SERVICE].services["61"].valid_until == date(2026, 12, 31)


def test_the_names_of_the_service_columns_are_settings(ledger: Ledger, tmp_path: Path) -> None:
    columns = ServiceColumns(identifier=("Etablissement",), code=("Bureau",))
    services = put(tmp_path, f"Bureau,Etablissement\nB1,{SERVICE}\n", "services.csv")
    first = put(tmp_path, as_csv(structures()))
    with pytest.raises(ConfigurationError, match=r"services\.csv .*no header with a column Ident"):
        take(ledger, first, services)
    import_directory(ledger, Directory(service_columns=columns), first, services, dated=DAY, by="x")
    now = ledger.directory_now()
    assert now is not None
    assert now.services == 1


BAD_FLAG = as_csv([structure(PLAIN), structure(SERVICE, GestionService="peut-être")])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "no header"),
        ("a;b\n1;2\n", "begins with a, b"),
        (b"\xff\xfeS\x00", "not UTF-8"),
        ("Identifiant;Ville\nx;caf\xe9\n".encode("latin-1"), "not UTF-8"),
        (BAD_FLAG, "line 3, column GestionService: 'peut-être' is neither yes nor no"),
        (as_csv([]), "holds 0 structures"),
        (as_csv([structure("1,2E+13")]), "holds 0 structures"),
        (as_csv([structure(PLAIN)]) + '"never closed;', "line 3: unexpected end of data"),
        (b"PK\x03\x04garbage", "no Excel workbook"),
    ],
)
def test_a_file_that_cannot_be_used_leaves_the_former_directory(
    ledger: Ledger, tmp_path: Path, content: str | bytes, why: str
) -> None:
    take(ledger, put(tmp_path, as_csv(structures())))
    before = directory(ledger)
    with pytest.raises(ConfigurationError, match=why):
        take(ledger, put(tmp_path, content, "other.csv"))
    assert directory(ledger) == before
    assert len(ledger.directory_imports()) == 1


def test_a_services_file_that_cannot_be_used_leaves_the_former_directory(
    ledger: Ledger, tmp_path: Path
) -> None:
    take(ledger, put(tmp_path, as_csv(structures())))
    broken = put(tmp_path, SERVICES.replace(";O;O;;", ";O;jamais;;"), "services.csv")
    other = put(
        tmp_path, as_csv([structure(PLAIN, RaisonSociale="Autre"), structure(SERVICE)]), "other.csv"
    )
    with pytest.raises(ConfigurationError, match=r"services\.csv .*line 2.*'jamais'"):
        take(ledger, other, broken)
    assert directory(ledger)[PLAIN] == "Structure 00017"


def test_a_file_of_less_than_half_of_a_large_directory_was_cut(
    ledger: Ledger, tmp_path: Path
) -> None:
    many = [structure(f"{rank:014d}") for rank in range(1000)]
    take(ledger, put(tmp_path, as_csv(many)))
    with pytest.raises(ConfigurationError, match=r"holds 499 structures .* in use has 1000"):
        take(ledger, put(tmp_path, as_csv(many[:499]), "cut.csv"))
    take(ledger, put(tmp_path, as_csv(many[:500]), "half.csv"))
    now = ledger.directory_now()
    assert now is not None
    assert now.structures == 500


@pytest.mark.parametrize(
    ("name", "day", "told"),
    [
        ("AIFE-Chorus-Pro-Annuaire_20260309.csv", date(2026, 3, 9), "name of the file"),
        ("annuaire-2026-09-13.csv", date(2026, 9, 13), "name of the file"),
        ("annuaire_20260231.csv", date(2026, 9, 2), "last change of the file"),
        ("annuaire.csv", date(2026, 9, 2), "last change of the file"),
    ],
)
def test_the_day_comes_from_the_name_else_from_the_file(
    ledger: Ledger, tmp_path: Path, name: str, day: date, told: str
) -> None:
    path = put(tmp_path, as_csv(structures()), name)
    changed = datetime(2026, 9, 1, 22, 30, tzinfo=UTC).timestamp()  # 2 September in Paris
    os.utime(path, (changed, changed))
    done = take(ledger, path, day=None)
    assert (done.record.dated, done.date_from) == (day, told)


def test_a_directory_of_tomorrow_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be of 2026-09-15"):
        take(ledger, put(tmp_path, as_csv(structures())), day=date(2026, 9, 15))


@pytest.mark.parametrize("missing", ["structures", "services"])
def test_a_file_that_is_not_there_is_named(ledger: Ledger, tmp_path: Path, missing: str) -> None:
    paths = {"structures": put(tmp_path, as_csv(structures())), "services": tmp_path / "v.csv"}
    paths[missing] = tmp_path / "nowhere.csv"
    with pytest.raises(ConfigurationError, match=r"nowhere\.csv cannot be read"):
        take(ledger, paths["structures"], paths["services"])
    assert ledger.directory_now() is None


def test_what_was_done_is_told(ledger: Ledger, tmp_path: Path) -> None:
    rows = [*structures(), *(structure(f"{rank}E+13") for rank in range(25))]
    done = take(ledger, put(tmp_path, as_csv(rows)))
    lines = done.lines("fr")
    assert lines[0] == "directory of 2026-09-01 (day taken from: option --date)"
    assert "service codes are not checked" in lines[1]
    assert "ligne 9" in lines[2]
    assert lines[-1].startswith("… and 5 more")
    assert len(done.as_dict("en")["findings"]) == 25  # type: ignore[arg-type] # a list

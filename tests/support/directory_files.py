"""Files of a small directory, and the ledger's answers about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook

from config.directory import STRUCTURE_COLUMNS

PLAIN = "21999900000017"
SERVICE = "26999900900013"
ENGAGEMENT = "24999900400016"
BOTH = "19999900400013"
EITHER = "22999900800019"
CLOSED = "21999901800019"
WORKS = "27999900700016"
#: Not in the directory.
STRANGER = "23999900600012"

FLAGS: Mapping[str, Mapping[str, object]] = {
    PLAIN: {},
    SERVICE: {"GestionService": True},
    ENGAGEMENT: {"GestionEngagement": True},
    BOTH: {"GestionService": True, "GestionEngagement": True},
    EITHER: {"GestionServiceEngagement": True, "GestionService": True},
    CLOSED: {"StructureActive": False},
    WORKS: {"EstMOA": True, "EstMOAUniquement": True},
}

SERVICES = (
    "SIRET;CodeService;LibelleService;EstActif;NumeroEngagement;DateDebutValidite;DateFinValidite\n"
    f"{SERVICE};PHARMACIE;Pharmacie;O;O;;\n"
    f"{SERVICE};LINGERIE;Lingerie;O;N;2020-01-01;\n"
    f"{SERVICE};ARCHIVES;Archives;N;N;;\n"
    f"{SERVICE};PASSE;Service passé;O;N;01/01/2020;31/12/2025\n"
    f"{SERVICE};FACTURES_PUBLIQUES;Factures publiques;O;N;;\n"
    f"{EITHER};ROUTES;Routes;O;N;;\n"
    f"{STRANGER};LYCEES;Lycées;O;N;;\n"
)


def structure(identifier: str, **changes: object) -> dict[str, object]:
    """Return a row of the structures file: active, asking for nothing."""
    row: dict[str, object] = dict.fromkeys(STRUCTURE_COLUMNS, "")
    row |= {name: False for name in STRUCTURE_COLUMNS if name.startswith(("Gestion", "Est"))}
    row |= {
        "TypeIdentifiant": "SIRET",
        "Identifiant": identifier,
        "RaisonSociale": f"Structure {identifier[-5:]}",
        "EmetteurEdi": False,
        "RecepteurEdi": True,
        "StructureActive": True,
        "CodePostal": "01000",
        "Ville": "Bourg-Exemple",
        "CodePays": "FR",
        "LibellePays": "France",
    }
    return row | changes


def structures() -> list[dict[str, object]]:
    """Return the rows of the small directory."""
    return [structure(identifier, **flags) for identifier, flags in FLAGS.items()]


def as_csv(
    rows: Sequence[Mapping[str, object]],
    *,
    columns: Sequence[str] = STRUCTURE_COLUMNS,
    yes: str = "true",
    no: str = "false",
) -> str:
    """Return rows as a CSV text, with a spelling of the flags."""

    def cell(value: object) -> str:
        return (yes if value else no) if isinstance(value, bool) else str(value)

    lines = [";".join(columns)]
    lines += [";".join(cell(row[column]) for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


def as_book(rows: Sequence[Sequence[object]]) -> bytes:
    """Return rows as the first sheet of a workbook; another sheet follows."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    book.create_sheet("Aide").append(["autre chose"])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def write_directory(folder: Path) -> tuple[Path, Path]:
    """Write structures and services of the small directory and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    first, second = folder / "annuaire_20260907.csv", folder / "services.csv"
    first.write_text(as_csv(structures()), "utf-8")
    second.write_text(SERVICES, "utf-8")
    return first, second

"""The directory: import of a whole one, and its cost per chunk and per invoice."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from openpyxl import Workbook

from config.directory import STRUCTURE_COLUMNS
from config.settings import Directory, Environment
from flows.directory_import import import_directory
from flows.ledger import Ledger

STRUCTURES = 200_000
SERVICES = 100_000
CHUNK = 500

Value = TypeVar("Value")


def measure() -> None:
    """Import 200,000 structures and 100,000 services, from CSV and XLSX; look chunks up."""
    print(f"directory of {STRUCTURES} structures and {SERVICES} services")
    with tempfile.TemporaryDirectory(prefix="chorus-flows-bench-") as name:
        root = Path(name)
        text, services = root / "structures.csv", root / "services.csv"
        _write(text, services)
        book = root / "structures.xlsx"
        _write_book(book)
        url = f"sqlite:///{root / 'ledger.sqlite'}"
        with Ledger.open(
            url, environment=Environment.SANDBOX, company="bench", emitter="AAA999"
        ) as ledger:
            for source in (text, text, book):
                call = partial(
                    import_directory,
                    ledger,
                    Directory(),
                    source,
                    services,
                    dated=date(2026, 9, 14),
                    by="bench",
                )
                seconds, done = _timed(call)
                assert (done.record.structures, done.record.services) == (STRUCTURES, SERVICES)
                print(f"  import of {source.suffix[1:]} ({_size(source)} MB): {seconds:.1f} s")
            wanted = {_siret(rank * 397) for rank in range(CHUNK)}
            services_of = {(siret, f"SERV{rank % 40:03d}") for rank, siret in enumerate(wanted)}
            looks = 20
            seconds, _ = _timed(
                lambda: [
                    ledger.directory_view(wanted, services=services_of, max_age_days=30)
                    for _ in range(looks)
                ]
            )
        print(
            f"  look-up of a chunk of {CHUNK} recipients: {seconds / looks * 1000:.1f} ms, "
            f"{seconds / looks / CHUNK * 1e6:.0f} µs per invoice"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  peak memory: {peak} MB")


def _timed(call: Callable[[], Value]) -> tuple[float, Value]:
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


def _siret(rank: int) -> str:
    return f"{10_000_000_000_000 + rank * 37:014d}"


def _row(rank: int) -> tuple[str | int | bool, ...]:
    return (
        "SIRET",
        int(_siret(rank)),
        f"Commune d'essai n° {rank}",
        False,
        True,
        True,
        rank % 3 == 0,
        rank % 2 == 0,
        rank % 7 == 0,
        False,
        rank % 500 == 0,
        rank % 50 != 0,
        f"{rank % 90 + 1} rue de la Mairie",
        "",
        "",
        f"{rank % 95_000:05d}",
        f"Saint-Exemple-{rank % 3000}",
        "0123456789",
        f"mairie{rank}@exemple.invalid",
        "FR",
        "France",
    )


def _write(structures: Path, services: Path) -> None:
    with structures.open("w", encoding="utf-8") as stream:
        stream.write(";".join(STRUCTURE_COLUMNS) + "\n")
        for rank in range(STRUCTURES):
            stream.write(";".join(str(cell) for cell in _row(rank)) + "\n")
    with services.open("w", encoding="utf-8") as stream:
        stream.write("SIRET;CodeService;LibelleService;EstActif;NumeroEngagement;")
        stream.write("DateDebutValidite;DateFinValidite\n")
        for rank in range(SERVICES):
            siret = _siret(rank // 4 * 8)
            code = f"SERV{rank % 40:03d}"
            stream.write(f"{siret};{code};Service {rank};true;false;2020-01-01;\n")


def _write_book(path: Path) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Structures")
    sheet.append(list(STRUCTURE_COLUMNS))
    for rank in range(STRUCTURES):
        sheet.append(_row(rank))
    book.save(path)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.0f}"


if __name__ == "__main__":
    measure()

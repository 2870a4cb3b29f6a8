"""Where the ledgers of a soak are: files of SQLite, or databases of a PostgreSQL of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from config.settings import Environment
from flows.ledger import Ledger
from tests.soak.ledger_machine import SCOPES, Place
from tests.support.postgres import Server


def in_sqlite(folder: Path) -> Callable[[], Place]:
    """Return what finds an empty ledger in a file below ``folder`` each time it is asked."""
    company, emitter = SCOPES[0]
    template = folder / "template.sqlite"
    Ledger.open(
        f"sqlite:///{template}", environment=Environment.SANDBOX, company=company, emitter=emitter
    ).close()

    def find() -> Place:
        made = Path(tempfile.mkdtemp(dir=folder))
        shutil.copyfile(template, made / "ledger.sqlite")
        return Place(f"sqlite:///{made / 'ledger.sqlite'}", lambda: shutil.rmtree(made))

    return find


def in_postgres(server: Server) -> Callable[[], Place]:
    """Return what finds an empty ledger of a server each time it is asked."""
    company, emitter = SCOPES[0]

    def find() -> Place:
        url = server.new_ledger(company=company, emitter=emitter)
        return Place(url, lambda: server.give_back(url))

    return find

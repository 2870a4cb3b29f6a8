"""No secret leaves its place: what is printed, logged, kept and reported holds none, nor Prefect.

Nights that succeed and that fail in many ways are given secrets that nothing else can look like;
then every byte they left is searched for them, as they are, in URLs and in base64.
"""

from __future__ import annotations

import base64
import hashlib
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from sqlalchemy import MetaData, create_engine, make_url, select

from flows.configuration import load
from flows.errors import ExitCode
from tests.integration.sshd import Sshd, new_key, public_line, running, write_key
from tests.support.firm import Firm, csv, row
from tests.support.postgres import Server

pytestmark = pytest.mark.integration

PASSWORD = "Pa55:w/rd@+%é-ledger-9f3c"
IN_URL = "Url-password-6b1e7d"
PASSPHRASE = "Passphrase of the key 77aa"
WRONG = "Not-The-Passphrase-41d0"

#: Runs some commands with everything logged that any library can log.
_PROGRAM = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename=sys.argv[1])
from flows.cli.main import run
for name in ("paramiko.transport", "paramiko.transport.sftp", "sqlalchemy.engine"):
    logging.getLogger(name).setLevel(logging.DEBUG)
for line in sys.stdin.read().splitlines():
    print("code", int(run(line.split("\\t"))), flush=True)
"""


@dataclass
class Place:
    """A firm that deposits by SFTP with an encrypted key, its ledger in PostgreSQL."""

    firm: Firm
    key: Path
    url: str
    lines: list[list[str]] = field(default_factory=list)

    def command(self, name: str, *line: str, **sections: dict[str, Any]) -> Path:
        """Add a command with settings of its own: those of the firm, changed by ``sections``."""
        usual = {key: dict(values) for key, values in self.firm.sections.items()}
        for key, values in sections.items():
            key = key.replace("__", ".").removeprefix("top")
            self.firm.sections[key] = self.firm.sections.get(key, {}) | values
        self.firm.write_settings()
        path = self.firm.root / f"{name}.toml"
        self.firm.settings_file.rename(path)
        self.firm.sections = usual
        self.lines.append([*line, "--config", str(path)])
        return path

    def perform(self, **environment: str) -> list[ExitCode]:
        """Perform the commands in one process; what it prints and logs is kept."""
        log = self.firm.root / "logs"
        log.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(log / "debug.log")],
            input="\n".join("\t".join(line) for line in self.lines),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        (log / "stdout").write_text(done.stdout)
        (log / "stderr").write_text(done.stderr)
        return [ExitCode(int(code)) for code in re.findall("^code ([0-9])$", done.stdout, re.M)]


@pytest.fixture
def place(tmp_path: Path, postgres_server: Server) -> Iterator[Place]:
    """The firm, with its servers."""
    url = postgres_server.new_ledger(company="default", emitter="ABC123")
    with running(tmp_path / "server") as server:
        root = tmp_path / "firm"
        root.mkdir()
        key = new_key()
        (server.key_file.parent / "authorized_keys").write_text(public_line(key) + "\n")
        path = write_key(key, tmp_path / "key", passphrase=PASSPHRASE)
        yield Place(Firm(root, _sections(server, path, url)), path, url)
    postgres_server.give_back(url)


def _sections(server: Sshd, key: Path, url: str) -> dict[str, dict[str, Any]]:
    return {
        "": {
            "environment": "sandbox",
            "ledger_url": make_url(url).render_as_string(hide_password=False),
            "ledger_password_env": "LEDGER_PASSWORD",
        },
        "channel": {"kind": "sftp", "retries": 0, "retry_wait": 0},
        "channel.sftp": {
            "host": "127.0.0.1",
            "port": server.port,
            "user": pwd.getpwuid(os.geteuid()).pw_name,
            "key_file": str(key),
            "key_passphrase_env": "KEY_PASSPHRASE",
            "known_hosts": str(server.known_hosts),
            "connect_timeout": 20,
        },
    }


def forms(secret: str) -> Iterator[bytes]:
    """Yield a secret as it may be written."""
    raw = secret.encode()
    yield raw
    yield repr(secret)[1:-1].encode()
    yield secret.encode("unicode_escape")
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    yield raw.hex().encode()
    for shift in range(3):
        packed = base64.b64encode(b"\0" * shift + raw)
        # The first and the last letters depend on what stands around the secret.
        yield packed[4 if shift else 0 : -4]


def found(places: list[Path], secrets: list[str], but: set[Path]) -> list[str]:
    """Return the files that hold a secret in one of its forms."""
    wanted = {form: secret for secret in secrets for form in forms(secret)}
    told = []
    for top in places:
        for path in sorted(top.rglob("*")):
            if path.is_file() and path not in but:
                content = path.read_bytes()
                told += [f"{path}: {wanted[form]}" for form in wanted if form in content]
    return told


def ledger_text(url: str) -> str:
    """Return every value of every table of a ledger."""
    engine = create_engine(url)
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        rows = [
            row for table in tables.tables.values() for row in connection.execute(select(table))
        ]
    engine.dispose()
    return "\n".join(map(repr, rows))


def key_lines(path: Path) -> list[str]:
    """Return lines of a private key that no other key has."""
    return [line for line in path.read_text().splitlines()[2:-2] if len(line) > 40]


def test_the_search_finds_a_secret_in_each_of_its_forms(tmp_path: Path) -> None:
    for rank, form in enumerate(forms(PASSWORD)):
        (tmp_path / f"{rank}").write_bytes(b"before " + form + b" after")
    packed = base64.b64encode(b"user:" + PASSWORD.encode() + b"@host")
    (tmp_path / "packed").write_bytes(packed)
    told = found([tmp_path], [PASSWORD], set())
    assert {line.partition(": ")[0] for line in told} == {str(p) for p in tmp_path.iterdir()}


def test_no_secret_is_left_by_nights_that_succeed_or_fail(place: Place, tmp_path: Path) -> None:
    firm = place.firm
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret="1")]))
    strange = write_key(new_key(), tmp_path / "strange", passphrase=PASSPHRASE)
    away = make_url(place.url).set(port=9, password=IN_URL, username="user")
    gone = {"ledger_url": away.render_as_string(hide_password=False)}
    wrong = {"key_passphrase_env": "WRONG_PASSPHRASE"}
    plain = ("run", "--no-prefect")
    kept = {
        place.key,
        place.command("passphrase", *plain, channel__sftp=wrong),
        place.command("refused", *plain, channel__sftp={"key_file": str(strange)}),
        place.command("well", *plain),
        place.command("doctor", "doctor", channel__sftp=wrong),
        place.command("no-server", *plain, top=gone | {"ledger_password_env": ""}),
        place.command("wrong", *plain, top=gone, emitter={"application_code": "none such"}),
    }
    codes = place.perform(
        LEDGER_PASSWORD=PASSWORD,
        KEY_PASSPHRASE=PASSPHRASE,
        WRONG_PASSPHRASE=WRONG,
    )
    assert codes == [
        ExitCode.USAGE,
        ExitCode.UNFINISHED,
        ExitCode.OK,
        ExitCode.USAGE,
        ExitCode.UNFINISHED,
        ExitCode.USAGE,
    ]
    assert len(list((tmp_path / "server" / "account" / "in").iterdir())) == 1
    logged = (firm.root / "logs" / "debug.log").read_text()
    assert "DEBUG:paramiko.transport" in logged
    assert "INFO:sqlalchemy.engine" in logged

    secrets = [PASSWORD, IN_URL, PASSPHRASE, WRONG, *key_lines(place.key), *key_lines(strange)]
    assert found([firm.root], secrets, kept) == []
    told = ledger_text(place.url).encode()
    assert b"F1" in told
    assert [s for s in secrets for form in forms(s) if form in told] == []


def test_no_secret_reaches_prefect(prefect_home: Path, tmp_path: Path) -> None:
    root, home = tmp_path / "firm", prefect_home
    root.mkdir()
    key = write_key(new_key(), tmp_path / "key", passphrase=PASSPHRASE)
    url = f"postgresql+psycopg://user:{IN_URL}@127.0.0.1:9/ledger"
    login = {"host": "127.0.0.1", "port": 9, "user": "u", "known_hosts": str(key)}
    login |= {"key_file": str(key), "key_passphrase_env": "KEY_PASSPHRASE"}
    sections: dict[str, dict[str, Any]] = {
        "": {"environment": "sandbox", "ledger_url": url},
        "channel": {"kind": "sftp"},
        "channel.sftp": login,
        "prefect": {"enabled": True},
    }
    place = Place(Firm(root, sections), key, url)
    kept = {key, place.command("under", "run")}
    codes = place.perform(
        KEY_PASSPHRASE=PASSPHRASE,
        PREFECT_HOME=str(home),
        PREFECT_API_URL=os.environ["PREFECT_API_URL"],
        PREFECT_LOGGING_LEVEL="DEBUG",
    )
    assert codes == [ExitCode.UNFINISHED]
    databases = list(home.rglob("*.db"))
    assert databases, "Prefect kept nothing: the test would prove nothing"
    # The failed flow is there, with what it said.
    assert any(b"cannot be used now" in path.read_bytes() for path in home.rglob("*.db*"))
    assert found([root, home], [IN_URL, PASSPHRASE, *key_lines(key)], kept) == []


def test_the_hash_of_the_settings_tells_nothing_of_a_password(tmp_path: Path) -> None:
    digests = set()
    for password in ("one", "another"):
        path = tmp_path / "chorus-flows.toml"
        path.write_text(f'ledger_url = "postgresql+psycopg://u:{password}@127.0.0.1/x"\n')
        loaded = load(path)
        digests.add(loaded.digest)
        assert loaded.digest != hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(digests) == 1


def test_settings_do_not_show_their_password(tmp_path: Path) -> None:
    path = tmp_path / "chorus-flows.toml"
    path.write_text(f'ledger_url = "postgresql+psycopg://u:{IN_URL}@127.0.0.1/x"\n')
    assert IN_URL not in repr(load(path))

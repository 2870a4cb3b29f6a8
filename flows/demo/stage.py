"""The folder a demo is played in: an installation, its extracts, and a Chorus Pro beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from flows.demo.pdf import pdf
from flows.demo.sales import HEAD_OFFICE, WORKS_AGENCY
from flows.demo.wrong import TOO_LARGE
from flows.errors import ConfigurationError
from flows.sandbox import Sandbox, settings_text

#: File that says: this folder is a demo's, it may be emptied.
MARK = ".chorus-flows-demo"
_TOO_LARGE_BYTES = 10_000_000

_SETTINGS = """\
# An installation as the demo needs it. docs/settings.md explains every key.
{channel}
[emitter]
company = "MES"
application_code = "{application}"

[landing]
folder = "landing"
stable_seconds = 0

[landing.control]
source = "side_file"        # <extract>.ctl says how many invoices and rows must be read

[source]
profile = "generic"
company_file = "company.yaml"

[attachments]
folder = "attachments"

[brakes]
known_sellers = ["{head_office}", "{agency}"]

[returns]
after_fetch = "{after_fetch}"

[report]
folder = "reports"
language = "{language}"
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of chorus-flows below ``root``."""

    root: Path

    @property
    def settings(self) -> Path:
        """Its settings file."""
        return self.root / "chorus-flows.toml"

    @property
    def attachments(self) -> Path:
        """Its attachments."""
        return self.root / "attachments"

    def write(
        self, sandbox: Sandbox, *, application: str, language: str, after_fetch: str = "keep"
    ) -> None:
        """Write settings that lead to a started sandbox, and the company file."""
        for folder in (self.root, self.root / "landing", self.attachments):
            folder.mkdir(parents=True, exist_ok=True)
        text = _SETTINGS.format(
            channel=settings_text(sandbox),
            application=application,
            head_office=HEAD_OFFICE,
            agency=WORKS_AGENCY,
            after_fetch=after_fetch,
            language=language,
        )
        self.settings.write_text(text, encoding="utf-8")
        _copy(_data() / "company.yaml", self.root / "company.yaml")

    def land(self, part: str) -> None:
        """Put the extracts of a part of the story (``night1``…) into the landing folder."""
        _copy(_data() / part, self.root / "landing")

    def attach(self, part: str) -> None:
        """Put attachments of the story where the settings look for them."""
        _copy(_data() / part, self.attachments)

    def attach_too_large(self) -> None:
        """Make the attachment that is too large to be shipped, and to be deposited."""
        content = pdf(("Dossier des ouvrages exécutés",))
        padding = b"%" * (_TOO_LARGE_BYTES - len(content))
        (self.attachments / TOO_LARGE).write_bytes(content + padding)


def prepare(folder: Path) -> None:
    """Make ``folder`` empty; only a folder that a demo made is ever emptied.

    Raises:
        ConfigurationError: the folder holds something else, or cannot be made.
    """
    try:
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            if not (folder / MARK).is_file():
                message = f"{folder} is not a folder of the demo: nothing in it was touched."
                step = "Name another one: chorus-flows demo --folder DIR"
                raise ConfigurationError(message, next_step=step)
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text("Made by chorus-flows demo, which empties it each time.\n")
    except OSError as error:
        message = f"The demo cannot work in {folder}: {error}."
        step = "Name another folder: chorus-flows demo --folder DIR"
        raise ConfigurationError(message, next_step=step) from error


def scenario_text() -> str:
    """Return the story that the sandbox plays."""
    return (_data() / "scenario.yaml").read_text(encoding="utf-8")


def _data() -> Traversable:
    return files("flows.demo") / "data"


def _copy(source: Traversable, target: Path) -> None:
    """Copy a file or a folder that ships, contents only: its times are those of now."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        for entry in source.iterdir():
            _copy(entry, target / entry.name)
    else:
        target.write_bytes(source.read_bytes())

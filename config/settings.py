"""Settings of a chorus-flows installation: one TOML file, typed, with documented defaults.

Every fact about Chorus Pro that is proven elsewhere only, inferred or unsure is a setting here
(or in ``config/targets``), never a constant in code. Relative paths are taken from the folder of
the settings file. Secrets are not settings: a setting names the file or the environment variable
that holds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from config.channel_settings import Channel
from config.directory_settings import Directory
from config.landing_settings import Landing
from config.ledger_settings import NETWORK_FILE_SYSTEMS, Locks
from config.retention_settings import Retention
from config.returns_settings import Returns
from config.section import Section

_SectionT = TypeVar("_SectionT", bound=Section)


class Environment(StrEnum):
    """Where the flows go. A ledger belongs to exactly one environment."""

    SANDBOX = "sandbox"
    QUALIFICATION = "qualification"
    PRODUCTION = "production"


class Syntax(StrEnum):
    """Syntax of the XML written."""

    CII = "cii"
    UBL = "ubl"


class Emitter(Section):
    """Who deposits."""

    company: str = "default"
    """Key of the company in the company file and in every table of the ledger."""
    application_code: Annotated[str, Field(pattern=r"^[A-Z0-9]{6}$")] = "AAA999"
    """Partner code that AIFE gives at the connection request (three letters, three digits)."""
    first_sequence: Annotated[int, Field(ge=1, lt=10**15)] = 1
    """First flow number when the ledger is empty: set it above the last one of a former tool."""
    interfaces: dict[Syntax, Annotated[str, Field(pattern=r"^FSO[0-9]{4}[A-Z]$")]] = Field(
        default_factory=dict
    )
    """Interface by syntax (``cii``, ``ubl``), where AIFE opens another one than usual."""
    code_shared: bool = False
    """Whether another tool deposits under this code too. Flows of unknown numbers on the other side
    are then its own, and no longer tell that the ledger was restored (docs/ledger.md)."""


class Source(Section):
    """How extracts are read."""

    profile: str = "generic"
    """Name of a shipped profile, or path of a YAML file."""
    company_file: Path | None = None
    """The firm's constants (seller, IBAN, VAT codes, tables); see docs/company.md."""


class Attachments(Section):
    """Attachments named by the extract or found by pattern."""

    folder: Path = Path("attachments")
    """Folder the names of the extract are relative to; nothing outside it is ever read."""
    pattern: str = ""
    """Glob with ``{number}`` (BT-1), for instance ``{number}_*.pdf``; empty: names only."""
    missing: Literal["wait", "quarantine"] = "wait"
    """What an invoice does while one of its attachments is missing."""
    max_wait_nights: Annotated[int, Field(ge=0)] = 5
    """Nights an invoice waits before it is quarantined."""
    max_file_bytes: Annotated[int, Field(ge=1)] = 10_000_000
    """An attachment must be smaller. Chorus Pro: 10 Mo (community page, quoted by OCA); unsure:
    whether these are millions of bytes, the smaller reading, or 1024 x 1024."""
    max_invoice_bytes: Annotated[int, Field(ge=1)] = 120_000_000
    """Largest XML of an invoice, attachments included. Chorus Pro: 120 Mo (community page on
    downloads and deposits by portal or API; unsure for the EDI mode)."""


class Identity(Section):
    """What makes two invoices the same one for Chorus Pro."""

    scope: Literal["siret", "siren"] = "siret"
    """Seller part of the key. Unsure: the exact key of Chorus Pro is not published."""
    with_year: bool = False
    """Whether the year of issue is part of the key (rule of the 2026 reform; unsure here)."""
    reuse_number_after_rejection: bool = True
    """Whether a number rejected at integration may be deposited again (seen in production)."""


class TotalsPolicy(Section):
    """How the ERP's totals are treated: what the customer owes is what the ERP says."""

    tolerance: Decimal = Decimal("0.05")
    """Largest difference per total that is closed and reported; beyond it: quarantine."""
    close_with_rounding: bool = True
    """Close a difference on the amount due by BT-114; else only within BR-CO-17's tolerance."""


class Bundle(Section):
    """How invoices become flows."""

    max_invoices: Annotated[int, Field(ge=1, le=500)] = 500
    """Invoices per flow; Chorus Pro takes at most 500 (AIFE, Annexe EDI, quoted by Akuiteo)."""
    max_flow_bytes: Annotated[int, Field(ge=1)] = 900_000_000
    """Bytes of XML per flow before compression; Chorus Pro takes at most 1 Go."""
    max_chunk_attachment_bytes: Annotated[int, Field(ge=1)] = 400_000_000
    """Attachment bytes after which a chunk is cut, to bound the memory and disk of a worker."""
    gzip_level: Annotated[int, Field(ge=1, le=9)] = 6
    """1 is fast, 9 is small; 9 costs 2.4 times the time of 6 for a tenth less bytes."""
    stylesheet: Path | None = None
    """An XSL to add to each E1 flow, with a processing instruction naming it (unsure rule).
    XML that the ERP wrote keeps its bytes: it is not given that instruction."""


class Brakes(Section):
    """Limits checked before the first deposit of a run. Empty: not checked."""

    max_invoices: int | None = None
    """Largest number of invoices a night may deposit."""
    max_total: Decimal | None = None
    """Largest sum of totals with VAT, per currency, invoices and credit notes apart."""
    max_quarantine_rate: Annotated[Decimal, Field(ge=0, le=1)] | None = Decimal("0.20")
    """Largest share of quarantined invoices among those that could have gone."""
    min_invoices_for_rate: int = 50
    """Below this number of invoices the quarantine rate is not looked at."""
    max_deviation: Annotated[Decimal, Field(gt=1)] | None = None
    """Largest ratio (either way) of the number of invoices to the mean of recent nights."""
    recent_nights: Annotated[int, Field(ge=1)] = 10
    """Nights that ``max_deviation`` looks back on."""
    known_sellers: tuple[str, ...] = ()
    """SIRETs allowed as sellers; empty: those of the company file, else any."""


class Report(Section):
    """The report of a run."""

    folder: Path = Path("reports")
    """One folder per run is made in it."""
    language: Literal["fr", "en"] = "fr"
    """Language of the report and of the commands that explain findings."""
    rows_per_list: Annotated[int, Field(ge=1)] = 200
    """Invoices shown per list of the page; the CSV files always hold all of them."""


class Workers(Section):
    """The process pool."""

    processes: Annotated[int, Field(ge=0)] = 0
    """Worker processes; 0: one per core."""
    executor: Literal["processes", "inline", "dask"] = "processes"
    """``inline``: no pool (debugging); ``dask``: a cluster, with the extra ``cluster``."""
    dask_scheduler: str = ""
    """Address of the Dask scheduler (``tcp://host:8786``); empty: a cluster of its own."""
    chunk_invoices: Annotated[int, Field(ge=1, le=500)] = 500
    """Invoices per chunk; a chunk gives one flow, or more when bytes are many."""


class Referee(Section):
    """The official Schematron beside our own rules, on the XML of the night."""

    policy: Literal["all", "sample", "off"] = "sample"
    """``sample``: chosen by the hash of an invoice's identity, so that the choice is the same in
    every run. Needs the extra ``referee``; a night that asks for it and cannot have it stops."""
    rate: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.01")
    """Part of the invoices that ``sample`` asks about."""
    processes: Annotated[int, Field(ge=1)] = 1
    """Processes of its own, about 250 MB each; ``all`` on a large night wants one per core."""
    timeout: Annotated[float, Field(gt=0)] = 60
    """Seconds after which an invoice is given up; the first one includes the start."""


class PrefectShell(Section):
    """The orchestration shell."""

    enabled: bool = True
    """Run inside a Prefect flow; ``--no-prefect`` wins."""


class Settings(Section):
    """All settings of an installation."""

    environment: Environment = Environment.SANDBOX
    """``sandbox``, ``qualification`` or ``production``; a ledger belongs to one of them."""
    target: str = "chorus_direct"
    """Name of a file of ``config/targets``."""
    syntax: Syntax = Syntax.CII
    """``cii`` (FSO1106A, the better documented one) or ``ubl`` (FSO1100A)."""
    target_options: dict[str, str | bool | int] = Field(default_factory=dict)
    """Overrides of the target's options (schemeID of a SIRET, path of the engagement…)."""
    policies: dict[str, Literal["block", "warn"]] = Field(default_factory=dict)
    """Overrides of the target's policies, by rule id."""
    state_folder: Path = Path("state")
    """Claimed files, outbox, waiting invoices, return copies; on a local disk."""
    ledger_url: str = Field("", repr=False)
    """SQLAlchemy URL; empty: SQLite in the state folder. A password comes from the environment."""
    ledger_password_env: str = ""
    """Environment variable that holds the password of the ledger's database."""
    sqlite_not_on: tuple[str, ...] = NETWORK_FILE_SYSTEMS
    """Types of file systems (as ``/proc/mounts`` has them) on which SQLite is refused: shared
    between machines, they carry neither the shared memory of its WAL nor, often, its locks."""
    run_date: str = "Europe/Paris"
    """Zone of business dates."""
    emitter: Emitter = Emitter()
    landing: Landing = Landing()
    source: Source = Source()
    attachments: Attachments = Attachments()
    identity: Identity = Identity()
    totals: TotalsPolicy = TotalsPolicy()
    bundle: Bundle = Bundle()
    brakes: Brakes = Brakes()
    channel: Channel = Channel()
    returns: Returns = Returns()
    report: Report = Report()
    retention: Retention = Retention()
    directory: Directory = Directory()
    workers: Workers = Workers()
    referee: Referee = Referee()
    locks: Locks = Locks()
    prefect: PrefectShell = PrefectShell()

    @model_validator(mode="after")
    def _channel_is_complete(self) -> Settings:
        if self.channel.kind == "folder" and self.channel.root is None:
            msg = "channel.root is needed by the folder channel"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _zones_exist(self) -> Settings:
        for key, zone in (("run_date", self.run_date), ("returns.timezone", self.returns.timezone)):
            try:
                ZoneInfo(zone)
            except (ValueError, OSError, KeyError) as error:
                msg = f"{key}: there is no time zone {zone!r}"
                raise ValueError(msg) from error
        return self

    @property
    def interface(self) -> str:
        """Chorus Pro interface code of the flows written (AIFE, Le mode EDI, annexe, 2017)."""
        return self.interfaces[self.syntax]

    @property
    def interfaces(self) -> Mapping[Syntax, str]:
        """Interface codes by syntax: flows of both may lie in an outbox."""
        return {Syntax.CII: "FSO1106A", Syntax.UBL: "FSO1100A"} | self.emitter.interfaces

    def anchored(self, base: Path) -> Settings:
        """Return a copy whose relative paths are taken from ``base``."""
        anchored = _anchor(self, base)
        profile = Path(self.source.profile)
        if profile.suffix not in {".yaml", ".yml"} or profile.is_absolute():
            return anchored
        source = anchored.source.model_copy(update={"profile": str(base / profile)})
        return anchored.model_copy(update={"source": source})


def _anchor(section: _SectionT, base: Path) -> _SectionT:
    changes: dict[str, object] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Path) and not value.is_absolute():
            changes[name] = base / value
        elif isinstance(value, Section):
            changes[name] = _anchor(value, base)
    return section.model_copy(update=changes)

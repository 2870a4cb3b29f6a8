"""A scenario: which answers the sandbox gives, in which manner, and how invoices age.

Everything has a default, so that an empty scenario is an honest Chorus Pro: it judges, reports
each flow at once, and lets every accepted invoice travel to its payment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from config.yaml_text import YamlTextError, load_yaml
from flows.errors import ConfigurationError
from flows.sandbox.story_steps import Part, StoryStep

#: The usual way of an invoice (codes of AIFE, CPPStatutPivot V1_19): deposited, on its way, made
#: available, service done, payment ordered, entered in the accounts, paid.
USUAL_LIFE = (1, 2, 3, 7, 8, 10, 11)

Naming = Literal["archive", "unit", "line", "text"]
"""How a report names a rejected invoice.

``archive``: not at all, only the flow has a name; ``unit``: one status per member, by member id;
``line``: the member's file name in the description of the error line; ``text``: the invoice
number, somewhere in the error text.
"""


class InvoiceMatch(Part):
    """Which invoices a rule of the scenario is about; every key given must agree."""

    number: str = "*"
    """Pattern of the invoice number (``*`` and ``?``)."""
    buyer: str = "*"
    """Pattern of the buyer's SIRET."""
    service: str = "*"
    """Pattern of the service code."""
    every: Annotated[int, Field(ge=1)] = 1
    """One invoice out of so many, counted over the accepted ones."""

    def agrees(self, number: str, buyer: str, service: str, position: int) -> bool:
        """Tell whether an invoice is meant; ``position`` counts invoices from 1."""
        return (
            fnmatchcase(number, self.number)
            and fnmatchcase(buyer, self.buyer)
            and fnmatchcase(service, self.service)
            and position % self.every == 0
        )


class Rejection(Part):
    """An invoice to reject although nothing is wrong with it."""

    match: InvoiceMatch
    text: str = "La demande de paiement est rejetee par le systeme."
    """``{number}`` stands for the number of the invoice."""
    code: str = "SBX_MSG_09.001"
    times: Annotated[int, Field(ge=0)] = 0
    """How often it is refused in all; then it is judged like others. 0: always."""


class Life(Part):
    """The statuses an accepted invoice goes through, one per step of ageing."""

    match: InvoiceMatch = InvoiceMatch()
    statuses: tuple[int, ...] = USUAL_LIFE
    """Codes of CPPStatut; codes the schema does not know are written as they are."""
    comment: str = ""
    """Comment that goes with the statuses that want a reason: 04, 05, 06."""


class FlowAnswer(Part):
    """What happens to a flow as a whole."""

    every: Annotated[int, Field(ge=1)] = 1
    """One flow out of so many, counted over the flows taken since the sandbox was made."""
    interface: str = "*"
    """Pattern of the interface code."""
    number: str = "*"
    """Pattern of the number of one of its invoices."""
    times: Annotated[int, Field(ge=0)] = 0
    """How often it is answered so in all; then the next answer that matches is given. 0: always."""
    answer: Literal["judge", "silent", "incident", "irrecevable"] = "judge"
    """``silent``: integrated, never reported; ``incident``: not processed at all, to send again,
    and told only when a ``status`` is given; ``irrecevable``: refused whole, see ``fault``."""
    fault: Literal["name", "compression"] = "name"
    """What an irrecevable flow is refused for."""
    before: tuple[int, ...] = ()
    """Flow statuses told before the result, each in a report of its own (91, 92)."""
    naming: Naming | None = None
    """How its report names rejected invoices; none: as ``reporting`` says."""
    late: Annotated[int, Field(ge=0)] = 0
    """Steps of ageing before the report is in ``out``."""
    status: int | None = None
    """Flow status to write instead of the true one (an unknown code, for instance)."""


class Reporting(Part):
    """The manner of the reports."""

    naming: tuple[Naming, ...] = ("text", "line")
    """Manners of naming a rejected invoice; taken in turn, one per report."""
    separator: str = " |"
    """Between several errors of one invoice (seen in qualification)."""
    cut_at: Annotated[int, Field(ge=0)] = 200
    """Length at which an error text is cut (seen in qualification); 0: never."""
    compression: Literal["none", "gzip", "tar.gz"] = "none"
    """How return files are packed. Unsure: not published."""
    repeats: Annotated[int, Field(ge=0)] = 0
    """How often each return file is sent again under another name."""
    disorder: bool = False
    """Name life-cycle files against the order of their times."""
    offset: bool = True
    """Whether times carry their offset; without it they are Paris time."""
    statuses_per_file: Annotated[int, Field(ge=1)] = 500
    """Invoice statuses per life-cycle file."""


class Checks(Part):
    """Controls of the sandbox that are not certain of the real platform."""

    future_dates: Literal["refuse", "accept"] = "refuse"
    """Issue date after the day of deposit (rule G1.07)."""
    attachments: Literal["zip", "any"] = "any"
    """``zip``: the content must be a ZIP that holds one file, as in the samples of AIFE."""
    duplicate_with_year: bool = False
    """Whether the year of issue is part of what makes two invoices the same."""
    duplicate_texts: tuple[str, ...] = (
        "La facture {number} existe deja pour ce fournisseur ({path})",
    )
    """Wordings that refuse a number that is there already, taken in turn; ``{number}`` and
    ``{path}`` are filled in. The real one is not published."""


class Scenario(Part):
    """A whole story."""

    name: str = "plain"
    flows: tuple[FlowAnswer, ...] = ()
    """First match wins; none: judged and reported."""
    rejections: tuple[Rejection, ...] = ()
    lives: tuple[Life, ...] = ()
    """First match wins; none: the usual life."""
    reporting: Reporting = Reporting()
    checks: Checks = Checks()
    story: tuple[StoryStep, ...] = ()
    """What happens, one step after the other (``flows.sandbox.story``)."""
    now: datetime | None = None
    """Time of the sandbox at the start, which then goes on with the steps alone; none: now."""
    hours_per_step: Annotated[int, Field(ge=0)] = 24
    """Hours the sandbox's clock goes forward per step of ageing."""
    at_integration: Annotated[int, Field(ge=0)] = 0
    """Life-cycle statuses written together with the integration report."""

    @property
    def step(self) -> timedelta:
        """Time between two steps of ageing."""
        return timedelta(hours=self.hours_per_step)

    def flow_answers(
        self, interface: str, position: int, numbers: Collection[str]
    ) -> Iterator[tuple[int, FlowAnswer]]:
        """Yield what may happen to the flow taken as number ``position`` (from 1), with its rank.

        The first that is not used up is the one.
        """
        for rank, answer in enumerate(self.flows):
            named = answer.number == "*" or any(fnmatchcase(n, answer.number) for n in numbers)
            right = fnmatchcase(interface, answer.interface) and position % answer.every == 0
            if named and right:
                yield rank, answer

    def rejections_of(
        self, number: str, buyer: str, service: str, position: int
    ) -> Iterator[tuple[int, Rejection]]:
        """Yield the rejections wanted for an invoice that is right, with their ranks."""
        for rank, rejection in enumerate(self.rejections):
            if rejection.match.agrees(number, buyer, service, position):
                yield rank, rejection

    def life(self, number: str, buyer: str, service: str, position: int) -> Life:
        """Return the life of an accepted invoice."""
        for life in self.lives:
            if life.match.agrees(number, buyer, service, position):
                return life
        return Life()


def parse_scenario(text: str, origin: str) -> Scenario:
    """Return the scenario written in YAML ``text``; ``origin`` names it in errors.

    Raises:
        ConfigurationError: when the text is no scenario; names the key.
    """
    try:
        return Scenario.model_validate(load_yaml(text) or {})
    except (YamlTextError, ValidationError) as error:
        raise ConfigurationError(f"The scenario {origin} is wrong: {error}") from error


@cache
def shipped_scenario(name: str) -> Scenario:
    """Return a scenario of ``data/scenarios``.

    Raises:
        ConfigurationError: when no such scenario ships.
    """
    folder = files("flows.sandbox") / "data" / "scenarios"
    names = sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir())
    if name not in names:
        step = f"Scenarios that ship: {', '.join(names)}; or give the path of a YAML file."
        raise ConfigurationError(f"There is no scenario {name!r}.", next_step=step)
    source = folder / f"{name}.yaml"
    return parse_scenario(source.read_text(encoding="utf-8"), f"data/scenarios/{name}.yaml")


def load_scenario(name_or_path: str) -> Scenario:
    """Return a scenario by the name of a shipped one or by the path of a YAML file.

    Raises:
        ConfigurationError: when it cannot be read or is wrong.
    """
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"}:
        return shipped_scenario(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The scenario {path} cannot be read: {error}") from error
    return parse_scenario(text, str(path))

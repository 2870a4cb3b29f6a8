"""XML made to do harm, wherever it is read: nothing is expanded, fetched or waited for."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from config.profile import Format
from config.yaml_text import YamlTextError, load_yaml
from flows.cli.main import run
from flows.errors import ConfigurationError, ExitCode
from flows.profiles import load_company
from schemas.xml_input import parse_input
from tests.support.firm import Firm
from tests.support.xml_invoices import xml_of
from transforms.finding import Finding
from transforms.idoc import xml_documents

SECRET = "only-in-the-other-file"


def cases(secret: Path, body: str) -> dict[str, bytes]:
    """Return documents around ``body``, whose ``@`` is where harm is put."""
    laughs = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    external = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    include = (
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" '
        f'href="{secret.as_uri()}"/>'
    )
    return {
        "laughs": f"<!DOCTYPE x [<!ENTITY a0 'ha'>{laughs}]>{body.replace('@', '&a11;')}".encode(),
        "external": (external + body.replace("@", "&e;")).encode(),
        "parameter": (
            f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;]>{body}'
        ).encode(),
        "dtd": f'<!DOCTYPE x SYSTEM "{secret.as_uri()}">{body}'.encode(),
        "network": f'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">{body}'.encode(),
        "include": body.replace("@", include).encode(),
        "stylesheet": f'<?xml-stylesheet href="{secret.as_uri()}"?>{body}'.encode(),
        "utf-16": (external + body.replace("@", "&e;")).encode("utf-16"),
        "utf-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-' + body.encode(),
        "utf-32": (external + body.replace("@", "&e;")).encode("utf-32"),
        "deep": body.replace("@", "<a>" * 60_000 + "</a>" * 60_000).encode(),
        "attribute": body.replace("@", '<a b="' + "x" * 11_000_000 + '"/>').encode(),
        "attributes": body.replace(
            "@", "<a " + " ".join(f'b{n}=""' for n in range(50_000)) + "/>"
        ).encode(),
        "text": body.replace("@", "x" * 11_000_000).encode(),
        "zeros": body.encode() + bytes(1_000_000),
    }


#: Some of them are an XML like any other once nothing is followed: the text stays what it is.
HARMLESS = {"include", "stylesheet", "text", "zeros", "attribute"}


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that no XML may read."""
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


def test_an_invoice_gives_a_finding_or_its_own_text(secret: Path) -> None:
    for name, xml in cases(secret, "<Invoice><ID>@</ID></Invoice>").items():
        root, findings = parse_input(xml)
        assert root is not None or findings, name
        if root is not None:
            assert name in HARMLESS, name
            assert SECRET not in "".join(map(str, root.itertext())), name


def test_an_idoc_gives_a_finding_or_its_own_text(secret: Path) -> None:
    body = "<INVOIC02><IDOC><E1EDK01><BELNR>@</BELNR></E1EDK01></IDOC></INVOIC02>"
    layout = Format(kind="idoc", encoding="auto")
    for name, xml in cases(secret, body).items():
        read = list(xml_documents(io.BytesIO(xml), file="a.xml", layout=layout))
        told = "".join(map(repr, read))
        assert SECRET not in told, name
        assert "hahaha" not in told, name
        assert name in {*HARMLESS, "attributes", "deep"} or any(
            isinstance(one, Finding) for one in read
        ), name


def test_validate_tells_each_and_reads_no_other_file(
    secret: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = []
    for name, xml in cases(secret, "<Invoice><ID>@</ID></Invoice>").items():
        paths.append(tmp_path / f"{name}.xml")
        paths[-1].write_bytes(xml)
    code = run(["validate", *map(str, paths), "--layers", "xsd,rules", "--json"])
    assert code is ExitCode.FINDINGS
    told = capsys.readouterr()
    assert SECRET not in told.out + told.err
    assert "Traceback" not in told.err


def test_a_night_of_xml_holds_each_back_and_sends_the_others(secret: Path, tmp_path: Path) -> None:
    good = xml_of(tmp_path / "xml", "cii", "F1")["F1"].decode()
    declaration, _, body = good.partition("?>")
    firm = Firm(tmp_path / "firm", {"source": {"profile": "cii"}})
    name = "Fournitures Exemple SA"
    for case, xml in cases(secret, body.replace(name, "@", 1)).items():
        if case not in {"text", "zeros", "stylesheet"}:
            firm.drop(f"{case}.xml", xml)
    firm.drop("good.xml", good)
    firm.now = firm.now.replace(month=10)
    assert declaration.startswith("<?xml")
    assert firm.code(firm.run()) is ExitCode.FINDINGS
    assert len(firm.arrived()) == 1
    with firm.ledger() as ledger:
        states = [invoice.state.value for invoice in ledger.invoices()]
        told = repr([found.finding for found in ledger.findings()])
    assert sorted(set(states)) == ["handed_over", "quarantined"]
    assert states.count("handed_over") == 1
    assert SECRET not in told
    for path in (tmp_path / "firm").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 200_000,
        "- " * 100_000 + "x",
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
        "a: &a [*a]",
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system ''",
    ],
)
def test_yaml_neither_runs_nor_grows(tmp_path: Path, text: str) -> None:
    path = tmp_path / "company.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        load_company(path)
    if "&a [*a]" not in text:
        with pytest.raises(YamlTextError):
            load_yaml(text)

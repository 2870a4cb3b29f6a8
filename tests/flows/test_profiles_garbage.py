"""Every shipped profile against files that are no extract: a clear refusal or findings."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.profile import Profile
from flows.convert import convert_files, settings_for
from flows.profiles import load_profile, shipped_profiles
from tests.support.documents import EANCOM, idoc_flat, idoc_invoice, idoc_xml, interchange, message
from tests.support.extract_engine import Engine
from tests.support.extract_shapes import bases
from tests.support.firm import COMPANY, NOW

_PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n%%EOF\n"


def _zip(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def _garbage() -> Iterator[tuple[str, bytes]]:
    """Yield a name for each kind of garbage, and its bytes."""
    rng = random.Random("garbage")
    noise = bytes(rng.randrange(256) for _ in range(5000))
    yield "empty", b""
    yield "one byte", b"\xe9"
    yield "one letter", b"a"
    yield "line ends", b"\r\n\n\r\n"
    yield "separators", b";;;;\n;;;;\n"
    yield "nulls", b"\0" * 300
    yield "noise", noise
    yield "noise in text", b"a;b;c\n" + noise
    yield "mark alone", b"\xef\xbb\xbf"
    yield "wide mark alone", b"\xff\xfe"
    yield "half a wide letter", b"\xff\xfea"
    yield "utf-32", "a;b\n".encode("utf-32")
    yield "long line", b"x" * 300_000
    yield "open quote", b'"' + b"a;b\n" * 2000
    yield "pdf", _PDF
    yield "zip", _zip(("a.csv", b"invoice_number;invoice_date\n1;2\n"))
    yield "zip of sheets", _zip(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<a/>"))
    yield "gzip", gzip.compress(b"a;b\n1;2\n", mtime=0)
    yield "html", b"<!DOCTYPE html><html><body><p>Erreur 500</body></html>"
    yield "xml", b'<?xml version="1.0"?><a xmlns="urn:x"><b/></a>'
    yield "broken xml", b'<?xml version="1.0"?><INVOIC02><IDOC><E1EDK01>'
    yield "xml bomb", b'<!DOCTYPE a [<!ENTITY x "yy"><!ENTITY z "&x;&x;">]><INVOIC02>&z;</INVOIC02>'
    yield "json", b'{"error": "not found"}'
    yield "fec", b"JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum\nVE|V|1|20260101|411\n"
    yield "idoc", idoc_xml(idoc_invoice())
    yield "flat idoc", idoc_flat(idoc_invoice())
    yield "edifact", interchange(message(EANCOM))
    yield "cut edifact", interchange(message(EANCOM))[:100]
    yield "edifact head", b"UNA:+.? 'UNB"
    for base in bases():
        yield f"{base.name} extract", base.form.write(base.sheets[0].rows)


GARBAGE = dict(_garbage())


def _names(profile: Profile) -> list[str]:
    """Return file names that the profile looks for, of which each stands for a kind of file."""
    shape = profile.shape
    patterns = (
        [*shape.header_files[:1], *shape.lines_files[:1]]
        if shape.kind == "header_lines"
        else ["extract"]
    )
    patterns += [join.files[0] for join in profile.joined if join.files and not join.of_itself]
    names = dict.fromkeys(pattern.replace("*", "x").removesuffix(".") for pattern in patterns)
    return [name if name.endswith((".csv", ".xml")) else f"{name}.csv" for name in names]


#: Kinds of files of which no invoice can come, whatever the profile.
_NOTHING = tuple(kind for kind in GARBAGE if not kind.endswith(("extract", "idoc", "edifact")))
_TABLES = [name for name in shipped_profiles() if load_profile(name).format.syntax is None]
_WRITTEN = [name for name in shipped_profiles() if name not in _TABLES]


@pytest.mark.parametrize("profile", _TABLES)
def test_garbage_is_refused_or_told(profile: str, tmp_path: Path) -> None:
    engine = Engine(tmp_path, profile)
    names = _names(engine.profile)
    for kind, data in GARBAGE.items():
        for files in (dict.fromkeys(names, data), {"unknown.csv": data}, {"unknown.xlsx": data}):
            result = engine.run(files)
            assert "XT-INTERNAL-01" not in result.rules, (kind, result.rules)
            if result.refused:
                assert any(name in result.refused for name in files), (kind, result.refused)
            elif kind in _NOTHING:
                assert not result.ready, (kind, result.ready)
                assert result.rules, (kind, list(files))


@pytest.mark.parametrize("profile", _WRITTEN)
def test_garbage_is_no_invoice_that_the_erp_wrote(profile: str, tmp_path: Path) -> None:
    company = tmp_path / "company.yaml"
    company.write_text(COMPANY, "utf-8")
    paths = []
    for rank, data in enumerate(GARBAGE.values()):
        paths.append(tmp_path / f"{rank}.xml")
        paths[-1].write_bytes(data)
    told = settings_for(paths, profile=profile, company=company)
    done = convert_files(paths, told, out=tmp_path / "out", clock=lambda: NOW)
    assert (done.written, done.held_back) == (0, len(GARBAGE))
    assert not any("XT-INTERNAL-01" in line for line in done.lines)

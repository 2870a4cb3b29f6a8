"""A claimed XML stands where the rows of an extract stand."""

from __future__ import annotations

import pickle
from pathlib import Path

from flows.xml_document import XmlDocument
from transforms.outcome import Span


def test_it_is_a_place_and_a_hash_and_travels_to_a_worker() -> None:
    document = XmlDocument(Path("claimed/f.xml"), "f.xml", "aa")
    assert document.span == Span(file="f.xml", file_sha256="aa", first_line=1, last_line=1)
    assert (document.key, document.findings, document.blocks) == ("", (), ())
    assert pickle.loads(pickle.dumps(document)) == document

"""What D16B forbids although D22B admits it: an allow-list for the CII we write.

No package on the public indexes ships the D16B schema, so the gate is D22B, which is compatible
upwards, and this list: per element the children it may have and which of them only once
(``config/codes/cii_d16b_allowed.yaml``). The conformance run proves every row against D16B.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, TypeAlias

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from config.yaml_text import load_yaml
from schemas.paths import local_name, term_of, xpath_of
from transforms.finding import Finding, Location, Severity
from transforms.xml_path import Ranks, line_of

QName = Annotated[str, Field(pattern=r"^[a-z]+:[A-Za-z]+$")]

#: Tag of a child → whether it may come more than once, and what it may hold in turn.
Children: TypeAlias = dict[str, tuple[bool, "Children"]]


class AllowedChildren(BaseModel):
    """Children of one element: those that may come once, and those without limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    one: tuple[QName, ...] = ()
    many: tuple[QName, ...] = ()


class AllowList(BaseModel):
    """The list as written; names are ``prefix:name`` with the prefixes of ``namespaces``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    namespaces: Mapping[str, str]
    root: QName
    elements: Mapping[QName, AllowedChildren]

    def tag(self, name: str) -> str:
        """Return ``{namespace}name`` for ``prefix:name``."""
        prefix, _, local = name.partition(":")
        return f"{{{self.namespaces[prefix]}}}{local}"


@cache
def load_allowlist() -> AllowList:
    """Return the list that ships with the project."""
    text = (files("config") / "codes" / "cii_d16b_allowed.yaml").read_text("utf-8")
    return AllowList.model_validate(load_yaml(text))


def check(root: etree._Element) -> tuple[Finding, ...]:
    """Return XS-D16B-01 per element D16B does not know there, XS-D16B-02 per one too many.

    The tree must be valid D22B: order and mandatory children are not looked at again, and equal
    siblings stand together, so that a second one is told by its predecessor.
    """
    found: list[Finding] = []
    ranks: Ranks = {}
    todo: list[tuple[etree._Element, Children]] = [(root, _compiled())]
    for parent, allowed in todo:
        before: object = None
        for child in parent:
            tag = child.tag
            rule = allowed.get(tag)
            if rule is None:
                if isinstance(tag, str):  # the tag of a comment is a function
                    found.append(_finding("XS-D16B-01", child, ranks))
                continue
            many, below = rule
            if tag == before and not many:
                found.append(_finding("XS-D16B-02", child, ranks))
            before = tag
            if below:
                todo.append((child, below))
    return tuple(found)


def _finding(rule: str, element: etree._Element, ranks: Ranks) -> Finding:
    parent = element.getparent()
    params = {
        "element": local_name(element),
        "parent": local_name(parent) if parent is not None else "",
    }
    where = Location(line=line_of(element), xpath=xpath_of(element, ranks))
    return Finding(rule, Severity.FATAL, where, term_of(element), element.text, params)


@cache
def _compiled() -> Children:
    """Return what the root may hold; the tables of equal elements are shared, not copied."""
    listed = load_allowlist()
    tables: dict[str, Children] = {name: {} for name in listed.elements}
    for name, children in listed.elements.items():
        for names, many in ((children.one, False), (children.many, True)):
            for child in names:
                tables[name][listed.tag(child)] = (many, tables.get(child, {}))
    return tables[listed.root]

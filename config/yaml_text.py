"""Read YAML text strictly: a key given twice is an error, not a silent override."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

#: Nesting and number of nodes of a text; the largest table that ships has 5 and about 6,000.
_DEEPEST, _MOST_NODES = 60, 500_000


class YamlTextError(ValueError):
    """Raised when a text is no YAML, or gives a key twice; says the line and the column."""


class _StrictLoader(yaml.CSafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                if key_node.value in seen:
                    problem = f"key {key_node.value!r} is given twice"
                    raise yaml.constructor.ConstructorError(
                        None, None, problem, key_node.start_mark
                    )
                seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


# As in YAML 1.2, and in the editors that know our schemas: only true and false are truth values.
# Else ``on`` and ``NO`` (Norway) would not be the texts that they are.
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def _guard(text: str) -> None:
    """Refuse what would take the process down once its nodes are built, before any of them is.

    Aliases are counted as what they stand for: ten of ten of ten make a bomb.
    """
    open_nodes: list[tuple[str | None, int]] = []
    sizes: dict[str, int] = {}
    count = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, count))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = count - before + 1
        elif isinstance(event, yaml.AliasEvent):
            count += sizes.get(event.anchor or "", 1)
        count += 1
        if len(open_nodes) > _DEEPEST or count > _MOST_NODES:
            what = "it nests too deep" if len(open_nodes) > _DEEPEST else "it holds too much"
            problem = f"{what}, aliases counted as what they stand for"
            mark = event.start_mark
            place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
            raise YamlTextError(place + problem)


def load_yaml(text: str) -> Any:
    """Return the content of a YAML ``text`` with one document (None when it is empty).

    Raises:
        YamlTextError: naming line and column.
    """
    try:
        _guard(text)
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - the loader is a safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        msg = f"{place}{error.problem}"
        raise YamlTextError(msg) from error
    except yaml.YAMLError as error:
        raise YamlTextError(" ".join(str(error).split())) from error

"""JSON Schema of the files that people write, so that an editor completes and checks them.

Generated from the types: what they say of a key is what the editor shows. Business terms come with
their names in French and English. Draft 7: what the language servers of YAML and TOML understand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from config.company import Company
from config.profile import Profile
from config.settings import Settings
from config.terms import Term, registry

SchemaName: TypeAlias = Literal["profile", "company", "settings"]
SCHEMA_NAMES: Final[tuple[SchemaName, ...]] = get_args(SchemaName)

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
#: Keywords whose keys are names, not keywords.
_BY_NAME: Final = frozenset({"properties", "$defs"})
_TITLES: Final[Mapping[SchemaName, str]] = {
    "profile": "chorus-flows: profile of an extract",
    "company": "chorus-flows: company file",
    "settings": "chorus-flows: settings",
}
_MODELS: Final[Mapping[SchemaName, type[BaseModel]]] = {
    "profile": Profile,
    "company": Company,
    "settings": Settings,
}


class _Generator(GenerateJsonSchema):
    """Without titles: a key is its own title."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Whether a field gets a title made of its name: never."""
        return False


def json_schema(name: SchemaName) -> dict[str, Any]:
    """Return the JSON Schema of a profile, a company file or the settings."""
    made = _MODELS[name].model_json_schema(schema_generator=_Generator)
    if name == "profile":
        _complete_profile(made)
    elif name == "company":
        _complete_company(made)
    _tidy(made)
    return {"$schema": _DRAFT, "title": _TITLES[name], **made}


def _complete_profile(made: dict[str, Any]) -> None:
    """Add what is read before the types see it, and the terms by their names."""
    source = {"$ref": "#/$defs/TermSource"}
    properties = made["properties"]
    made["properties"] = {
        "extends": {
            "type": "string",
            "description": "A shipped profile, or a file beside this one; keys given here win.",
        },
        **properties,
    }
    # A profile that extends another need not repeat what that one says.
    made["required"] = ["profile"]
    properties["header"] |= _terms(lambda term: term.level == "document", source)
    properties["lines"] |= _terms(lambda term: term.level == "line", source)
    group = made["$defs"]["RepeatedGroup"]["properties"]
    group["terms"] |= _terms(lambda term: term.group is not None, source)
    group["group"]["enum"] = list(registry().groups)


def _complete_company(made: dict[str, Any]) -> None:
    text = {"type": "string"}
    for part in (made, made["$defs"]["CompanyUnit"]):
        part["properties"]["defaults"] |= _terms(lambda term: term.level == "document", text)
    table = made["$defs"]["Enrichment"]["properties"]
    table["key"] |= _terms(_single, text)
    table["gives"] |= _terms(lambda term: _single(term) and term.path is not None, text)


def _single(term: Term) -> bool:
    return term.level == "document" and term.group is None


def _terms(which: Callable[[Term], bool], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords of a mapping whose keys are the terms of ``which``."""
    return {
        "properties": {
            term.id: {**value, "description": f"{term.name('fr')} / {term.name('en')}"}
            for term in registry().terms.values()
            if which(term)
        },
        "additionalProperties": False,
    }


def _tidy(schema: Any) -> None:
    """Make descriptions one line of Markdown; leave out what says nothing or is not read."""
    if isinstance(schema, list):
        for item in schema:
            _tidy(item)
    if not isinstance(schema, dict):
        return
    schema.pop("title", None)
    described = schema.get("description")
    if isinstance(described, str):
        schema["description"] = " ".join(described.replace("``", "`").split())
    if not isinstance(schema.get("default", ""), str | bool | int | float | list):
        del schema["default"]
    if schema.get("format") == "path":
        del schema["format"]
    if "$ref" in schema and len(schema) > 1:
        # Draft 7 reads nothing beside a reference.
        schema["allOf"] = [{"$ref": schema.pop("$ref")}]
    for key, value in schema.items():
        if key in _BY_NAME:
            for item in value.values():
                _tidy(item)
        elif key not in ("default", "enum", "const"):
            _tidy(value)

"""The words of the report (``config/report_texts/fr.yaml`` and ``en.yaml``).

Both files hold the same keys with the same placeholders. A text that depends on a number has two
forms, ``one`` and ``other``; French uses ``one`` for 0 and 1, English for 1 only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from config.catalogue import Language, placeholders
from config.yaml_text import YamlTextError, load_yaml

_FORMS = frozenset({"one", "other"})


class ReportTextError(ValueError):
    """Raised when a file of words is malformed, or a key is not in it."""


class ReportTexts:
    """The words of one language."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = MappingProxyType(dict(texts))

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    def __call__(self, key: str, /, **fields: object) -> str:
        """Return the text of ``key``, filled.

        Raises:
            ReportTextError: there is no such key.
        """
        try:
            return self._texts[key].format_map(fields)
        except KeyError as error:
            msg = f"report_texts/{self.language}.yaml: {key} lacks {error}"
            raise ReportTextError(msg) from error

    def plural(self, key: str, number: int, /, **fields: object) -> str:
        """Return the form of ``key`` that goes with ``number``, filled.

        Raises:
            ReportTextError: there is no such key.
        """
        one = number in (0, 1) if self.language == "fr" else number == 1
        return self(f"{key}.{'one' if one else 'other'}", **fields)

    def named(self, prefix: str, code: str) -> str:
        """Return the everyday name of a code, or the code itself when it has none."""
        return self._texts.get(f"{prefix}.{code}", code)

    def fields_of(self, key: str) -> frozenset[str]:
        """Return the names of the placeholders of a text."""
        return placeholders(self._texts[key])


@lru_cache(maxsize=2)
def load_report_texts(language: Language) -> ReportTexts:
    """Return the words that ship with the project, read once per process.

    Raises:
        ReportTextError: naming the file and the entry that is malformed.
    """
    name = f"{language}.yaml"
    text = files("config").joinpath("report_texts", name).read_text(encoding="utf-8")
    return read_report_texts(text, language, name=name)


def read_report_texts(text: str, language: Language, *, name: str) -> ReportTexts:
    """Return the words of one YAML ``text``; nested keys are joined by dots.

    Raises:
        ReportTextError: naming the file and the entry that is malformed.
    """
    try:
        content = load_yaml(text)
    except YamlTextError as error:
        msg = f"{name}: {error}"
        raise ReportTextError(msg) from error
    return ReportTexts(language, dict(_flat(content, "", name)))


def _flat(entry: Any, path: str, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(entry, dict) and entry:
        keys = set(entry)
        if keys & _FORMS and keys != _FORMS:
            msg = f"{name}, {path}: a text that counts needs one and other, nothing else"
            raise ReportTextError(msg)
        for key, inner in entry.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key), name)
    elif isinstance(entry, str) and entry.strip():
        yield path, entry.strip("\n")
    else:
        msg = f"{name}, {path or 'file'}: must be text, not empty"
        raise ReportTextError(msg)

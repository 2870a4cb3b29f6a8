"""How findings speak of the company file: its name, and the lines to add to it."""

from __future__ import annotations

import json
import re

from config.company import Company

#: Texts that YAML would take for something else than a text, or that need quotes.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_YAML_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


def file_params(company: Company | str | None) -> dict[str, str]:
    """Return how findings call the company file, in both languages: by its name when known."""
    name = company if isinstance(company, str) else company.file_name if company else ""
    return {
        "company_file_fr": name or "votre fichier société",
        "company_file_en": name or "your company file",
    }


def yaml_key(code: str) -> str:
    """Return a code as the key of a YAML entry: in quotes unless it can only be text."""
    if _PLAIN.fullmatch(code) and code.lower() not in _YAML_WORDS:
        return code
    return json.dumps(code, ensure_ascii=False)

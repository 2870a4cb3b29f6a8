"""Settings of the archive: how long files are kept before a purge may remove them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.section import Section

#: Years; 0 keeps for good.
_Years = Annotated[int, Field(ge=0, le=100)]


class Retention(Section):
    """How long files are kept before ``audit purge`` may remove them; see docs/audit.md.

    Ten years for accounting documents and their vouchers (code de commerce, art. L123-22), six for
    what the tax authorities may ask for (livre des procédures fiscales, art. L102 B). The longer
    one is the default. ``0``: kept for good. Hashes, identities and states are never purged.
    """

    extracts_years: _Years = 10
    """Extracts as they were claimed, with their control files."""
    flows_years: _Years = 10
    """Flows as they were deposited: the invoices themselves."""
    returns_years: _Years = 10
    """Return files of Chorus Pro."""
    reports_years: _Years = 10
    """Reports of the runs: they name customers and amounts."""
    financial_year_ends: Annotated[int, Field(ge=1, le=12)] = 12
    """Last month of the firm's financial year. The years count from the end of the one in which a
    file came: accounting documents are kept from the closing of the accounts."""

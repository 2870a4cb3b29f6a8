"""The ledger: what was read, sent and answered, durable, and each number sent once.

One database (SQLite by default, PostgreSQL by URL) of one environment. States change only through
the methods of :class:`Ledger`, each change with an event. See docs/ledger.md.
"""

from __future__ import annotations

from flows.ledger.dialect import copy_sqlite, sqlite_file
from flows.ledger.directory_book import DirectoryImport, DirectorySource
from flows.ledger.ledger import Ledger
from flows.ledger.records import (
    Conflict,
    EventMark,
    EventRecord,
    ExtractRecord,
    FindingRecord,
    FlowRecord,
    ImportResult,
    InvoiceRecord,
    Known,
    MemberRecord,
    ReturnRecord,
    RunRecord,
    SentInvoice,
    StatusRecord,
    StatusRow,
    WaitingRecord,
    spool_name,
)
from flows.ledger.schema import Upgrade, upgrade
from flows.ledger.states import (
    FREEABLE,
    HOLDING,
    UNREPORTED,
    ExtractState,
    FlowState,
    InvoiceState,
    ReturnState,
    RunState,
)
from flows.ledger.store import SYSTEM, utc_now

__all__ = [
    "FREEABLE",
    "HOLDING",
    "SYSTEM",
    "UNREPORTED",
    "Conflict",
    "DirectoryImport",
    "DirectorySource",
    "EventMark",
    "EventRecord",
    "ExtractRecord",
    "ExtractState",
    "FindingRecord",
    "FlowRecord",
    "FlowState",
    "ImportResult",
    "InvoiceRecord",
    "InvoiceState",
    "Known",
    "Ledger",
    "MemberRecord",
    "ReturnRecord",
    "ReturnState",
    "RunRecord",
    "RunState",
    "SentInvoice",
    "StatusRecord",
    "StatusRow",
    "Upgrade",
    "WaitingRecord",
    "copy_sqlite",
    "spool_name",
    "sqlite_file",
    "upgrade",
    "utc_now",
]

"""The ledger: what was read, sent and answered, durable, and each number sent once.

One database (SQLite by default, PostgreSQL by URL) of one environment. States change only through
the methods of :class:`Ledger`, each change with an event. See docs/ledger.md.
"""

from __future__ import annotations

from flows.ledger.audit_book import DepositRecord, ManifestRecord, TakenUp
from flows.ledger.dialect import copy_sqlite, sqlite_file
from flows.ledger.directory_book import DirectoryImport, DirectorySource
from flows.ledger.kept_file_book import KeptFile, latest_of
from flows.ledger.ledger import Ledger
from flows.ledger.locks import COLLECT, DEPOSIT, LOCKS, LockRecord
from flows.ledger.records import (
    CarriedRecord,
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
    LIVING,
    UNREPORTED,
    ExtractState,
    FlowState,
    InvoiceState,
    ReturnState,
    RunState,
)
from flows.ledger.store import SYSTEM, utc_now

__all__ = [
    "COLLECT",
    "DEPOSIT",
    "FREEABLE",
    "HOLDING",
    "LIVING",
    "LOCKS",
    "SYSTEM",
    "UNREPORTED",
    "CarriedRecord",
    "Conflict",
    "DepositRecord",
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
    "KeptFile",
    "Known",
    "Ledger",
    "LockRecord",
    "ManifestRecord",
    "MemberRecord",
    "ReturnRecord",
    "ReturnState",
    "RunRecord",
    "RunState",
    "SentInvoice",
    "StatusRecord",
    "StatusRow",
    "TakenUp",
    "Upgrade",
    "WaitingRecord",
    "copy_sqlite",
    "latest_of",
    "spool_name",
    "sqlite_file",
    "upgrade",
    "utc_now",
]

"""Tables of the ledger (SQLAlchemy Core).

The migrations create them; a test compares both. ``company`` (key of the company file) and
``emitter`` (partner code given by AIFE) are columns of every table, so that one ledger can serve
several companies. Times are UTC. Amounts are text, digit for digit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from flows.ledger.columns import BigKey, Money, State, UtcTime
from flows.ledger.states import ExtractState, FlowState, InvoiceState, ReturnState, RunState

#: Constraint names must not depend on the database: migrations drop them by name.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _scope() -> tuple[Column[Any], Column[Any]]:
    return Column("company", Text, nullable=False), Column("emitter", Text, nullable=False)


def _key() -> Column[Any]:
    return Column("id", BigKey, primary_key=True, autoincrement=True)


meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    *_scope(),  # who created the ledger
    Column("environment", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    *_scope(),
    Column("kind", Text, nullable=False),  # nightly, import
    Column("run_date", Date, nullable=False),
    Column("state", State(RunState), nullable=False),
    Column("settings_hash", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("exit_code", Integer),
    Column("balance", JSON),
    # What happened to it, counted, and how much of that its report tells.
    Column("changes", BigInteger, nullable=False, server_default="0"),
    Column("told", BigInteger, nullable=False, server_default="0"),
    Index(None, "company", "emitter", "started_at"),
)

extracts = Table(
    "extracts",
    metadata,
    _key(),
    *_scope(),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("claimed_as", Text, nullable=False),
    Column("state", State(ExtractState), nullable=False),
    Column("rows", BigInteger),
    Column("invoices", BigInteger),
    Column("claimed_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    UniqueConstraint("run_id", "sha256"),
    Index(None, "sha256"),
)

sequences = Table(
    "sequences",
    metadata,
    _key(),
    *_scope(),  # numbers are the emitter's, whatever the company that reserved them
    Column("interface", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("reserved_at", UtcTime, nullable=False),
    UniqueConstraint("emitter", "interface", "first"),
)

flows = Table(
    "flows",
    metadata,
    Column("flow_id", Text, primary_key=True),
    *_scope(),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("interface", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("invoices", Integer, nullable=False),
    Column("state", State(FlowState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("temporary_name", Text),
    Column("detail", Text, nullable=False),
    Column("replaces", Text),  # the flow this one sends again
    Column("built_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("deposited_at", UtcTime),
    Column("reported_at", UtcTime),
    UniqueConstraint("file_name"),
    Index(None, "state"),
    Index(None, "run_id"),
)

invoices = Table(
    "invoices",
    metadata,
    _key(),
    *_scope(),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("origin", Text, nullable=False),  # extract, import
    Column("position", BigInteger, nullable=False),
    Column("file", Text, nullable=False),
    Column("file_sha256", Text, nullable=False),
    Column("first_line", BigInteger, nullable=False),
    Column("last_line", BigInteger, nullable=False),
    Column("state", State(InvoiceState), nullable=False),
    Column("reason", Text),
    Column("number", Text),
    Column("identity_key", Text),
    Column("seller_scheme", Text),
    Column("seller_id", Text),
    Column("content_hash", Text),
    Column("type_code", Text),
    Column("issue_date", Date),
    Column("currency", Text),
    Column("total", Money),
    Column("buyer_id", Text),
    Column("buyer_name", Text),
    Column("service_code", Text),
    Column("engagement", Text),
    Column("flow_id", ForeignKey("flows.flow_id")),
    Column("member_id", Text),
    Column("nights", Integer, nullable=False),  # nights waited so far, this one included
    Column("taken_over_by", Text),  # run that read the invoice again (waiting, quarantined)
    Column(
        "follows", BigInteger
    ),  # row of the invoice rejected by the buyer that this one replaces
    Column("life_status", Text),
    Column("life_label", Text),
    Column("life_at", UtcTime),
    Column("changed_at", UtcTime, nullable=False),
    UniqueConstraint("run_id", "file_sha256", "first_line"),
    Index(None, "run_id", "state"),
    Index(None, "state"),
    Index(None, "number", postgresql_using="hash"),  # of any length, right or wrong
    Index(None, "flow_id"),
    Index(None, "follows"),
    Index(None, "life_status"),
)

identities = Table(
    "identities",
    metadata,
    Column("key", Text, primary_key=True),
    *_scope(),
    Column("number", Text, nullable=False),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Column("held_at", UtcTime, nullable=False),
    Index(None, "number"),
    UniqueConstraint("invoice_id"),
)

deposits = Table(
    "deposits",
    metadata,
    _key(),
    *_scope(),
    Column("flow_id", ForeignKey("flows.flow_id"), nullable=False),
    Column("invoice_id", ForeignKey("invoices.id"), nullable=False),
    Column("member_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),  # 1 for the first flow that carries the invoice
    Column("outcome", State(InvoiceState), nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    UniqueConstraint("member_id"),
    UniqueConstraint("flow_id", "invoice_id"),
    Index(None, "invoice_id"),
)

events = Table(
    "events",
    metadata,
    _key(),
    *_scope(),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),  # run, extract, invoice, flow, return, identity…
    Column("run_id", Text),
    Column("invoice_id", BigInteger),
    Column("flow_id", Text),
    Column("source", Text, nullable=False),  # state before; empty at the start
    Column("target", Text, nullable=False),  # state after
    Column("reason", Text, nullable=False),
    Index(None, "run_id"),
    Index(None, "invoice_id"),
    Index(None, "flow_id"),
)

findings = Table(
    "findings",
    metadata,
    _key(),
    *_scope(),
    Column("run_id", ForeignKey("runs.run_id")),
    Column("invoice_id", ForeignKey("invoices.id")),
    Column("flow_id", Text),
    Column("return_id", BigInteger),
    Column("found_at", UtcTime, nullable=False),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("line", BigInteger),
    Column("column", Text),
    Column("xpath", Text),
    Column("bt", Text),
    Column("value", Text),
    Column("params", JSON, nullable=False),
    Index(None, "run_id"),
    Index(None, "invoice_id"),
)

returns = Table(
    "returns",
    metadata,
    _key(),
    *_scope(),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("kept_as", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", State(ReturnState), nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    UniqueConstraint("company", "emitter", "sha256"),
    Index(None, "state"),
)

statuses = Table(
    "statuses",
    metadata,
    _key(),
    *_scope(),
    Column("return_id", ForeignKey("returns.id"), nullable=False),
    Column("rank", Integer, nullable=False),  # place in its return file, from 0
    Column("kind", Text, nullable=False),  # flow, invoice
    Column("code", Text, nullable=False),  # as received
    Column("label", Text, nullable=False),
    Column("at", UtcTime),  # its own time; empty when it could not be read
    Column("at_text", Text, nullable=False),  # as received
    Column("received_at", UtcTime, nullable=False),
    Column("flow_id", Text),
    Column("member_id", Text),
    Column("invoice_id", ForeignKey("invoices.id")),
    Column("seller_scheme", Text),
    Column("seller_id", Text),
    Column("number", Text),
    Column("message", Text, nullable=False),
    Column("details", JSON, nullable=False),
    Column("unknown_to_us", Boolean, nullable=False),  # a *foreign* status
    UniqueConstraint("return_id", "rank"),
    Index(None, "invoice_id"),
    Index(None, "flow_id", postgresql_using="hash"),  # of any length, as received
    Index(None, "number", postgresql_using="hash"),
)

directory_imports = Table(
    "directory_imports",
    metadata,
    _key(),
    *_scope(),
    Column("imported_at", UtcTime, nullable=False),
    Column("dated", Date, nullable=False),  # when the directory was published
    Column("actor", Text, nullable=False),
    Column("structures_file", Text, nullable=False),
    Column("structures_sha256", Text, nullable=False),
    Column("services_file", Text),
    Column("services_sha256", Text),
    Column("structures", Integer, nullable=False),
    Column("services", Integer),  # empty: not imported
    Column("repaired", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
)

directory = Table(
    "directory",
    metadata,
    _key(),
    *_scope(),
    Column("identifier", Text, nullable=False),  # SIRET of a public structure
    Column("service_code", Text, nullable=False),  # empty for the structure itself
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("engagement_required", Boolean, nullable=False),
    # Of a structure only.
    Column("kind", Text),
    Column("service_required", Boolean),
    Column("service_or_engagement", Boolean),
    Column("works_owner_only", Boolean),
    Column("tells_payment", Boolean),
    Column("postcode", Text),
    Column("city", Text),
    # Of a service only.
    Column("valid_from", Date),
    Column("valid_until", Date),
    UniqueConstraint("company", "emitter", "identifier", "service_code"),
)

locks = Table(
    "locks",
    metadata,
    *_scope(),
    Column("name", Text, nullable=False),  # deposit, collect
    Column("token", Text, nullable=False),  # of this taking: a lock taken over is another one
    Column("host", Text, nullable=False),
    Column("system", Text, nullable=False),  # boot id of the machine: differs after each start
    Column("pid", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),  # ticks from boot to the start of the process
    Column("outbox", Text, nullable=False),  # identity of the outbox that its owner sees
    Column("taken_at", UtcTime, nullable=False),  # both by the clock of the database, so that
    Column("seen_at", UtcTime, nullable=False),  # machines agree; the last sign of life
    PrimaryKeyConstraint("emitter", "name"),
)

manifests = Table(
    "manifests",
    metadata,
    _key(),
    *_scope(),
    Column("rank", BigInteger, nullable=False),  # place in the chain, from 1
    Column("kind", Text, nullable=False),  # run, collect, or an operator's action
    Column("run_id", Text),
    Column("sha256", Text, nullable=False),  # of the manifest file
    Column("previous", Text, nullable=False),  # of the one before; empty for the first
    Column("last_event", BigInteger, nullable=False),  # id of the last event it covers
    Column("written_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),  # the text of the file, so that it can be written again
    UniqueConstraint("company", "emitter", "rank"),
    Index(None, "run_id"),
)

kept_files = Table(
    "kept_files",
    metadata,
    _key(),
    *_scope(),
    Column("run_id", Text),
    Column("rank", BigInteger, nullable=False),  # of the manifest that names it
    Column("kind", Text, nullable=False),  # extract, companion, flow, members, report, return
    Column("path", Text, nullable=False),  # below the state folder; reports/… is report.folder
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("kept_at", UtcTime, nullable=False),
    Column("purged_at", UtcTime),  # a tombstone from then on
    Column("purged_rank", BigInteger),  # of the manifest that seals the tombstone
    # A report is written anew: each manifest that names it has a row of its own.
    UniqueConstraint("company", "emitter", "path", "rank"),
    Index(None, "run_id"),
    Index(None, "company", "emitter", "rank"),
    Index(None, "purged_rank"),
)

"""One invoice's file for an auditor: a ZIP that explains itself and proves where it comes from.

The same ledger and files give the same bytes. What concerns other invoices stays out: of an extract
only the lines of this one, of a return file only the statuses about it, with the hash of the whole.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from pathlib import Path
from shlex import quote

from config.settings import Settings
from config.statuses import statuses_for
from flows.audit.archive import Archive, hash_of
from flows.audit.dossier_facts import Folder, Part, facts_of
from flows.audit.dossier_page import render
from flows.audit.dossier_tables import events_csv, findings_csv, statuses_csv
from flows.audit.extract_lines import Cut, cut_naming, cut_span
from flows.channels.localfile import fsync_folder
from flows.errors import ConfigurationError, disk_failed
from flows.ledger import DepositRecord, FlowRecord, InvoiceRecord, Ledger, ManifestRecord
from flows.sent import is_as_built, sent_members
from transforms.canonical import canonical
from transforms.naming import MEMBER_EXTENSION, NamingError
from transforms.unbundle import Limits, UnbundleError

#: Oldest time a ZIP can hold: the same invoice gives the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6
#: Extracts of a run in which lines that name the invoice are looked for.
_MOST_EXTRACTS = 20

SUMS = "SHA256SUMS.txt"
INDEX = "index.html"


def export(ledger: Ledger, settings: Settings, number: str, out: Path) -> list[str]:
    """Write the dossier of every invoice under a number, and return what was done, as lines.

    Raises:
        ConfigurationError: the ledger knows no such number, or ``out`` exists.
        DiskError: a file cannot be read or written.
    """
    records = list(ledger.invoices(number=number))
    if not records:
        message = f"The ledger knows no invoice {number}."
        raise ConfigurationError(message, next_step="Check the number; leading zeros count.")
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigurationError(
            f"{out} exists already.", next_step="Name another file."
        ) from error
    except OSError as error:
        raise disk_failed(error, what=f"{out} cannot be written") from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with zipfile.ZipFile(stream, "w") as archive:
                parts = _Dossier(ledger, settings, archive, number).write(records)
            stream.flush()
            os.fsync(stream.fileno())
        fsync_folder(out.resolve().parent)
    except OSError as error:
        out.unlink(missing_ok=True)
        raise disk_failed(error, what=f"{out} cannot be written") from error
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return [f"{out}: {len(records)} readings of {number}, {parts} files"]


class _Dossier:
    def __init__(
        self, ledger: Ledger, settings: Settings, archive: zipfile.ZipFile, number: str
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._table = statuses_for(settings.returns)
        self._zip = archive
        self._files = Archive(settings)
        self._number = number
        self._sums: dict[str, str] = {}

    def write(self, records: list[InvoiceRecord]) -> int:
        folders = [self._reading(rank, record) for rank, record in enumerate(records, start=1)]
        manifests, head = self._manifests({record.run_id for record in records})
        page = render(self._ledger, self._number, folders, manifests, head, self._table)
        self._add(INDEX, page.encode())
        sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items()))
        self._put(SUMS, sums.encode())
        return len(self._sums) + 1

    # -- one reading ---------------------------------------------------------------------------

    def _reading(self, rank: int, record: InvoiceRecord) -> Folder:
        reading = facts_of(self._ledger, record)
        folder = Folder(f"{rank:02d}-{_safe(record.run_id)}", reading)
        self._extract(folder, record)
        for deposit in reading.deposits:
            flow = self._ledger.flow(deposit.flow_id)
            if flow is not None:
                self._xml(folder, deposit, flow)
        for answer in reading.answers:
            name = f"retours/{_safe(answer.record.name)}.{answer.record.sha256[:12]}.json"
            what = (
                f"Ce que le fichier de retour {answer.record.name} dit de cette facture. "
                f"SHA-256 du fichier entier : {answer.record.sha256}."
            )
            check = f"sha256sum {quote(f'state/returns/{answer.record.kept_as}')}"
            self._part(folder, name, canonical(answer.as_dict()).encode(), what, check)
        facts = canonical(reading.as_dict()).encode()
        self._part(folder, "faits.json", facts, "Tout ce que le registre sait de la facture.")
        for name, content, what in (
            ("evenements.csv", events_csv(reading), "Chaque changement d'état : quand, qui, quoi."),
            ("statuts.csv", statuses_csv(reading, self._table), "Les statuts reçus de Chorus Pro."),
            ("constats.csv", findings_csv(reading), "Les constats des contrôles, en clair."),
        ):
            self._part(folder, name, content.encode("utf-8-sig"), what)
        return folder

    def _extract(self, folder: Folder, record: InvoiceRecord) -> None:
        """Put the lines of the invoice in, as the ERP wrote them."""
        if record.origin != "extract":
            folder.notes.append(
                f"Facture envoyée par un ancien outil, reprise de la liste {record.file} "
                f"(ligne {record.first_line}) : aucun extrait n'est conservé."
            )
            return
        copies = self._ledger.kept_copies(record.file_sha256)
        where = [file.path for file in copies] or [f"claimed/{record.run_id}/{record.file}"]
        named = next((name for name in where if self._files.path(name).is_file()), None)
        if named is None:
            buried = next((file.purged_at for file in copies if file.purged_at), None)
            folder.notes.append(
                f"L'extrait {record.file} (SHA-256 {record.file_sha256}) n'est plus conservé : "
                + (f"purgé le {buried:%d/%m/%Y}." if buried else "fichier introuvable.")
            )
            return
        path = self._files.path(named)
        first_of_file, shared = self._ledger.neighbours(record)
        cut = cut_span(
            path,
            first=record.first_line,
            last=record.last_line,
            head=first_of_file - 1,
            number=record.number or "",
            shared=shared,
        )
        if cut is None:
            folder.notes.append(
                f"L'extrait {record.file} est un classeur : les lignes {record.first_line} à "
                f"{record.last_line} n'en sont pas extraites. SHA-256 du classeur : "
                f"{record.file_sha256}."
            )
            return
        self._lines(folder, record.file, record.file_sha256, named, cut)
        extracts = self._ledger.extracts(record.run_id)
        if record.file_sha256 not in {e.sha256 for e in extracts}:
            return
        if len(extracts) > _MOST_EXTRACTS:
            folder.notes.append(
                f"L'exécution {record.run_id} a lu {len(extracts)} extraits : seul "
                f"{record.file} a été parcouru. Les lignes d'autres extraits qui nomment la "
                "facture, s'il y en a, ne sont pas reprises."
            )
            return
        for extract in extracts:
            other = f"claimed/{record.run_id}/{extract.claimed_as}"
            if extract.sha256 != record.file_sha256 and self._files.path(other).is_file():
                lines = cut_naming(self._files.path(other), record.number or "")
                if lines is not None:
                    self._lines(folder, extract.name, extract.sha256, other, lines)

    def _lines(self, folder: Folder, name: str, sha256: str, kept: str, cut: Cut) -> None:
        found = hash_of(self._files.path(kept))
        if found is None or found[0] != sha256:
            folder.notes.append(f"L'extrait {name} n'est plus celui qui a été lu : SHA-256 altéré.")
        what = f"Lignes {_ranges(cut.lines)} de l'extrait {name} (SHA-256 {sha256}). {cut.note}"
        check = f"sha256sum {quote(f'state/{kept}')}"
        self._part(folder, f"extrait/{_safe(name)}", cut.content, what.strip(), check)

    def _xml(self, folder: Folder, deposit: DepositRecord, flow: FlowRecord) -> None:
        """Put the XML in, exactly as it was deposited."""
        outbox = self._files.folder("outbox")
        limits = Limits(max_member_bytes=self._settings.attachments.max_invoice_bytes)
        try:
            if not is_as_built(outbox, flow):
                folder.notes.append(
                    f"Le fichier du flux {flow.flow_id} n'est plus celui qui a été déposé : "
                    "son SHA-256 diffère, l'XML n'est pas repris."
                )
                return
            for member, xml in sent_members(outbox, flow, limits):
                if member == deposit.member_id:
                    what = (
                        f"L'XML déposé, tel quel, pièces jointes comprises (flux {flow.flow_id}, "
                        f"SHA-256 du flux {flow.sha256})."
                    )
                    check = _check_member(flow, deposit.member_id)
                    self._part(folder, f"xml/{deposit.member_id}.xml", xml, what, check)
                    return
            folder.notes.append(f"Le flux {flow.flow_id} ne contient pas {deposit.member_id}.")
        except FileNotFoundError:
            copies = self._ledger.kept_copies(flow.sha256)
            buried = next((file.purged_at for file in copies if file.purged_at), None)
            folder.notes.append(
                f"Le flux {flow.flow_id} (SHA-256 {flow.sha256}) n'est plus conservé : "
                + (f"purgé le {buried:%d/%m/%Y}." if buried else "fichier introuvable.")
            )
        except (UnbundleError, NamingError) as error:
            folder.notes.append(f"Le flux {flow.flow_id} ne peut pas être ouvert : {error}.")

    # -- chain ---------------------------------------------------------------------------------

    def _manifests(self, runs: set[str]) -> tuple[list[Part], ManifestRecord | None]:
        """Put the chain in, from the first manifest of the runs to the head."""
        firsts = [
            next(iter(self._ledger.manifests(run_id=run_id)), None) for run_id in sorted(runs)
        ]
        known = [first.rank for first in firsts if first is not None]
        parts: list[Part] = []
        head: ManifestRecord | None = None
        for record in self._ledger.manifests(from_rank=min(known)) if known else ():
            content = record.body.encode()
            name = f"manifestes/{_safe(record.file_name)}"
            what = f"Manifeste {record.rank} ({record.kind}), qui porte le hash du précédent."
            parts.append(self._add(name, content, what))
            head = record
        return parts, head

    # -- zip -----------------------------------------------------------------------------------

    def _part(self, folder: Folder, name: str, content: bytes, what: str, check: str = "") -> None:
        folder.parts.append(self._add(f"{folder.name}/{name}", content, what, check))

    def _add(self, name: str, content: bytes, what: str = "", check: str = "") -> Part:
        digest = hashlib.sha256(content).hexdigest()
        name = self._free(name)
        self._sums[name] = digest
        self._put(name, content)
        return Part(name, what, digest, len(content), check)

    def _free(self, name: str) -> str:
        """Return the name, with a number if another entry has it: two names may flatten to one."""
        stem, dot, ending = name.rpartition(".")
        rank, free = 1, name
        while free in self._sums:
            rank += 1
            free = f"{stem}~{rank}{dot}{ending}" if dot else f"{name}~{rank}"
        return free

    def _put(self, name: str, content: bytes) -> None:
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        info.create_system = 3
        self._zip.writestr(info, content, compresslevel=_LEVEL)


def _check_member(flow: FlowRecord, member_id: str) -> str:
    place = quote(f"state/outbox/{flow.path}")
    if flow.sha256 == flow.content_sha256:  # one XML alone is no archive
        return f"sha256sum {place}"
    # Flows and members are named alike: interface, partner code, identifier.
    member = flow.file_name.removesuffix(flow.flow_id) + member_id + MEMBER_EXTENSION
    return f"tar -xzOf {place} {member} | sha256sum"


def _ranges(lines: tuple[int, ...]) -> str:
    """Return line numbers in words: ``1, 12-14``."""
    spans: list[list[int]] = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def _safe(name: str) -> str:
    """Return a name that is one harmless entry of a ZIP, whatever it was made of."""
    flat = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return flat.lstrip(".") or "_"

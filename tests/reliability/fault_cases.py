"""The faults of the other side, as data: what happens, and what a night makes of it.

Each case is a night of three flows of one invoice each, then a night without the fault, then one
that fetches Chorus Pro's reports. The tests in ``faults`` play them against both ledgers;
docs/deposit.md explains the rules behind them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BUILT = ("built",) * 3
ARRIVED = ("deposited",) * 3
HANDED = ("handed_over",) * 3
INTEGRATED = ("integrated",) * 3


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One fault.

    Attributes:
        name: of the case, unique in its list.
        happens: what goes wrong on the other side.
        flows: states of the three flows after that night.
        exit_code: of that night.
        says: part of what the night tells; empty when there is nothing to tell.
        to_do: part of what it tells to do.
        next_night: what the next night, without the fault, does.
        then: states of the flows after it.
        by_hand: what an operator does before it, if anybody must.
        end: states of the three invoices once Chorus Pro has reported.
    """

    name: str
    happens: str
    flows: tuple[str, ...] = BUILT
    exit_code: int = 3
    says: str = ""
    to_do: str = ""
    next_night: str = "deposits them"
    then: tuple[str, ...] = ARRIVED
    by_hand: Literal["", "resend"] = ""
    end: tuple[str, ...] = INTEGRATED


_AGAIN = "Run again: chorus-flows run"
_WELL = "has nothing left to do"
_RESOLVE = "flow resolve"

SFTP = (
    # -- at the door
    FaultCase(
        "host key changed",
        "the server shows another host key than the pinned one",
        says="is not the pinned one",
        to_do="Ask AIFE whether the key was changed",
    ),
    FaultCase(
        "host unknown",
        "known_hosts does not name the server",
        says="is not in known_hosts",
        to_do="Compare the fingerprint with the one AIFE gave",
    ),
    FaultCase(
        "key refused",
        "the server does not know our key; it is shown once, never again that night",
        says="refused our key",
        to_do="AIFE has the public key, then: chorus-flows doctor",
    ),
    FaultCase(
        "no session",
        "the account logs in and is given no SFTP session",
        says="gave no SFTP session",
        to_do="Ask AIFE whether the account is open for SFTP",
    ),
    FaultCase("nobody listens", "the port is closed", says="Unable to connect", to_do=_AGAIN),
    FaultCase(
        "not SSH",
        "something else answers on the port",
        says="no SSH server answered in time",
        to_do=_AGAIN,
    ),
    FaultCase(
        "banner hang",
        "the server accepts the connection and says nothing",
        says="no SSH server answered in time",
        to_do=_AGAIN,
    ),
    FaultCase(
        "channel hang",
        "the session is accepted, and SFTP never answers",
        says="SFTP did not start within channel.sftp.connect_timeout",
        to_do=_AGAIN,
    ),
    # -- during an upload
    FaultCase(
        "cut at 0 %",
        "the connection is lost before a byte is kept",
        says="the server dropped the connection",
        to_do=_AGAIN,
    ),
    FaultCase(
        "cut half-way",
        "the connection is lost during the upload",
        says="the server dropped the connection",
        to_do=_AGAIN,
    ),
    FaultCase(
        "cut at 100 %",
        "the connection is lost when every byte is there, before the server says so",
        says="the server dropped the connection",
        to_do=_AGAIN,
    ),
    FaultCase(
        "line cut",
        "the network drops each connection after the same number of bytes",
        says="the server dropped the connection",
        to_do=_AGAIN,
    ),
    FaultCase(
        "cut once",
        "the connection is lost in the first upload only, with a retry allowed",
        flows=ARRIVED,
        exit_code=0,
        next_night=_WELL,
    ),
    FaultCase(
        "cut under the second flow",
        "the connection is lost in the second upload",
        flows=("deposited", "built", "built"),
        says="the server dropped the connection",
        to_do=_AGAIN,
    ),
    FaultCase(
        "upload hang",
        "the server stops answering during an upload",
        says="no answer in time (channel.sftp",
        to_do=_AGAIN,
    ),
    FaultCase(
        "disk full",
        "the server's disk is full during the upload",
        says="No space left on device",
        to_do="Its disk may be full, or our quota",
    ),
    FaultCase(
        "quota",
        "our quota on the server is reached during the upload",
        says="Disk quota exceeded",
        to_do="Its disk may be full, or our quota",
    ),
    FaultCase(
        "end lost",
        "the server says that all is written, and has only the beginning",
        says="bytes on the other side instead of",
        to_do="nothing is sent twice",
    ),
    FaultCase(
        "permission denied",
        "the account may not write in the folder",
        says="permission denied",
        to_do="Check the rights of the account on this folder",
    ),
    FaultCase(
        "folder missing",
        "channel.in_folder is not there",
        says="there is no such file or folder",
        to_do="Check channel.in_folder",
    ),
    FaultCase(
        "temporary left behind",
        "an upload is cut, and the server lets nobody remove what it kept",
        says="the server dropped the connection",
        to_do=_AGAIN,
        next_night="deposits them, and removes the temporary file",
    ),
    FaultCase(
        "no sizes",
        "the server forbids looking at files: no size can be compared",
        flows=ARRIVED,
        exit_code=0,
        next_night=_WELL,
    ),
    FaultCase(
        "slow link",
        "the line is thin; bytes keep coming",
        flows=ARRIVED,
        exit_code=0,
        next_night=_WELL,
    ),
    FaultCase(
        "no temporary name",
        "an upload is cut where no temporary name is used: the half may have been taken",
        flows=("in_doubt", "built", "built"),
        exit_code=4,
        says="is in doubt",
        to_do=_RESOLVE,
        next_night="deposits the others; Chorus Pro refuses the half, and its numbers are free",
        then=("in_doubt", "deposited", "deposited"),
        end=("rejected", "integrated", "integrated"),
    ),
    FaultCase(
        "temporary names not ignored",
        "an upload is cut where the server may take temporary names",
        flows=("in_doubt", "built", "built"),
        exit_code=4,
        says="is in doubt",
        to_do=_RESOLVE,
        by_hand="resend",
        next_night="deposits the others, and the new flow of the one in doubt",
        then=("abandoned", "deposited", "deposited", "deposited"),
    ),
    # -- at the rename
    FaultCase(
        "name taken",
        "a file has the final name before we send, as after a ledger was restored",
        flows=(),
        exit_code=4,
        says="the other side knows 1 flow",
        to_do="chorus-flows ledger reconcile",
        next_night="does the night once the file is gone; until then nothing",
    ),
    FaultCase(
        "name taken meanwhile",
        "a file takes the final name while we upload",
        flows=("in_doubt", "built", "built"),
        exit_code=4,
        says="exists already on the server; nothing was overwritten",
        to_do=_RESOLVE,
        by_hand="resend",
        next_night="deposits the others, and the new flow of the one in doubt",
        then=("abandoned", "deposited", "deposited", "deposited"),
    ),
    FaultCase(
        "rename refused",
        "the account may write and not rename",
        says="permission denied",
        to_do="Check the rights of the account on this folder",
    ),
    FaultCase(
        "cut before the rename",
        "the connection is lost when the rename is asked for; nothing moved",
        says="the server dropped the connection",
        to_do=_AGAIN,
    ),
    FaultCase(
        "cut after the rename",
        "the rename is done, and the connection lost before the answer",
        flows=("deposited", "built", "built"),
        says="the server dropped the connection",
        to_do=_AGAIN,
    ),
    FaultCase(
        "cut after the rename, taken",
        "as above, and Chorus Pro takes the flow at once: neither name is seen",
        flows=("in_doubt", "built", "built"),
        exit_code=4,
        says="is in doubt",
        to_do=_RESOLVE,
        next_night="deposits the others; the report settles the one in doubt",
        then=("in_doubt", "deposited", "deposited"),
    ),
    FaultCase(
        "rename hang", "the server never answers the rename", says="no answer in time", to_do=_AGAIN
    ),
    FaultCase(
        "renamed, said to have failed",
        "the server renames, and answers that it failed",
        flows=ARRIVED,
        exit_code=0,
        next_night=_WELL,
    ),
    FaultCase(
        "file vanishes after the rename",
        "Chorus Pro takes each flow the moment it has its name",
        flows=ARRIVED,
        exit_code=0,
        next_night=_WELL,
    ),
    FaultCase(
        "idle connections closed",
        "the server closes the connection after each flow, with retries allowed",
        flows=ARRIVED,
        exit_code=0,
        next_night=_WELL,
    ),
    # -- at the collect
    FaultCase(
        "listing hang",
        "the server never answers a listing of out; the deposit goes on",
        flows=ARRIVED,
        says="failed while listing out: no answer in time",
        to_do=_AGAIN,
        next_night="fetches the reports",
    ),
    FaultCase(
        "out denied",
        "the account may not look into out; the deposit goes on",
        flows=ARRIVED,
        says="refused listing out: permission denied",
        to_do="Check the rights of the account on this folder",
        next_night="fetches the reports",
    ),
    FaultCase(
        "out missing",
        "channel.out_folder is not there; the deposit goes on",
        flows=ARRIVED,
        says="refused listing out: there is no such file or folder",
        to_do="Check channel.in_folder, out_folder",
        next_night="fetches the reports",
    ),
)

FOLDER = (
    FaultCase(
        "not mounted",
        "the share is not there",
        says="No such file or directory",
        to_do="Check that the share is mounted",
        next_night="hands them over",
        then=HANDED,
    ),
    FaultCase(
        "in missing",
        "channel.in_folder is not in the share",
        says="No such file or directory",
        to_do="Check that the share is mounted",
        next_night="hands them over",
        then=HANDED,
    ),
    FaultCase(
        "read-only",
        "the share is mounted read-only",
        says="Read-only file system",
        to_do="Check that the share is mounted and writable",
        next_night="hands them over",
        then=HANDED,
    ),
    FaultCase(
        "disk full",
        "the share is full half-way through a copy",
        says="No space left on device",
        to_do="Make room",
        next_night="hands them over",
        then=HANDED,
    ),
    FaultCase(
        "quota",
        "our quota on the share is reached half-way through a copy",
        says="Disk quota exceeded",
        to_do="Make room",
        next_night="hands them over",
        then=HANDED,
    ),
    FaultCase(
        "share lost",
        "the share goes away during a copy",
        says="Stale file handle",
        to_do=_AGAIN,
        next_night="hands them over",
        then=HANDED,
    ),
    FaultCase(
        "name taken",
        "a file has the final name before we copy, as after a ledger was restored",
        flows=(),
        exit_code=4,
        says="the other side knows 1 flow",
        to_do="chorus-flows ledger reconcile",
        next_night="does the night once the file is gone; until then nothing",
        then=HANDED,
    ),
    FaultCase(
        "no hard links",
        "the file system has no hard links: looked at first, then renamed",
        flows=HANDED,
        exit_code=0,
        next_night=_WELL,
        then=HANDED,
    ),
    FaultCase(
        "taken at once",
        "the firm's tool takes each flow the moment it has its name",
        flows=HANDED,
        exit_code=0,
        next_night=_WELL,
        then=HANDED,
    ),
    FaultCase(
        "taken, and the answer lost",
        "the tool takes the flow, and the share fails before it answers",
        flows=("in_doubt", "built", "built"),
        exit_code=4,
        says="is in doubt",
        to_do=_RESOLVE,
        next_night="hands the others over; the report settles the one in doubt",
        then=("in_doubt", "handed_over", "handed_over"),
    ),
    FaultCase(
        "temporary name taken away",
        "the tool carries temporary names although it should leave them alone",
        flows=("in_doubt", "built", "built"),
        exit_code=4,
        says="is in doubt",
        to_do=_RESOLVE,
        by_hand="resend",
        next_night="hands the others over, and the new flow of the one in doubt",
        then=("abandoned", *HANDED),
    ),
    FaultCase(
        "out missing",
        "channel.out_folder is not in the share; the deposit goes on",
        flows=HANDED,
        says="No such file or directory",
        to_do="Check that the share is mounted",
        next_night="fetches the reports",
        then=HANDED,
    ),
)

OPENSSH = (
    FaultCase(
        "host key changed",
        "the server shows another host key than the pinned one",
        says="is not the pinned one",
        to_do="Ask AIFE whether the key was changed",
    ),
    FaultCase(
        "key refused",
        "the account has lost our key",
        says="refused our key",
        to_do="AIFE has the public key, then: chorus-flows doctor",
    ),
    FaultCase(
        "permission denied",
        "the folder may be read and not written",
        says="permission denied",
        to_do="Check the rights of the account on this folder",
    ),
    FaultCase(
        "folder missing",
        "channel.in_folder is not there",
        says="there is no such file or folder",
        to_do="Check channel.in_folder",
    ),
    FaultCase(
        "disk full",
        "nothing more can be written to the file",
        says="says only: Failure",
        to_do="Its disk may be full, or our quota",
    ),
    FaultCase(
        "cut",
        "the process that serves us is killed during an upload",
        says="failed while uploading",
        to_do=_AGAIN,
    ),
    FaultCase(
        "frozen",
        "the process that serves us is stopped during an upload",
        says="no answer in time",
        to_do=_AGAIN,
    ),
    FaultCase("gone", "nothing listens any more", says="Unable to connect", to_do=_AGAIN),
    FaultCase(
        "name taken",
        "a file has the final name before we send, as after a ledger was restored",
        flows=(),
        exit_code=4,
        says="the other side knows 1 flow",
        to_do="chorus-flows ledger reconcile",
        next_night="does the night once the file is gone; until then nothing",
    ),
)

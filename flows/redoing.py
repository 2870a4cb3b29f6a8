"""Send flows again that had an incident at Chorus Pro, where the settings say so.

An incident means that the flow was not processed and must be sent again whole. Should some of its
invoices be there all the same, Chorus Pro refuses them as duplicates, which settles them
(``flows.duplicates``). A flow that was sent again once is left to a person.
"""

from __future__ import annotations

from flows.configuration import Configuration
from flows.errors import ConfigurationError, OutboxDamagedError
from flows.folders import StateFolders
from flows.ledger import SYSTEM, FlowState, Ledger
from flows.resolve import send_again

_REASON = "incident at Chorus Pro (returns.redo_incidents)"


def redo_incidents(configuration: Configuration, ledger: Ledger) -> list[str]:
    """Build flows that had an incident anew, for this run to deposit; return what was done.

    Nothing is done unless ``returns.redo_incidents`` is set. A flow whose file is not in the
    outbox any more, or whose invoices are all settled, is told and left to a person.
    """
    settings = configuration.settings
    if not settings.returns.redo_incidents:
        return []
    folders = StateFolders(settings.state_folder)
    told = []
    for flow in ledger.flows(states={FlowState.INCIDENT}):
        if flow.replaces is not None:
            continue
        try:
            again = send_again(configuration, ledger, folders, flow, by=SYSTEM, reason=_REASON)
        except (ConfigurationError, OutboxDamagedError) as error:
            told.append(str(error))
        else:
            told.append(f"Flow {flow.flow_id} had an incident and goes again as {again.flow_id}.")
    return told

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

#: Told of a flow whose id alone was known before: only a person can tell what is there.
_PERSON = "RT-FLOW-04"
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
        rules = {record.finding.rule for record in ledger.findings(flow_id=flow.flow_id)}
        if flow.replaces is not None or _PERSON in rules:
            continue
        try:
            again = send_again(configuration, ledger, folders, flow, by=SYSTEM, reason=_REASON)
        except (ConfigurationError, OutboxDamagedError) as error:
            told.append(str(error))
        else:
            told.append(f"Flow {flow.flow_id} had an incident and goes again as {again.flow_id}.")
    return told

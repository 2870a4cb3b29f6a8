"""The audit trail (piste d'audit fiable): manifests, each chained to the one before.

``seal`` is called at the end of whatever changes something; ``verify`` proves that nothing was
altered since; ``purge`` removes what the law no longer asks to keep and leaves tombstones;
``dossier`` is one invoice's file for an auditor. See docs/audit.md.
"""

from __future__ import annotations

from flows.audit.sealing import Head, head_of, seal

__all__ = ["Head", "head_of", "seal"]

"""Return files written by hand, for what the sandbox never does as well as for what it does."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

_PARAMETER = (
    '<ParametreIndiv NumOrdre="0001"><Code>{}</Code><Valeurparametre>{}</Valeurparametre>'
    "</ParametreIndiv>"
)
_ENVELOPE = (
    '<Enveloppe><EnveloppeUnitaire NumOrdre="1"><Parametres>'
    + _PARAMETER.format("DtPrd", "2026-03-02")
    + _PARAMETER.format("IdFlx", "CPP0011106000000000000007")
    + "</Parametres><Partenaires><Recepteur><Id>ABC123</Id></Recepteur>"
    "<Emetteur><Id>CPP001</Id></Emetteur></Partenaires></EnveloppeUnitaire></Enveloppe>"
)
SELLER = "73282932000074"


def flow_status(
    code: str = "90",
    *,
    flow_id: str = "ABC1231106000000000000101",
    at: str = "2026-03-02T01:02:03+01:00",
    lines: Sequence[str] = (),
    announced: str = "",
) -> str:
    """Return one ``CPPFluxStatutUnitaire``; ``lines`` are the labels of its error lines."""
    details = ""
    if lines:
        inner = "".join(
            f'<LigneErreurDetail IdLigne="{rank}"><NatureErreur>FONCTIONNELLE</NatureErreur>'
            f"<CodeErreur>TST_MSG_01.001</CodeErreur><LibelleErreur>{escape(line)}</LibelleErreur>"
            f"<DescriptionErreur>ligne {rank}</DescriptionErreur></LigneErreurDetail>"
            for rank, line in enumerate(lines, 1)
        )
        details = f'<Details NbLignesErreur="{announced or len(lines)}">{inner}</Details>'
    return (
        '<CPPFluxStatutUnitaire NumOrdre="1"><DonneesStatut>'
        f"<IdStatut>{code}</IdStatut><ComplementStatut>Reçu</ComplementStatut>"
        f"<Horodatage>{at}</Horodatage><IdProducteur>CPP00100</IdProducteur>"
        f"<IdFlux>{flow_id}</IdFlux>{details}</DonneesStatut></CPPFluxStatutUnitaire>"
    )


def invoice_status(
    code: str = "07",
    *,
    number: str = "FA-0001",
    at: str = "2026-03-02T01:02:03+01:00",
    seller: str = SELLER,
    issued: str = "2026-02-27",
) -> str:
    """Return one ``CPPFactureStatutUnitaire``."""
    return (
        '<CPPFactureStatutUnitaire NumOrdre="1"><Fournisseur><TypeIdentifiant>1</TypeIdentifiant>'
        f"<Identifiant>{seller}</Identifiant><RaisonSociale>Béta &amp; fils</RaisonSociale>"
        "</Fournisseur><Debiteur><TypeIdentifiant>1</TypeIdentifiant>"
        "<Identifiant>21320013600012</Identifiant><Nom>Commune</Nom>"
        "<CodeService>FACTURES</CodeService></Debiteur><DonneesStatut>"
        f"<IdStatut>{code}</IdStatut><Commentaire> vu </Commentaire><Horodatage>{at}</Horodatage>"
        f'<Producteur Id="P1"/><IdFacture>{number}</IdFacture>'
        f"<DateFacture>{issued}</DateFacture><IdMandatDP>M9</IdMandatDP>"
        "</DonneesStatut></CPPFactureStatutUnitaire>"
    )


def document(*statuses: str, before: str = "", namespace: str = "") -> bytes:
    """Return a ``CPPStatut`` with these statuses; ``before`` stands in front of the root."""
    flows = "".join(status for status in statuses if "FluxStatut" in status)
    invoices = "".join(status for status in statuses if "FactureStatut" in status)
    body = f"<CPPFluxStatuts>{flows}</CPPFluxStatuts>" if flows else ""
    body += f"<CPPFactureStatuts>{invoices}</CPPFactureStatuts>" if invoices else ""
    xmlns = f' xmlns="{namespace}"' if namespace else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        f"<CPPStatut{xmlns}>{_ENVELOPE}{body}</CPPStatut>"
    ).encode()

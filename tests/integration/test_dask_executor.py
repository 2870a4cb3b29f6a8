"""On a cluster the chunks go through Dask's own executor: the same code, the same night."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from flows.errors import ExitCode
from tests.support.firm import Firm, csv, row


@pytest.mark.integration
def test_a_night_on_a_dask_cluster_is_the_same_night(tmp_path: Path) -> None:
    distributed: Any = import_module("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        workers = {
            "executor": "dask",
            "dask_scheduler": cluster.scheduler_address,
            "chunk_invoices": 2,
        }
        firm = Firm(tmp_path, {"workers": workers})
        firm.drop("a.csv", csv([row("F1"), row("F2"), row("F3", buyer_siret="123"), row("F4")]))
        assert firm.code(firm.run()) is ExitCode.FINDINGS
    assert firm.states() == {
        "F1": ["handed_over"],
        "F2": ["handed_over"],
        "F3": ["quarantined"],
        "F4": ["handed_over"],
    }

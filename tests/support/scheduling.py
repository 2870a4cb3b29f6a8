"""Which tests of a parallel run one process gets together: those that share a dear set-up.

By files, not by marks: pytest-xdist 3.8 writes the group of a mark into the id of a test, and
pytest 9.2 does not let it, so that ``--dist loadgroup`` groups nothing and says nothing.
"""

from __future__ import annotations

from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

#: Group by test file; a file that is not here gives its tests to whoever is free.
TOGETHER = {
    "tests/flows/demo/test_demo_story.py": "demo",  # the demo is played once
    "tests/flows/test_referee.py": "referee",  # two hundred megabytes for each engine
    "tests/integration/test_night_referee.py": "referee",
    "tests/integration/test_prefect_shell.py": "prefect",  # a Prefect server
    "tests/reliability/test_crash_prefect.py": "prefect",
    "tests/security/test_secrets.py": "prefect",
    "tests/schemas/test_mutations.py": "mutations",  # some thousand documents
}


class TogetherScheduling(LoadScopeScheduling):
    """Gives each test to whoever is free, those of a group all to the same process."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.partition("::")[0], nodeid)


def missing_files(root: Path) -> list[str]:
    """Return the files named above that do not exist."""
    return [name for name in TOGETHER if not (root / name).is_file()]

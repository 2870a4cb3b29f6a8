"""Many paths looked up in one document: the steps that they share are taken once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from transforms.segments import Path, Segment, Step


@dataclass(frozen=True, slots=True)
class _Node:
    """A step after another (by its rank in the search); ``own``: it is where the path starts."""

    before: int
    step: Step
    own: bool


class Search:
    """Paths that start in segments of the same names.

    Args:
        paths: what is looked up.
        starts: names of the segments in which paths start; a path may begin with its own.
        documents: the same for paths that start at the document (``/``).
    """

    def __init__(
        self, paths: Sequence[Path], starts: Collection[str], documents: Collection[str]
    ) -> None:
        self._nodes: list[_Node] = []
        self._of_document: list[bool] = []
        known: dict[tuple[int, Step], int] = {}
        self._last: list[int] = []
        for path in paths:
            at = _DOCUMENT if path.from_document else _START
            names = documents if path.from_document else starts
            for rank, step in enumerate(path.steps):
                found = known.get((at, step))
                if found is None:
                    found = known[(at, step)] = len(self._nodes)
                    self._nodes.append(_Node(at, step, rank == 0 and step.name in names))
                    self._of_document.append(path.from_document)
                at = found
            self._last.append(at)

    def segments(
        self, start: Segment, document: Segment, shared: dict[int, list[Segment]]
    ) -> list[list[Segment]]:
        """Return the segments that each path leads to, in the order of the paths.

        ``shared`` keeps what starts at the document, for the other lines of it.
        """
        found: list[list[Segment]] = []
        starts, documents = [start], [document]
        for rank, node in enumerate(self._nodes):
            if rank in shared:
                found.append(shared[rank])
                continue
            before = node.before
            above = found[before] if before >= 0 else starts if before == _START else documents
            reached = (
                (node.step.own(above) if node.own else node.step.below(above)) if above else []
            )
            found.append(reached)
            if self._of_document[rank]:
                shared[rank] = reached
        return [found[last] for last in self._last]


_START = -1
_DOCUMENT = -2

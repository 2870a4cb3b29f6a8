"""What a run was done with, for its report."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from config.settings import Settings
from flows.ledger import DirectoryImport, RunRecord
from transforms.run_report import DirectoryLine, Versions

#: Installed packages that decide what is valid; their versions belong into the report.
_PACKAGES = ("factur-x", "lxml", "xmlschema")


def versions_of(run: RunRecord, settings: Settings, directory: DirectoryImport | None) -> Versions:
    """Return release, profile, target, packages and directory of a run."""
    packages: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return Versions(
        release=run.version,
        profile=settings.source.profile,
        target=settings.target,
        syntax=settings.syntax.value,
        interface=settings.interface,
        settings_hash=run.settings_hash,
        packages=packages,
        directory=None
        if directory is None
        else DirectoryLine(
            dated=directory.dated,
            structures=directory.structures,
            services=directory.services,
        ),
    )

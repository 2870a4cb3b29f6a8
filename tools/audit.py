"""Audit the locked runtime set for known vulnerabilities, and say so when that cannot be done.

pip-audit asks an advisory service for every package. Behind a closed network it finds none of
them and still ends well: that is reported here as *not audited*, never as clean. With
``REQUIRE_AUDIT=1`` an audit that could not be made fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

LOCK = Path("requirements/runtime.lock")


def main() -> int:
    """Run pip-audit on the lock; return 1 on a vulnerability, or when nothing was audited."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    command += ["--requirement", str(LOCK), "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own words)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"pip-audit: NOT AUDITED, no answer: {done.stderr.strip()[-300:]}")
        return int(os.environ.get("REQUIRE_AUDIT") == "1")
    audited = [package for package in packages if "vulns" in package]
    hit = [package for package in audited if package["vulns"]]
    for package in hit:
        ids = ", ".join(vuln["id"] for vuln in package["vulns"])
        print(f"pip-audit: {package['name']} {package['version']}: {ids}")
    if len(audited) < len(packages):
        print(f"pip-audit: NOT AUDITED: {len(packages) - len(audited)} of {len(packages)} packages")
    else:
        print(f"pip-audit: {len(packages)} packages, {len(hit)} with known vulnerabilities")
    if hit:
        return 1
    return int(len(audited) < len(packages) and os.environ.get("REQUIRE_AUDIT") == "1")


if __name__ == "__main__":
    sys.exit(main())

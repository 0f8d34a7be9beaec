"""Programs the tests need that are not ours: found, or one clear sentence why not."""

import pathlib
import shutil
import subprocess

import pytest

from server import ROOT

#: Where `make tools` unpacks packages whose installation would start a service.
UNPACKED = ROOT / ".build/tools/usr/bin"


def tool(name: str, package: str | None = None) -> str:
    """Path of a program; the test fails in one sentence when there is none."""
    found = shutil.which(name) or shutil.which(name, path=str(UNPACKED))
    if found is None:
        pytest.fail(f"{name} is not installed: `make tools` gets it (Debian package {package or name})", pytrace=False)
    return found


def run(*command: str, stdin: str | None = None, within_s: float = 60, cwd: pathlib.Path = ROOT) -> str:
    """Output of a program that must succeed."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=within_s, cwd=cwd)
    said = (done.stdout + done.stderr).strip()
    assert done.returncode == 0, f"{pathlib.Path(command[0]).name} {' '.join(command[1:])}: {done.returncode}\n{said}"
    return said

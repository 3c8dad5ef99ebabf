"""What git tracks: sources, and no data."""

import subprocess
from importlib.metadata import Distribution
from pathlib import Path

from packaging.specifiers import SpecifierSet

MOST_KB = 300  # the lock is the largest file by far


def test_no_large_file_is_tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True)
    files = [Path(name) for name in listed.stdout.decode().split("\0") if name]

    assert len(files) > 100
    large = [str(f) for f in files if f.exists() and f.stat().st_size > MOST_KB * 1024]
    assert large == [], "data belongs to DVC, caches to .cache/"


def test_tables_are_called_like_the_file_that_reads_them():
    patterns = [f"{folder}/*.toml" for folder in ("pipeline", "stages", "trainers")]
    listed = subprocess.run(
        ["git", "ls-files", *patterns], capture_output=True, check=True, text=True
    )
    tables = list(map(Path, listed.stdout.split()))

    alone = [str(table) for table in tables if not table.with_suffix(".py").exists()]
    assert tables
    assert not alone, f"no digest and no kept verdict sees an edit of {alone}"


def test_every_pinned_package_is_there_for_the_oldest_python():
    """A package that wants 3.11.5 cannot be set up on a system that has 3.11.2."""
    lines = Path("constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    installed = {name: find_installed(name) for name in pins}
    wanted = {
        f"{name}=={pins[name]}": found.metadata["Requires-Python"] or ""
        for name, found in installed.items()
        if found and found.version.partition("+")[0] == pins[name]
    }
    newer = {
        pin: python
        for pin, python in wanted.items()
        if not SpecifierSet(python).contains("3.11.0")
    }

    assert len(wanted) > 100
    assert newer == {}


def find_installed(name: str) -> Distribution | None:
    return next(iter(Distribution.discover(name=name)), None)

"""What git tracks: sources, and no data."""

import subprocess
from pathlib import Path

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

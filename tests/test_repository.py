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

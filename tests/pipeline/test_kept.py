"""Databases of several processes: full disks, and files that are none."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.kept import changing, open_database

TABLE = "create table if not exists blobs (x blob)"
ADD = "insert into blobs values (?)"


def test_a_database_whose_disk_is_full_is_named_and_keeps_what_it_had(full: Path):
    with closing(open_database(full / "kept.sqlite", TABLE)) as db:
        with changing(db):
            db.execute(ADD, [b"small"])
        large = [(os.urandom(10_000),) for _ in range(300)]
        with pytest.raises(UserError) as error, changing(db):
            db.executemany(ADD, large)
        assert db.execute("select x from blobs").fetchall() == [(b"small",)]

    text = rf"^{full}/kept.sqlite cannot be written: database or disk is full; 0\.\d MB"
    assert error.match(text)


OPEN = """
import sys
from pathlib import Path
from pipeline.kept import changing, open_database
db = open_database(Path(sys.argv[1]), "create table if not exists ids (x integer)")
with changing(db):
    db.execute("insert into ids values (?)", [int(sys.argv[2])])
"""


def test_of_many_that_find_a_broken_database_one_sets_it_aside(tmp_path: Path):
    file = tmp_path / "kept.sqlite"
    file.write_text("no database, but a text that is long enough" * 99)
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(file), str(number)])
        for number in range(6)
    ]

    assert [process.wait(60) for process in processes] == [0] * 6
    with closing(open_database(file, TABLE)) as db:
        rows = db.execute("select x from ids order by x").fetchall()
    assert rows == [(number,) for number in range(6)]

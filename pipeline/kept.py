"""What is kept between runs: SQLite files that several processes share.

A file that cannot be written is one in memory, and one that is no database is set
aside: what was kept is lost then, and no more than that.
"""

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import UserError
from pipeline.owners import owning

BUSY_S = 60


def open_database(file: Path, table: str) -> sqlite3.Connection:
    """The database in `file`, with what the statement `table` creates.

    Threads may share the connection, one at a time. stderr says what was set aside.
    """
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(file.parent, os.W_OK):
        return _connect(Path(":memory:"), table)
    with owning(file):  # two that find it broken would each set it aside
        try:
            return _connect(file, table)
        except sqlite3.OperationalError as error:  # locked or full, not broken
            raise _explain(error, file) from error
        except sqlite3.DatabaseError as error:
            _set_aside(file, error)
            return _connect(file, table)


@contextmanager
def changing(db: sqlite3.Connection) -> Iterator[None]:
    """A change of the database: all of it or nothing.

    UserError where the disk is full, or where another process holds it all the time.
    """
    try:
        with db:
            yield
    except sqlite3.OperationalError as error:
        file = db.execute("pragma database_list").fetchone()[2]
        raise _explain(error, Path(file)) from error


def _connect(file: Path, table: str) -> sqlite3.Connection:
    db = sqlite3.connect(file, timeout=BUSY_S, check_same_thread=False)
    try:
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = normal")
        db.execute(table)
        return db
    except sqlite3.DatabaseError:
        db.close()
        raise


def _set_aside(file: Path, error: sqlite3.DatabaseError) -> None:
    broken = file.with_suffix(".broken")
    file.replace(broken)
    for suffix in ("-wal", "-shm"):  # of the broken one: they would be taken for ours
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    print(f"{file}: {error}; set aside as {broken.name}", file=sys.stderr)


def _explain(error: sqlite3.OperationalError, file: Path) -> UserError:
    """What SQLite could not do, in a sentence with the file and the room for it."""
    free = shutil.disk_usage(file.parent).free / 1e6
    return UserError(
        f"{file} cannot be written: {error}; {free:,.1f} MB are free there",
        hint="make room, or end who holds it, and run again: what is kept stays",
    )

"""What is kept between runs: SQLite files that several processes share.

A file that cannot be written is one in memory, and one that is no database is set
aside: what was kept is lost then, and no more than that.
"""

import os
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path

BUSY_S = 60


def open_database(file: Path, table: str) -> sqlite3.Connection:
    """The database in `file`, with what the statement `table` creates.

    Threads may share the connection, one at a time. stderr says what was set aside.
    """
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(file.parent, os.W_OK):
        file = Path(":memory:")
    db = sqlite3.connect(file, timeout=BUSY_S, check_same_thread=False)
    try:
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = normal")
        db.execute(table)
        return db
    except sqlite3.DatabaseError as error:
        db.close()
        if isinstance(error, sqlite3.OperationalError):  # locked or full, not broken
            raise
        broken = file.with_suffix(".broken")
        file.replace(broken)
        print(f"{file}: {error}; set aside as {broken.name}", file=sys.stderr)
        return open_database(file, table)

"""Replies that a model gave before, by what it was asked; all runs share them.

Each is written as it comes in, so that a run that is killed has paid for nothing twice.
"""

import sqlite3
from collections.abc import Sequence
from threading import Lock

from pipeline.endpoint.http import Reply
from pipeline.kept import changing, open_database
from pipeline.machine import cache_folder
from pipeline.surrogates import mend_surrogates

LOOKED_UP = 512  # names in one query
TABLE = """create table if not exists replies (
    name blob primary key, text text, why text not null, tokens integer not null
) without rowid"""


class Replies:
    """Kept replies, in `endpoint` of the cache."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._db: sqlite3.Connection = open_database(
            cache_folder("endpoint") / "replies.sqlite", TABLE
        )

    def find(self, names: Sequence[bytes]) -> dict[bytes, Reply]:
        """The replies that there are, by name."""
        replies: dict[bytes, Reply] = {}
        for start in range(0, len(names), LOOKED_UP):
            part = names[start : start + LOOKED_UP]
            marks = ",".join("?" * len(part))
            query = f"select * from replies where name in ({marks})"
            with self._lock:
                rows = self._db.execute(query, part).fetchall()
            replies |= {name: Reply(*reply) for name, *reply in rows}
        return replies

    def keep(self, name: bytes, reply: Reply) -> None:
        """Add one reply; what was there stays."""
        row = (name, mend_surrogates(reply.text), reply.why, reply.tokens)
        with self._lock, changing(self._db):
            self._db.execute("insert or ignore into replies values (?, ?, ?, ?)", row)

    def close(self) -> None:
        self._db.close()

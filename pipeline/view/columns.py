"""The tables of a library, whose columns are read once and kept while there is room."""

import threading
from contextlib import suppress
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.view.kept import Kept
from pipeline.view.library import Library
from pipeline.view.table import TEXTS, Table

ROOM = 2**30  # bytes of columns in memory


class Columns:
    """The tables of a library by name."""

    def __init__(self, library: Library, kept: Kept) -> None:
        self.library = library
        self._kept = kept
        self._connection = library.open()
        self._marks = {review.id: review.mark for review in library.reviews}
        self._tables: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        """The table of this name; UserError where there is none."""
        if name not in self._tables:
            known = self.library.names
            if name not in known:
                hint = f"there are {', '.join(known)}" if known else "dvc repro"
                raise UserError(f"there is no table {name!r}", hint=hint)
            self._tables[name] = Table(
                name, self.library, self._marks, self._kept, self._connection.cursor
            )
        return self._tables[name]

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query of this program, which sees each table as a view."""
        return self._connection.cursor().execute(sql, values).fetchall()

    def find_tables(self, *names: str) -> list[Table]:
        """The tables of files that have these columns."""
        found = []
        for name in self.library.files:
            with suppress(UserError):  # the page that shows it says what is wrong
                table = self.table(name)
                if {*names} <= {*table.schema}:
                    found.append(table)
        return found

    def read_ahead(self) -> None:
        """Read in a thread of its own what the first lists will ask for."""
        threading.Thread(target=self._read_ahead, daemon=True).start()

    def _read_ahead(self) -> None:
        # A file that cannot be read is a mistake of the page that shows it.
        unreadable = (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException)
        with suppress(UserError, *unreadable):
            table = self.table(self.library.main)
            table.facets()
            for name in TEXTS:
                if table.schema.get(name) == pl.String:
                    table.column(name)

"""A table: its columns read whole and kept while they fit, its rows by their places.

Filters, counts and orders are about few columns of all rows: those are read once and
kept, as far as there is room. A page shows all columns of few rows, which are read by
their places in the files. A table's rows are numbered through its files, in order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.view.kept import Kept
from pipeline.view.library import Library, literal, quote, read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pyarrow.parquet import FileMetaData

# Columns of few values, in the order in which they are offered; `review` is a mark.
FACETS = (
    "review", "stage", "reason", "source", "domain", "verifier", "level",
    "source_level", "difficulty_quantile", "meta.level", "answer_type", "benchmark",
    "method", "field", "dropped", "same_answer", "kind", "model", "pass", "correct",
    "finish_reason", "key_suspect", "references_agree",
)  # fmt: skip
# What is searched, where the table has it.
TEXTS = ("id", "problem", "answer", "completion", "text", "item_text", "extracted")
VIEW = 16  # bytes of a text in memory beside the text
PLACE = "#place"  # the number of a row, in SQL
Rows = NDArray[np.uint32]


@dataclass(frozen=True)
class Part:
    """A file of a table from row `first` on; the stage `stage` let its rows go."""

    file: Path
    stage: str
    first: int
    held: "FileMetaData"

    @property
    def height(self) -> int:
        height: int = self.held.num_rows
        return height


class Table:
    """A table of a library."""

    def __init__(
        self,
        name: str,
        library: Library,
        marks: Mapping[str, str],
        kept: Kept,
        connect: "Callable[[], DuckDBPyConnection]",
    ) -> None:
        self.name = name
        self._files = library.list_parts(name)
        self._marks = marks
        self._kept = kept
        self._connect = connect
        stats = [(file, file.stat()) for _, file in self._files]
        self.key = (name, *((file, s.st_mtime_ns, s.st_size) for file, s in stats))

    @cached_property
    def parts(self) -> Sequence[Part]:
        from pyarrow import parquet

        parts, first = [], 0
        for stage, file in self._files:
            parts.append(Part(file, stage, first, parquet.read_metadata(file)))
            first += parts[-1].height
        return parts

    @property
    def height(self) -> int:
        return sum(part.height for part in self.parts)

    @cached_property
    def schema(self) -> pl.Schema:
        try:
            return self.scan().collect_schema()
        except (pl.exceptions.PolarsError, OSError) as error:
            mistake = f"the files of {self.name!r} are no table"
            raise UserError(mistake, hint=str(error)) from None

    def scan(self) -> pl.LazyFrame:
        """All columns, read when they are asked for."""
        frames = []
        for stage, file in self._files:
            frame = pl.scan_parquet(file, glob=False)
            named = [pl.lit(stage).alias("stage")] if stage else []
            frames.append(frame.with_columns(named))
        return pl.concat(frames, how="diagonal_relaxed")

    def keep(self, what: object, make: Callable[[], pl.Series]) -> pl.Series:
        """What `make` gives, kept under `what` until a file changes."""
        key = (self.key, what)
        return self._kept.get(key, make, _measure)

    def facets(self) -> pl.DataFrame:
        """The columns of few values, as text; what is nested is left out."""

        def read() -> pl.DataFrame:
            names = [name for name in FACETS if self._is_facet(name)]
            exprs = [self._as_text(name).alias(name) for name in names]
            return self.scan().select(exprs).collect()

        key = (self.key, "facets")
        kept = self._kept.get(key, read, _measure)
        if self.schema.get("id") == pl.String:
            given = ("review", *self._marks.items())
            marks = self.keep(given, self._find_marks)
            return pl.DataFrame([marks, *kept.get_columns()])
        return kept

    def _is_facet(self, name: str) -> bool:
        if name == "meta.level":
            return self.schema.get("meta") == pl.String
        return name in self.schema and not self.schema[name].is_nested()

    def _as_text(self, name: str) -> pl.Expr:
        column = pl.col(name)
        if name == "meta.level":
            column = pl.col("meta").str.json_path_match("$.level")
        return column.cast(pl.String).cast(pl.Categorical)

    def _find_marks(self) -> pl.Series:
        """The mark of each row that a reviewer marked."""
        marks = pl.Series("review", [None], pl.String).new_from_index(0, self.height)
        if self._marks:
            rows = self.find_places([*self._marks])
            found = self.take_column("id", rows).replace_strict(self._marks)
            marks = marks.scatter(rows, found)
        return marks.cast(pl.Categorical)

    def find_places(self, ids: Sequence[str]) -> Rows:
        """The numbers of the rows that have one of these ids."""
        wanted = pl.col("id").is_in(pl.Series(ids, dtype=pl.String).implode())
        found = self.look("id").select(wanted.fill_null(value=False)).collect()
        return found.to_series().arg_true().to_numpy()

    def column(self, name: str) -> pl.Series | None:
        """A whole column; None where there is no room for it."""
        if self._estimate(name) > self._kept.room // 2:
            return None
        return self.keep(name, lambda: self.scan().select(name).collect().to_series())

    def _estimate(self, name: str) -> int:
        """Bytes of a column in memory, about."""
        size = 0
        for part in self.parts:
            for group in map(part.held.row_group, range(part.held.num_row_groups)):
                for at in range(group.num_columns):
                    chunk = group.column(at)
                    if chunk.path_in_schema.split(".")[0] == name:
                        size += chunk.total_uncompressed_size
        return size + VIEW * self.height

    def look(self, *names: str) -> pl.LazyFrame:
        """Whole columns: kept ones where there is room, else read anew."""
        series = [self.column(name) for name in names]
        if any(each is None for each in series):
            return self.scan().select(names)
        return pl.DataFrame(series).lazy()

    def take_column(self, name: str, rows: Rows) -> pl.Series:
        whole = self.look(name).collect(engine="streaming").to_series()
        return whole if len(rows) == len(whole) else whole.gather(rows)

    def find_order(self, terms: Sequence[str]) -> Rows:
        """All rows, ordered by columns; from the greatest on where `-` is before one.

        Missing values come last, and equal rows stand as they do in the table.
        """
        names = [term.removeprefix("-") for term in terms]
        order = ", ".join(
            f"{quote(name)} {'desc' if name != term else 'asc'} nulls last"
            for name, term in zip(names, terms, strict=True)
        )
        union = " union all by name ".join(
            self._select(p, {*names}) for p in self.parts
        )
        query = f"select {quote(PLACE)} from ({union}) order by {order}, {quote(PLACE)}"

        def make() -> Rows:
            ordered: Rows = self._connect().execute(query).fetchnumpy()[PLACE]
            return ordered.astype(np.uint32)

        return self._kept.get((self.key, query), make, lambda rows: rows.nbytes)

    def _select(self, part: Part, names: set[str]) -> str:
        """SQL for the places of the rows of a file and those of `names` that it has."""
        own = {
            name: quote(name) for name in names & {*pl.read_parquet_schema(part.file)}
        }
        if part.stage and "stage" in names:
            own["stage"] = literal(part.stage)
        columns = [f"{value} as {quote(name)}" for name, value in own.items()]
        columns.append(f"{part.first} + file_row_number as {quote(PLACE)}")
        files = read_files((part.file,), "file_row_number=true")
        return f"select {', '.join(columns)} from {files}"

    def take(self, rows: Rows, names: Sequence[str]) -> list[dict[str, Any]]:
        """Some rows, in the order in which they are asked for.

        What is in memory is not read again.
        """
        known = {name: of for name in names if (of := self._find(name)) is not None}
        found: dict[int, dict[str, Any]] = {int(row): {} for row in rows}
        others = [name for name in names if name not in known]
        for part in self.parts if others else ():
            inside = rows[(rows >= part.first) & (rows < part.first + part.height)]
            if len(inside):
                found |= self._read(part, inside, others)
        taken = {name: of.gather(rows).to_list() for name, of in known.items()}
        return [
            {
                name: taken[name][at] if name in taken else found[int(row)][name]
                for name in names
            }
            for at, row in enumerate(rows)
        ]

    def _find(self, name: str) -> pl.Series | None:
        """A column that is in memory with its values as they are."""
        if name in FACETS and self.schema.get(name) == pl.String:
            return self.facets()[name]
        column: pl.Series | None = self._kept.find((self.key, name))
        return column

    def _read(
        self, part: Part, rows: Rows, names: Sequence[str]
    ) -> dict[int, dict[str, Any]]:
        there = pl.read_parquet_schema(part.file)
        read = [name for name in names if name in there]
        numbers = ", ".join(str(int(row) - part.first) for row in rows)
        query = (
            f"select {''.join(f'{quote(name)}, ' for name in read)}file_row_number "
            f"from {read_files((part.file,), 'file_row_number=true')} "
            f"where file_row_number in ({numbers})"
        )
        known = dict.fromkeys(names) | ({"stage": part.stage} if part.stage else {})
        known = {name: known[name] for name in names}
        return {
            part.first + number: known | dict(zip(read, values, strict=True))
            for *values, number in self._connect().execute(query).fetchall()
        }


def _measure(held: pl.Series | pl.DataFrame) -> int:
    return int(held.estimated_size())


def all_rows(table: Table) -> Rows:
    return np.arange(table.height, dtype=np.uint32)

"""Tables of texts that never stand in memory as a whole.

Traces may be many times larger than memory, and what is computed from them is small. So
they lie in numbered parts, in the order of the problems; who needs the texts goes
through the parts, and who does not reads the other columns. Results may depend on the
rows and their order, and never on where a part ends.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl
import polars.selectors as cs

from pipeline.disks import open_temporary
from pipeline.files import replacing

PART_BYTES = 64 << 20  # of the texts of a part
BATCH = 1024  # rows of a file that are read at once
WAITING_BYTES = 128 << 20  # dealt rows that are in memory
QUEUED_BYTES = 8 << 20  # rows in memory that come back in the order in which they went


@dataclass(frozen=True)
class Shards:
    """A table in parts; each is read when its turn comes, and anew each time."""

    parts: tuple[pl.LazyFrame, ...]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for part in self.parts:
            yield part.collect()

    @property
    def schema(self) -> pl.Schema:
        """The columns of all parts."""
        return self.parts[0].collect_schema()

    @property
    def height(self) -> int:
        """How many rows there are."""
        return int(self.select(pl.len()).collect()["len"].sum())

    def select(self, *columns: str | pl.Expr) -> "Shards":
        return Shards(tuple(part.select(*columns) for part in self.parts))

    def collect(self) -> pl.DataFrame:
        """The whole table: for columns that are small."""
        return pl.concat(iter(self), rechunk=True)


@dataclass(frozen=True)
class Parts:
    """A table that is made part by part, once, and may be too large for memory."""

    schema: pl.Schema
    tables: Iterable[pl.DataFrame]

    def collect(self) -> pl.DataFrame:
        """The whole table."""
        return pl.concat([self.schema.to_frame(), *self.tables], rechunk=True)


def scan(files: Sequence[Path]) -> Shards:
    """A table that lies in parquet files."""
    return Shards(tuple(map(pl.scan_parquet, files)))


def as_shards(table: pl.DataFrame | Shards) -> Shards:
    """A table at hand as one part."""
    return table if isinstance(table, Shards) else Shards((table.lazy(),))


def number_ids(ids: pl.Series) -> pl.Expr:
    """The number (uint32) of an id among the distinct `ids`; null for others.

    Ids are read from the column that is called as `ids` are.
    """
    codes = pl.Enum(ids.unique(maintain_order=True))
    return pl.col(ids.name).cast(codes, strict=False).to_physical().cast(pl.UInt32)


def by_problem(samples: Shards, ids: pl.Series) -> Iterator[pl.DataFrame]:
    """The samples of problems with these `ids`, part by part, one at least.

    All of a problem are in one part. Problems come in the order in which they first do.
    """
    number = number_ids(ids)
    numbers = samples.select(number).collect()["id"].drop_nulls()
    if len(numbers.rle()) > numbers.n_unique():
        table = samples.collect().with_row_index("_index")
        table = table.sort(pl.first("_index").over("id"), maintain_order=True)
        samples = Shards((table.drop("_index").lazy(),))
    left = samples.schema.to_frame()
    for part in samples:
        part = pl.concat([left, part.filter(number.is_not_null())])
        run = part["id"].rle_id()
        if end := int((run != run.max()).sum() if part.height else 0):
            yield part[:end]
        left = part[end:]
    yield left


def regroup(
    tables: Iterable[pl.DataFrame], *, rows: int, size: int = PART_BYTES
) -> Iterator[pl.DataFrame]:
    """The same rows in tables of `rows` at most; one of `size` bytes of text is full.

    Where a table ends depends on the rows alone, and not on the tables that they come
    in. None is empty.
    """
    groups = Groups(rows, size)
    for table in tables:
        yield from groups.add(table)
    yield from groups.rest()


class Groups:
    """Rows that come in tables of any size, as tables that `regroup` gives."""

    def __init__(self, rows: int, size: int = PART_BYTES) -> None:
        self._rows, self._bytes = rows, size
        self._waiting: list[pl.DataFrame] = []
        self._count = self._held = 0

    def add(self, table: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The tables that are full with the rows of `table`."""
        ends, start, before = _text_bytes(table).cum_sum(), 0, 0
        while start < table.height:
            left = self._bytes - self._held
            full = ends.search_sorted(before + left, "left") + 1
            stop = min(start + self._rows - self._count, full, table.height)
            self._waiting.append(table[start:stop])
            self._count += stop - start
            self._held += ends[stop - 1] - before
            start, before = stop, ends[stop - 1]
            if self._count == self._rows or self._held >= self._bytes:
                yield from self.rest()

    def rest(self) -> Iterator[pl.DataFrame]:
        """What is left, if anything."""
        if self._waiting:
            yield pl.concat(self._waiting, rechunk=True)
            self._waiting, self._count, self._held = [], 0, 0


def cut(
    tables: Iterable[pl.DataFrame], heights: Iterable[int], schema: pl.Schema
) -> Iterator[pl.DataFrame]:
    """The same rows in tables of these heights; there have to be as many rows."""
    left, source = schema.to_frame(), iter(tables)
    for height in heights:
        waiting = [left]
        while sum(table.height for table in waiting) < height:
            waiting.append(next(source))
        table = pl.concat(waiting)
        yield table[:height]
        left = table[height:]


def _text_bytes(table: pl.DataFrame) -> pl.Series:
    """The bytes of each row's texts (int64)."""
    none, sizes = pl.repeat(0, pl.len(), dtype=pl.Int64), cs.string().str.len_bytes()
    return table.select(pl.sum_horizontal(none, sizes)).to_series()


def write_parts(tables: Iterable[pl.DataFrame], schema: pl.Schema, file: Path) -> None:
    """Write one parquet file of tables, a row group each: all of them or nothing."""
    with replacing(file) as draft, row_groups(draft, schema) as write:
        for table in tables:
            write(table)


@contextmanager
def row_groups(
    file: Path, schema: pl.Schema
) -> Iterator[Callable[[pl.DataFrame], None]]:
    """A function that writes a table into the parquet file `file`, as a row group."""
    from pyarrow import parquet

    level = pl.CompatLevel.oldest()
    types = schema.to_frame().to_arrow(compat_level=level).schema
    with parquet.ParquetWriter(file, types, compression="zstd") as writer:
        yield lambda table: writer.write_table(table.to_arrow(compat_level=level))


def read_batches(file: Path, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Columns of a parquet file, batch by batch, however large its row groups are."""
    from pyarrow import parquet

    with parquet.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False) as content:
        for batch in content.iter_batches(BATCH, columns=list(columns)):
            yield pl.DataFrame(batch)


def deal(
    tables: Iterable[pl.DataFrame], parts: Sequence[Sequence[str]], schema: pl.Schema
) -> Iterator[pl.DataFrame]:
    """The rows of each of `parts`, lists of keys, in the order in which they come.

    `tables` have the columns `schema`, `key` among them, and are read once, whatever
    their order: what is dealt waits in a file.
    """
    numbers = [n for n, keys in enumerate(parts) for _ in keys]
    keys = [key for part in parts for key in part]
    wanted = pl.DataFrame({"part": numbers, "key": keys}).unique()
    wanted = wanted.cast({"part": pl.UInt32, "key": pl.String})
    spool = Spool(schema)
    for table in tables:
        spool.add(table.join(wanted, on="key", how="inner", maintain_order="left"))
    return (spool.read(number) for number in range(len(parts)))


class Spool:
    """Rows that wait in a file without a name until their part is asked for.

    The file lies in TMPDIR, and is gone when nobody holds it.
    """

    def __init__(self, schema: pl.Schema, *, waiting: int | None = None) -> None:
        """In memory wait `waiting` bytes of rows: few where all are of one part."""
        self._schema = schema
        self._most = WAITING_BYTES if waiting is None else waiting
        self._file = open_temporary()
        self._places: dict[int, list[tuple[int, int]]] = {}
        self._waiting: list[pl.DataFrame] = []
        self._size = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Keep rows for the part that their column `part` names."""
        self._waiting.append(rows)
        self._size += 8 * rows.width * rows.height + int(_text_bytes(rows).sum())
        if self._size > self._most:
            self._write()

    def read(self, part: int) -> pl.DataFrame:
        """The rows of a part, in the order in which they came."""
        return pl.concat([self._schema.to_frame(), *self.pieces(part)])

    def pieces(self, part: int) -> Iterator[pl.DataFrame]:
        """The same, bit by bit."""
        self._write()
        for place, size in self._places.get(part, ()):
            self._file.seek(place)
            yield pl.read_ipc_stream(BytesIO(self._file.read(size)))

    def _write(self) -> None:
        if not self._waiting:
            return
        rows = pl.concat(self._waiting)
        self._waiting, self._size = [], 0
        parts = rows.partition_by("part", maintain_order=True, include_key=False)
        numbers = rows["part"].unique(maintain_order=True)
        place = self._file.seek(0, 2)
        for number, part in zip(numbers, parts, strict=True):
            # Texts as they were in older Arrow: views would bring along their whole
            # buffers, the texts of all other parts among them.
            part.select(self._schema.names()).write_ipc_stream(
                self._file,
                compression="zstd",  # TMPDIR may be small, or lie in memory
                compat_level=pl.CompatLevel.oldest(),
            )
            end = self._file.tell()
            self._places.setdefault(number, []).append((place, end - place))
            place = end

"""A table in a parquet file, of which columns and parts are read, never all at once.

A decision needs few columns of a table, and the others only pass through. So a filter
reads the columns that it compares, and what comes of it is written part by part. Long
texts are read into a file without a name (in TMPDIR) and mapped: the system gives their
pages room where there is some, and takes it back where there is none.
"""

import mmap
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import IO

import polars as pl

from pipeline.disks import naming_file, open_temporary
from pipeline.errors import UserError, one_line
from pipeline.files import replacing
from pipeline.shards import Groups, row_groups

ROWS = 50_000  # of a row group
PART = 50_000  # rows that are read at once: as many as a row group has
MAPPED_BYTES = 64 << 20  # a column with more bytes of text is mapped


@dataclass(frozen=True)
class Stored:
    """The table that lies in `file`."""

    file: Path

    @cached_property
    def schema(self) -> pl.Schema:
        """Its columns."""
        return read_schema(self.file)

    @cached_property
    def height(self) -> int:
        """How many rows it has."""
        read_schema(self.file)  # UserError where it is cut off
        return int(pl.scan_parquet(self.file).select(pl.len()).collect().item())

    def parts(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`columns` of PART rows at a time, in order; an empty table is one part."""
        return (scan.select(columns).collect() for scan in self.scans())

    def scans(self) -> Iterator[pl.LazyFrame]:
        """The parts with all columns, of which nothing is read yet."""
        for start in range(0, max(self.height, 1), PART):
            yield pl.scan_parquet(self.file).slice(start, PART)

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """`columns` of all rows, long texts mapped."""
        return join_parts(self.parts(columns))


def read_schema(file: Path) -> pl.Schema:
    """The columns of a parquet file; UserError where it is cut off, or is none."""
    try:
        return pl.scan_parquet(file).collect_schema()
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"{file} is not a whole parquet file: {one_line(error)}",
            hint="where a stage wrote it, remove it, and `dvc repro` writes it again",
        ) from None


def join_parts(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The table of these parts, of which there is one at least; long texts mapped."""
    first = next(left := iter(parts))
    texts = {name: _Texts() for name, of in first.schema.items() if of == pl.String}
    others: list[pl.DataFrame] = []
    for part in chain([first], left):
        for name, column in texts.items():
            column.add(part[name])
        others.append(part.drop(texts))
    joined = {column.name: column for column in pl.concat(others, rechunk=True)}
    joined |= {name: column.join() for name, column in texts.items()}
    return pl.DataFrame([joined[name].alias(name) for name in first.columns])


class _Texts:
    """A column of texts; its parts wait in memory until they are too many."""

    def __init__(self) -> None:
        self._waiting: list[pl.Series] = []
        self._waiting_bytes = 0
        self._sizes: list[pl.Series] = []  # in bytes, null where there is no text
        self._file: IO[bytes] | None = None

    def add(self, part: pl.Series) -> None:
        sizes = part.str.len_bytes()
        self._sizes.append(sizes)
        self._waiting.append(part)
        self._waiting_bytes += int(sizes.sum())
        if self._waiting_bytes > MAPPED_BYTES:
            self._write()

    def join(self) -> pl.Series:
        """The whole column."""
        if self._file is None:
            return pl.concat(self._waiting, rechunk=True)
        self._write()
        return _map(self._file, pl.concat(self._sizes))

    def _write(self) -> None:
        with naming_file(Path(tempfile.gettempdir(), "texts")):
            if self._file is None:
                self._file = open_temporary()
            for part in self._waiting:
                text = part.fill_null("").to_arrow(compat_level=pl.CompatLevel.oldest())
                _, ends, data = text.buffers()
                ends = memoryview(ends).cast("q")[text.offset :]
                self._file.write(memoryview(data or b"")[ends[0] : ends[len(text)]])
            self._file.flush()
        self._waiting, self._waiting_bytes = [], 0


def _map(file: IO[bytes], sizes: pl.Series) -> pl.Series:
    """Texts of these sizes, one after the other in `file`."""
    import numpy as np
    import pyarrow as pa

    ends = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes.fill_null(0).to_numpy(), out=ends[1:])
    mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    file.close()  # the mapping has it
    bits = pa.array(sizes.is_not_null().to_numpy()).buffers()[1]
    texts = pl.Series(
        pa.LargeStringArray.from_buffers(
            len(sizes), pa.py_buffer(ends), pa.py_buffer(mapped), bits
        )
    )
    mapped.madvise(mmap.MADV_DONTNEED)  # all pages were looked at, and may go again
    return texts


@contextmanager
def writing(path: Path, schema: pl.Schema) -> Iterator[Callable[[pl.DataFrame], None]]:
    """A function that takes the rows of the table at `path`, in tables of any size.

    A table of one row group is written as `write` does, without loading pyarrow.
    """
    groups, first = Groups(ROWS), list[pl.DataFrame]()
    with replacing(path) as draft, ExitStack() as stack:
        write_group: Callable[[pl.DataFrame], None] | None = None

        def take(full: Iterable[pl.DataFrame]) -> None:
            nonlocal write_group
            for group in full:
                if not write_group and not first:
                    first.append(group)
                    continue
                if not write_group:
                    write_group = stack.enter_context(row_groups(draft, schema))
                    write_group(first.pop())
                write_group(group)

        yield lambda table: take(groups.add(table))
        take(groups.rest())
        if not write_group:
            write_table(first.pop() if first else schema.to_frame(), draft)


def write_table(table: pl.DataFrame, file: Path) -> None:
    """Write a table at hand into the parquet file `file`."""
    table.write_parquet(file, compression="zstd", row_group_size=ROWS)

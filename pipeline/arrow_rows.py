"""Rows of parquet, Arrow and Feather files, batch by batch.

Texts that are no UTF-8 cost only their row. Columns of one name get numbers. Types
that polars does not know (decimals of 256 bits) are read the slow way.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.rows import NOT_TEXT, Row, Unreadable, unique_names

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 1000  # of a batch


def read_arrow(path: Path) -> Iterator[Row | Unreadable]:
    """Rows as plain Python; a file may be larger than the memory."""
    import polars as pl
    import pyarrow as pa

    number = 0
    try:
        for batch in _batches(path):
            for part in _split_texts(batch):
                if part is None:
                    yield Unreadable(number, NOT_TEXT)
                    number += 1
                else:
                    yield from _rows(part)
                    number += part.num_rows
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        kind = path.suffix.lower().lstrip(".")
        yield Unreadable(number, f"not a whole {kind} file: {error}")


def _batches(path: Path) -> Iterator["pa.RecordBatch"]:
    import pyarrow as pa
    from pyarrow import ipc
    from pyarrow.parquet import ParquetFile

    if path.suffix.lower() == ".parquet":
        # Buffering ahead would read the whole file while its first rows are used.
        with ParquetFile(path, pre_buffer=False) as file:
            yield from map(_with_plain_columns, file.iter_batches(ROWS))
        return
    with pa.OSFile(str(path)) as source:
        try:
            reader = ipc.open_file(source)
        except pa.ArrowInvalid:
            source.seek(0)
            yield from map(_with_plain_columns, ipc.open_stream(source))
        else:
            for index in range(reader.num_record_batches):
                yield _with_plain_columns(reader.get_batch(index))


def _with_plain_columns(batch: "pa.RecordBatch") -> "pa.RecordBatch":
    """Columns with names of their own; bytes as texts, which are checked later."""
    import pyarrow as pa

    columns = []
    for column in batch.columns:
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            column = column.view(
                pa.string() if pa.types.is_binary(column.type) else pa.large_string()
            )
        columns.append(column)
    names = unique_names(batch.schema.names)
    return pa.RecordBatch.from_arrays(columns, names=names)


def _rows(batch: "pa.RecordBatch") -> Iterator[Row]:
    import polars as pl

    if any(_is_foreign(field.type) for field in batch.schema):
        return iter(batch.to_pylist())
    rows: Iterator[dict[str, Any]] = pl.DataFrame(batch).iter_rows(named=True)
    return rows


def _is_foreign(dtype: "pa.DataType") -> bool:
    """Whether polars would panic at this type, or at one inside it."""
    import pyarrow as pa

    inner = [dtype.field(index).type for index in range(dtype.num_fields)]
    known = not pa.types.is_decimal256(dtype) and not pa.types.is_union(dtype)
    return not known or any(map(_is_foreign, inner))


def _split_texts(batch: "pa.RecordBatch") -> Iterator["pa.RecordBatch | None"]:
    """Slices of `batch` in order, with None for a row whose texts are not UTF-8.

    Nobody looks at texts when they are written, and polars panics when they are read.
    """
    import pyarrow as pa

    try:
        batch.validate(full=True)
        yield batch
    except pa.ArrowInvalid:
        if batch.num_rows == 1:
            yield None
            return
        half = batch.num_rows // 2
        for rows in (range(half), range(half, batch.num_rows)):
            # A slice would still hold the nested texts of the other rows.
            yield from _split_texts(batch.take(pa.array(rows)))

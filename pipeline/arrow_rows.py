"""Rows of parquet, Arrow and Feather files, batch by batch.

What a file is, its first bytes say. Texts that are no UTF-8 cost only their row, and a
time that Python does not have (the year 20,000) is read as a text. Columns of one name
get numbers. Types that polars does not know, such as decimals of 256 bits, are read the
slow way.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipeline.arrow_types import is_foreign, is_out_of_range, is_zone, with_bytes
from pipeline.errors import one_line
from pipeline.rows import NOT_TEXT, Row, Unreadable, unique_names

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

ROWS = 1000  # of a batch
LOOKED_AT = 20  # values that tell bytes from texts
PARQUET = b"PAR1"
STREAM = b"\xff\xff\xff\xff"  # Arrow without the name of a file
MAGIC = (PARQUET, b"ARROW1", STREAM)
FEATHER_1 = b"FEA1"
CONVERT = """
import sys
from pyarrow.feather import read_table, write_feather
write_feather(read_table(sys.argv[1], memory_map=False), sys.argv[2])
"""


def read_arrow(path: Path) -> Iterator[Row | Unreadable]:
    """Rows as plain Python; a file may be larger than the memory."""
    import polars as pl
    import pyarrow as pa

    number = 0
    try:
        for batch in _plain_batches(_batches(path)):
            for part in _split_texts(batch):
                for row in [part] if isinstance(part, str) else _rows(part):
                    yield Unreadable(number, row) if isinstance(row, str) else row
                    number += 1
    except (
        pa.ArrowException, pl.exceptions.PolarsError, OSError, UnicodeDecodeError
    ) as error:  # fmt: skip
        kind = path.suffix.lower().lstrip(".")
        yield Unreadable(number, f"not a whole {kind} file: {one_line(error)}")


def read_old_feather(path: Path) -> Iterator[Row | Unreadable]:
    """Rows of a Feather file of version 1, of 2016.

    Another process makes Arrow of it: a damaged file ends the one that reads it.
    """
    with TemporaryDirectory(prefix="goldsieve-") as folder:
        new = Path(folder, path.name)
        command = [sys.executable, "-W", "ignore", "-c", CONVERT, str(path), str(new)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            why = run.stderr.strip().rpartition("\n")[2]
            yield Unreadable(0, f"not a whole Feather file of version 1: {why}")
        else:
            yield from read_arrow(new)


def _batches(path: Path) -> Iterator["pa.RecordBatch | str"]:
    import pyarrow as pa
    from pyarrow import ipc
    from pyarrow.parquet import ParquetFile

    with path.open("rb") as file:
        head = file.read(6)
    is_parquet = path.suffix.lower() == ".parquet" and not head.startswith(MAGIC)
    if is_parquet or head.startswith(PARQUET):
        # Buffering ahead would read the whole file while its first rows are used.
        with ParquetFile(path, pre_buffer=False) as file:
            for number in range(file.num_row_groups):
                yield from _group_batches(file, number)
        return
    with pa.OSFile(str(path)) as source:
        try:
            reader = ipc.open_file(source)
        except pa.ArrowInvalid:
            source.seek(0)
            yield from ipc.open_stream(source)
            while source.tell() < source.size():  # streams one behind the other
                yield from ipc.open_stream(source)
        else:
            for index in range(reader.num_record_batches):
                yield reader.get_batch(index)


def _group_batches(
    file: "ParquetFile", number: int
) -> Iterator["pa.RecordBatch | str"]:
    """The batches of a row group; where it is damaged, why the rest is not read."""
    import pyarrow as pa

    left = file.metadata.row_group(number).num_rows
    try:
        for batch in file.iter_batches(ROWS, row_groups=[number]):
            yield batch
            left -= batch.num_rows
    except (pa.ArrowException, OSError) as error:
        yield f"{left:,} rows of row group {number} are damaged: {one_line(error)}"


def _plain_batches(
    batches: Iterator["pa.RecordBatch | str"],
) -> Iterator["pa.RecordBatch | str"]:
    """Columns with names of their own; bytes as texts, which are checked later.

    Bytes stay what they are where most in the first batch are no texts, as in images.
    """
    import pyarrow as pa

    blobs: dict[str, bool] = {}
    for batch in batches:
        if isinstance(batch, str):
            yield batch
            continue
        names = unique_names(batch.schema.names)
        for name, column in zip(names, batch.columns, strict=True):
            if name not in blobs:
                blobs[name] = _holds_blobs(column)
        columns = [
            column if blobs[name] else _with_plain_values(column)
            for name, column in zip(names, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, names=names)


def _holds_blobs(column: "pa.Array") -> bool:
    import pyarrow as pa
    from pyarrow import types

    kinds = types.is_binary, types.is_large_binary, types.is_binary_view
    if not any(kind(column.type) for kind in kinds):
        return False
    try:
        column.validate(full=True)  # values beyond its buffers would end the process
    except pa.ArrowInvalid:
        return False
    values = [value for value in column[:LOOKED_AT].to_pylist() if value is not None]
    return sum(map(_is_blob, values)) * 2 > len(values)


def _is_blob(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False


def _with_plain_values(column: "pa.Array") -> "pa.Array":
    """Bytes and times out of range as texts, times of unknown zones in UTC."""
    import pyarrow as pa
    from pyarrow import types

    dtype = column.type
    if types.is_float16(dtype) or types.is_float32(dtype):
        # 0.1, and not 0.10000000149011612.
        return column.cast(pa.string()).cast(pa.float64())
    if types.is_binary(dtype):
        return column.view(pa.string())
    if types.is_binary_view(dtype):
        return column.cast(pa.binary()).view(pa.string())
    if types.is_large_binary(dtype):
        return column.view(pa.large_string())
    if types.is_timestamp(dtype) and dtype.tz and not is_zone(dtype.tz):
        column = column.cast(pa.timestamp(dtype.unit, "UTC"))
    if is_out_of_range(column):
        numbers = types.is_duration(dtype)
        column = column.view(pa.int64()) if numbers else column
        return column.cast(pa.string())
    return column


def _rows(batch: "pa.RecordBatch") -> Iterator[Row | str]:
    """The rows of a batch; of one that Python does not have, why."""
    import polars as pl

    if any(is_foreign(field.type) for field in batch.schema):
        return (_read_row(batch.slice(at, 1)) for at in range(batch.num_rows))
    rows: Iterator[dict[str, Any]] = pl.DataFrame(batch).iter_rows(named=True)
    return rows


def _read_row(batch: "pa.RecordBatch") -> Row | str:
    import pyarrow as pa

    try:
        row: Row = batch.to_pylist()[0]
    except (ValueError, OverflowError, pa.ArrowException) as error:
        return f"a value cannot be read: {one_line(error)}"
    return row


def _split_texts(batch: "pa.RecordBatch | str") -> Iterator["pa.RecordBatch | str"]:
    """Slices of `batch` in order; of a row that is not what it says it is, why.

    Nobody looks at texts when they are written, and polars panics when they are read.
    """
    import pyarrow as pa

    if isinstance(batch, str):
        yield batch
        return
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        try:
            for column in batch.columns:
                column.view(with_bytes(column.type)).validate(full=True)
        except pa.ArrowException as error:
            # To take rows of it would read beyond its buffers, and end the process.
            yield f"{batch.num_rows:,} rows are damaged: {one_line(error)}"
        else:
            yield from _split_at_texts(batch)
    else:
        yield batch


def _split_at_texts(batch: "pa.RecordBatch") -> Iterator["pa.RecordBatch | str"]:
    import pyarrow as pa

    try:
        batch.validate(full=True)
        yield batch
    except pa.ArrowInvalid:
        if batch.num_rows == 1:
            yield NOT_TEXT
            return
        half = batch.num_rows // 2
        for rows in (range(half), range(half, batch.num_rows)):
            # A slice would still hold the nested texts of the other rows.
            yield from _split_at_texts(batch.take(pa.array(rows)))

"""Tables of other people as data frames: no value lost because its column is mixed.

A column of one type keeps it. One that mixes texts with numbers, lists or objects, or
whose numbers are too long for 64 bits, becomes text: texts as they are, the rest as
JSON. What of our columns holds text (`problem`, `answer`) is made text in any case: a
date, a decimal, a category, a list of one as its member, another list as JSON.
"""

import json
import sys
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from unicodedata import normalize

import polars as pl

from pipeline.arrow_types import is_foreign
from pipeline.readers import Row, Unreadable, raw_rows, refuse
from pipeline.rows import nested, spell
from pipeline.schema import PROBLEM
from pipeline.text import TIMES, as_text

TEXTS = [name for name, dtype in PROBLEM.items() if dtype == pl.String]
NUMBERS = int | float | Decimal
INT64 = 2**63
FLOAT_INT = 2**53  # up to here, floats have all integers
PART = 5_000  # rows
BATCH = 1 << 16  # rows of a parquet file


def read_frame(
    path: Path, named: Collection[str] = ()
) -> tuple[pl.DataFrame, list[Unreadable]]:
    """The rows of a file, and what in it cannot be read; `named` as in `raw_rows`.

    Raises UserError where there is no such file, or nobody knows its kind.
    """
    if (table := _read_parquet(path)) is not None:
        return with_texts(table), []
    lost = list[Unreadable]()
    parts = list(_read_parts(raw_rows(path, named), lost))
    if not parts:
        return pl.DataFrame(schema={"problem": pl.String}), lost
    return with_texts(_join(parts, lambda: raw_rows(path, named))), lost


def _join(
    parts: list[pl.DataFrame], read: Callable[[], Iterator[Row | Unreadable]]
) -> pl.DataFrame:
    """All parts of a file; where they differ in a column's type, all its values count.

    These are read again: what a part made of them may not be what the file has.
    """
    dtypes = dict[str, set[pl.DataType]]()
    for part in parts:
        for name, dtype in part.schema.items():
            dtypes.setdefault(name, set()).add(dtype)
    odd = [name for name, kinds in dtypes.items() if len(kinds - {pl.Null()}) > 1]
    columns = list[pl.Series]()
    if odd:
        rows = (row for row in read() if not isinstance(row, Unreadable))
        values = zip(*([row.get(name) for name in odd] for row in rows), strict=True)
        columns = list(map(_column, odd, map(list, values)))
        parts = [part.with_columns(_nulls(part.height, odd)) for part in parts]
    # By name: as an expression, a column called * would be all of them.
    table = pl.concat(parts, how="diagonal_relaxed").with_columns(columns)
    return table[list(dtypes)]


def _nulls(height: int, names: list[str]) -> list[pl.Series]:
    return [pl.Series(name, [None] * height, pl.Null) for name in names]


def _read_parquet(path: Path) -> pl.DataFrame | None:
    """A parquet file, its types kept; None where one has to look at its rows.

    That is where something is damaged, which polars itself would panic at, where types
    are foreign to polars, and where times or bytes shall become our texts.
    """
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return None

    from pyarrow import ArrowException, default_memory_pool, parquet, types

    odd = types.is_temporal, types.is_binary, types.is_large_binary
    try:
        if any(
            is_foreign(each.type)
            or (each.name in TEXTS and any(kind(each.type) for kind in odd))
            for each in parquet.read_schema(path)
        ):
            return None
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(BATCH):
                batch.validate(full=True)
        default_memory_pool().release_unused()
        # Arrow's own batches would take half as much memory again.
        return pl.read_parquet(path, glob=False, hive_partitioning=False)
    except (OSError, ArrowException, UnicodeDecodeError, pl.exceptions.PolarsError):
        return None


def read_parts(path: Path) -> Iterator[pl.DataFrame]:
    """The rows of a file as tables of some thousand; what is unreadable is told."""
    lost, is_read = list[Unreadable](), False
    for part in _read_parts(raw_rows(path), lost):
        is_read = True
        yield with_texts(part)
    if lost and not is_read:
        raise refuse(path, lost[0])
    if lost:
        count, first = f"{len(lost):,} rows cannot be read", lost[0]
        print(f"{path}: {count}; row {first.row}: {first.detail}", file=sys.stderr)


def _read_parts(
    rows: Iterator[Row | Unreadable], lost: list[Unreadable]
) -> Iterator[pl.DataFrame]:
    """The rows as tables; what cannot be read goes into `lost`."""
    while batch := list(islice(rows, PART)):
        lost += [row for row in batch if isinstance(row, Unreadable)]
        if read := [row for row in batch if not isinstance(row, Unreadable)]:
            yield _to_frame(read)


def find_column(table: pl.DataFrame, name: str) -> pl.Series | None:
    """A column, or what lies inside of one, such as `messages.0.content`."""
    composed = {normalize("NFC", each): each for each in table.columns}
    if known := name if name in table.columns else composed.get(normalize("NFC", name)):
        return table[known]
    for column in table.columns:
        if name.startswith(f"{column}."):
            inside = name.removeprefix(f"{column}.")
            values = [nested(value, inside) for value in table[column].to_list()]
            if any(value is not None for value in values):
                return _column(name, values)
    return None


def with_texts(table: pl.DataFrame) -> pl.DataFrame:
    """`table` with texts in the columns that PROBLEM has as texts."""
    return table.with_columns(
        _to_text(table[name])
        for name in TEXTS
        if name in table.columns and table.schema[name] != pl.String
    )


def _to_frame(rows: list[Row]) -> pl.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame(
        {name: _column(name, [row.get(name) for row in rows]) for name in names}
    )


def _column(name: str, values: list[Any]) -> pl.Series:
    """One type for all values: their own where they share one, else text."""
    if name in TEXTS:
        return pl.Series(name, list(map(_text_of, values)), dtype=pl.String)
    kinds = {_kind(value) for value in values if value is not None}
    if len(kinds) <= 1 and "long" not in kinds:
        try:
            if kinds & {"list", "dict"}:
                return _nested(name, values)
            return pl.Series(name, values, strict=True)
        except (TypeError, OverflowError, RuntimeError, pl.exceptions.PolarsError):
            pass  # lists or objects that differ inside, decimals of 256 bits
    if kinds == {"number"} and all(map(_is_exact, values)):
        return pl.Series(name, [None if v is None else float(v) for v in values])
    return pl.Series(name, [_spell(value) for value in values], dtype=pl.String)


def _nested(name: str, values: list[Any]) -> pl.Series:
    """Lists or objects, with null for what some lack; TypeError where one changes."""
    rows = [{name: value} for value in values]
    column = pl.from_dicts(rows, infer_schema_length=None)[name]
    if _is_empty(column.dtype) or not all(map(_is_same, values, column.to_list())):
        raise TypeError
    return column


def _is_empty(dtype: Any) -> bool:
    """Whether it has, or is, an object without names, which parquet cannot hold."""
    if isinstance(dtype, pl.Struct):
        return not dtype.fields or any(_is_empty(each.dtype) for each in dtype.fields)
    return isinstance(dtype, pl.List) and _is_empty(dtype.inner)


def _is_same(value: Any, read: Any) -> bool:
    """Whether `read` says what `value` does; an object may gain names of nulls."""
    if isinstance(value, dict) and isinstance(read, dict):
        return value.keys() <= read.keys() and all(
            _is_same(value.get(name), part) for name, part in read.items()
        )
    if isinstance(value, list) and isinstance(read, list):
        return len(value) == len(read) and all(map(_is_same, value, read))
    if value != value:
        return bool(read != read)  # NaN
    return value == read and isinstance(value, bool) == isinstance(read, bool)


def _is_exact(value: Any) -> bool:
    return not isinstance(value, int) or abs(value) <= FLOAT_INT


def _kind(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return type(value).__name__
    is_long = isinstance(value, int) and not -INT64 <= value < INT64
    return "long" if is_long else "number"


def _spell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    is_json = isinstance(value, int | float | list | dict)
    return _to_json(value) if is_json else spell(value)


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=spell, separators=(",", ":"))


def _to_text(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Float32:
        column = column.cast(pl.String).cast(pl.Float64)  # 0.1, no 0.10000000149
    texts = [_text_of(value) for value in column]
    return pl.Series(column.name, texts, dtype=pl.String)


def _text_of(value: Any) -> str | None:
    if isinstance(value, pl.Series):
        value = value.to_list()
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, list | dict):
        return _to_json(value) if value else None
    if value is None or isinstance(value, str):
        return value
    return as_text(value) if isinstance(value, NUMBERS | TIMES) else str(value)

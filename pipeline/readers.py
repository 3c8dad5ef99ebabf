"""Read any file of rows, and say of every row that cannot be read why.

Parquet, JSON lines, a JSON array or object, CSV; text also as .gz or .zst. What
is broken costs only itself: a bad line, bytes that are not UTF-8, a JSON array
that ends in the middle of a row. Only a file that is not there, or of a kind
nobody knows, is an error.
"""

import codecs
import csv
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from pipeline.errors import UserError
from pipeline.surrogates import is_text

Row = dict[str, Any]
EXCERPT = 500
NOT_TEXT = "not UTF-8, or half a surrogate pair"
PARQUET_ROWS = 1000
BETWEEN_ROWS = re.compile(r"[ \t\r\n,]*")
SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
csv.field_size_limit(1 << 30)


@dataclass(frozen=True)
class Unreadable:
    """A row that is there and cannot be read; `row` counts from 0."""

    row: int
    detail: str
    excerpt: str = ""


def raw_rows(path: Path) -> Iterator[Row | Unreadable]:
    """Every row of `path` in order, as a dict or as an Unreadable.

    Raises UserError where there is no such file, or nobody knows its kind.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist", hint="is GOLDSIEVE_DATA right?")
    suffix = next((s for s in reversed(path.suffixes) if s not in (".gz", ".zst")), "")
    if suffix not in SUFFIXES:
        raise UserError(
            f"{path}: nobody knows how to read {suffix or 'a file without suffix'}",
            hint=f"known: {', '.join(SUFFIXES)}, and text as .gz or .zst",
        )
    if suffix == ".parquet":
        return _parquet(path)
    try:
        content = _content(path).removeprefix(codecs.BOM_UTF8)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        return iter([Unreadable(0, f"cannot be decompressed: {error}")])
    if not content.strip():
        return iter([Unreadable(0, "the file is empty")])
    if suffix == ".json":
        return _json(content)
    if suffix in (".csv", ".tsv"):
        return _csv(content, "\t" if suffix == ".tsv" else ",")
    return _lines(content)


def hub_rows(
    repo: str, revision: str, config: str | None = None, split: str = "train"
) -> Iterator[Row]:
    """Rows of a Hub dataset, or of a local folder that is laid out like one.

    Raises UserError where it cannot be loaded.
    """
    import datasets

    pinned = {} if Path(repo).is_dir() else {"revision": revision}
    try:
        table = datasets.load_dataset(repo, config, split=split, **pinned)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise UserError(
            f"{repo}@{revision} could not be loaded: {str(error)[:300]}",
            hint="offline, point `path` at local files",
        ) from None
    return iter(table)


def nested(row: Any, path: str) -> Any:
    """What "a.b" holds, b inside a, or "a.0", the first of a list; None for nothing.

    A name may have dots itself, and what lies on the way may be JSON in a text.
    """
    if isinstance(row, str) and row.lstrip()[:1] in ("{", "["):
        try:
            row = json.loads(row)
        except (ValueError, RecursionError):
            return None
    if isinstance(row, list):
        row = {str(number): value for number, value in enumerate(row)}
    if not isinstance(row, dict):
        return None
    names = path.split(".")
    for end in range(len(names), 0, -1):
        if (name := ".".join(names[:end])) in row:
            rest = ".".join(names[end:])
            return nested(row[name], rest) if rest else row[name]
    return None


def expand(path: str) -> Path:
    """`path` with its environment variables; a missing one is a UserError."""
    expanded = os.path.expandvars(path)
    if absent := re.findall(r"\$\{?(\w+)", expanded):
        raise UserError(
            f"{path}: the environment variable {absent[0]} is not set",
            hint=f"export {absent[0]}=/path/to/the/data",
        )
    return Path(expanded)


def _content(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix == ".zst":
        with path.open("rb") as file:
            decompressor = zstandard.ZstdDecompressor()
            return decompressor.stream_reader(file, read_across_frames=True).read()
    return path.read_bytes()


def _parquet(path: Path) -> Iterator[Row | Unreadable]:
    """Rows in batches: a file may be larger than the memory."""
    import polars as pl
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        # Buffering ahead would read the whole file while its first rows are used.
        with ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(PARQUET_ROWS):
                for part in _split_texts(batch):
                    if part is None:
                        yield Unreadable(number, NOT_TEXT)
                    else:
                        yield from pl.DataFrame(part).iter_rows(named=True)
                    number += part.num_rows if part else 1
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        yield Unreadable(number, f"not a parquet file: {error}")


def _split_texts(batch: Any) -> Iterator[Any]:
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


def _lines(content: bytes) -> Iterator[Row | Unreadable]:
    lines = (line for line in content.split(b"\n") if line.strip())
    for number, line in enumerate(lines):
        try:
            row = json.loads(line.decode())
        except UnicodeDecodeError as error:
            yield _unreadable(number, f"not UTF-8: {error}", line.decode("latin-1"))
        except (ValueError, RecursionError) as error:
            yield _unreadable(number, f"not JSON: {error}", line.decode())
        else:
            yield _row(number, row, suspect=rb"\ud" in line.lower())


def _json(content: bytes) -> Iterator[Row | Unreadable]:
    """An array of rows, row by row; or one object, or JSON lines under this name."""
    text = content.decode(errors="surrogateescape").strip()
    if text[0] != "[":
        yield from _object(text, content)
        return
    suspect = r"\ud" in text.lower() or not is_text(text)
    decoder, at, number = json.JSONDecoder(), 1, 0
    while True:
        at = BETWEEN_ROWS.match(text, at).end()  # type: ignore[union-attr]
        if text[at : at + 1] == "]":
            return
        try:
            row, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            detail = f"truncated or broken at character {at:,}: {error}"
            yield _unreadable(number, detail, text[at : at + EXCERPT])
            return
        yield _row(number, row, suspect=suspect)
        number += 1


def _object(text: str, content: bytes) -> Iterator[Row | Unreadable]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(content)
    else:
        yield _row(0, row, suspect=True)


def _csv(content: bytes, delimiter: str) -> Iterator[Row | Unreadable]:
    """Rows under the names of the first line; a quote that never closes is told."""
    text = content.decode(errors="surrogateescape")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    number = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Unreadable(number, f"not CSV: {error}, up to line {reader.line_num}")
            number += 1
            continue
        if names is None:
            names = fields
        elif fields:
            if len(fields) == len(names):
                row = dict(zip(names, fields, strict=True))
                yield _row(number, row, suspect=True)
            else:
                detail = f"expected {len(names)} columns, found {len(fields)}"
                yield _unreadable(number, detail, ",".join(fields))
            number += 1


def _row(number: int, row: Any, *, suspect: bool) -> Row | Unreadable:
    """A JSON row is an object; a list becomes {"row": list}, as chats are stored.

    `suspect`: the row may hold half a surrogate pair, which is no text.
    """
    if suspect and not is_text(text := json.dumps(row, ensure_ascii=False)):
        return _unreadable(number, NOT_TEXT, text)
    if isinstance(row, dict):
        return row
    if isinstance(row, list):
        return {"row": row}
    return _unreadable(number, "expected an object", repr(row))


def _unreadable(number: int, detail: str, text: str) -> Unreadable:
    return Unreadable(number, detail, text[:EXCERPT].encode(errors="replace").decode())

"""Read any file of rows, and say of every row that cannot be read why.

Parquet, Arrow, Feather, JSON in all its layouts, CSV and TSV; text also compressed
(gz, zst, xz, bz2, zip) and in UTF-16. What is broken costs only itself: a bad line,
bytes that are not UTF-8, a stream that is cut off, which is told and gives its whole
rows. Only a file that is not there, or of a kind nobody knows, is an error.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.arrow_rows import MAGIC, read_arrow
from pipeline.csv_rows import looks_like_table, read_csv
from pipeline.errors import UserError
from pipeline.json_rows import is_json, read_lines, read_values
from pipeline.rows import EXCERPT as EXCERPT
from pipeline.rows import NOT_TEXT, read_json
from pipeline.rows import Row as Row
from pipeline.rows import Unreadable as Unreadable
from pipeline.streams import ZIP, BrokenStream, is_compressed, name_inside, read_text
from pipeline.text import as_text

COMPRESSED = (".gz", ".gzip", ".zst", ".zstd", ".xz", ".bz2", ".zip")
LINES = (".jsonl", ".ndjson", ".jsonlines", ".jl")
TABLES = (".csv", ".tsv", ".tab", ".psv")
BINARY = (".parquet", ".arrow", ".arrows", ".feather", ".ipc")
FEATHER_1 = b"FEA1"  # a damaged file of it ends pyarrow, and this process with it
SUFFIXES = (*BINARY, *LINES, ".json", *TABLES)
SAVED = "state.json"  # in a folder of `datasets`
LONGEST_START = 1 << 16  # bytes of a text that tell its kind


def raw_rows(path: Path) -> Iterator[Row | Unreadable]:
    """Every row of `path` in order, as a dict or as an Unreadable.

    Raises UserError where there is no such file, or nobody knows its kind.
    """
    if (path / SAVED).is_file():
        return _saved_rows(path)
    _check_is_there(path)
    kind = _find_kind(path)
    return read_arrow(path) if kind in BINARY else _read_text_rows(path, kind)


def _saved_rows(folder: Path) -> Iterator[Row | Unreadable]:
    """Rows of the files that `Dataset.save_to_disk` wrote, one behind the other."""
    state, files = read_object(folder / SAVED), list[Path]()
    for file in state.get("_data_files") or []:
        if isinstance(file, dict) and isinstance(file.get("filename"), str):
            files.append(folder / Path(file["filename"]).name)
    if not files or state.get("_indices_data_files"):
        raise UserError(
            f"{folder / SAVED} does not say which files hold the rows",
            hint="name a file of rows; dataset.flatten_indices() writes them in order",
        )
    rows = chain.from_iterable(map(raw_rows, files))
    return (
        replace(row, row=number) if isinstance(row, Unreadable) else row
        for number, row in enumerate(rows)
    )


def _find_kind(path: Path) -> str:
    """The ending that a file of its content has; UserError where nobody knows it."""
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(FEATHER_1):
        raise UserError(
            f"{path} is in Feather's version 1 of 2016, which is not read",
            hint="pyarrow.feather: write_feather(read_table(old), new)",
        )
    if head.startswith(MAGIC):
        return ".arrow"
    suffix = _suffix(path) or _suffix(Path(name_inside(path)))
    if suffix in BINARY and is_compressed(head):
        raise UserError(
            f"{path}: {suffix} is read where nothing else compresses it",
            hint="unpack it, and name what was in it",
        )
    if suffix in (*LINES, ".json"):
        return suffix
    if is_json(start := _read_start(path), is_alone=suffix in TABLES):
        return ".jsonl"
    if suffix in SUFFIXES:
        return suffix
    if suffix in ("", ".txt") and looks_like_table(start):
        return ".csv"
    if not suffix and head.startswith(ZIP):
        raise UserError(
            f"{path} is a zip of several files, or of none",
            hint="unpack it, and name the file of rows",
        )
    raise UserError(
        f"{path}: nobody knows how to read {suffix or 'a file without suffix'}",
        hint=f"known: {', '.join(SUFFIXES)}, and text as {', '.join(COMPRESSED)}",
    )


def _read_start(path: Path) -> bytes:
    """The first bytes of a text; b"" where it is broken before them."""
    try:
        return next(filter(None, read_text(path)), b"")[:LONGEST_START]
    except BrokenStream:
        return b""


def _suffix(path: Path) -> str:
    """The ending of the name that is not of a compression; "" for none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((s for s in reversed(suffixes) if s not in COMPRESSED), "")


def read_object(path: Path) -> Row:
    """The one JSON object that `path` holds; UserError where it holds another thing."""
    _check_is_there(path)
    try:
        value = json.loads(b"".join(read_text(path)))
    except (BrokenStream, ValueError, RecursionError) as error:
        raise UserError(f"{path}: {error}") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected one JSON object")
    return value


def refuse(path: Path, lost: Unreadable) -> UserError:
    """The mistake that a file is of which no row can be read, the first for `lost`."""
    return UserError(f"{path}: no row can be read: {lost.detail}", _advise(path, lost))


def _advise(path: Path, lost: Unreadable) -> str:
    """What to do about such a file."""
    if path.is_dir():
        return "save it again, or name another"
    with path.open("rb") as file:
        head = file.read(50).lstrip().lower()
    if head.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS: `git lfs pull` fetches the file"
    if not head:
        return "write rows into it, or name another file"
    if head.startswith((b"<!doctype", b"<html")):
        return "it is a page of the web, and no data: download it again"
    if head.startswith((b"{'", b"[{'")):
        return "rows as Python prints them are no JSON: write them with json.dumps"
    if lost.detail == NOT_TEXT:
        return f"in Latin-1? iconv -f ISO-8859-1 -t UTF-8 {path} makes it UTF-8"
    return "its ending says how it is read: .parquet, .jsonl, .json, .csv …"


def _check_is_there(path: Path) -> None:
    if path.is_dir():
        raise UserError(
            f"{path} is a folder",
            hint="name a file of rows in it, or a split that save_to_disk wrote",
        )
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is no file of rows", hint="write them into one")
    if not path.exists():
        raise UserError(
            f"{path} does not exist",
            hint="check the path; where it has GOLDSIEVE_DATA, that too",
        )


def _read_text_rows(path: Path, suffix: str) -> Iterator[Row | Unreadable]:
    """Rows of a file of text; one more that says so where it is cut off or empty."""
    count = 0
    try:
        for row in _rows(read_text(path), suffix):
            yield row
            count += 1
    except BrokenStream as error:
        yield Unreadable(count, f"{error}; rows before this one are whole")
    else:
        if not count:
            yield Unreadable(0, "the file is empty, or has no rows")


def _rows(pieces: Iterator[bytes], suffix: str) -> Iterator[Row | Unreadable]:
    if suffix in LINES:
        return read_lines(pieces)
    if suffix == ".json":
        return read_values(pieces)
    return read_csv(pieces, "\t" if suffix in (".tsv", ".tab") else ",")


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


def nested(row: Any, path: str, absent: Any = None) -> Any:
    """What "a.b" holds, b inside a, or "a.0", the first of a list.

    A name may have dots itself, and what lies on the way may be JSON in a text. It is
    `absent` where an object has no such name, and None where an outer one is null.
    """
    if isinstance(row, str) and row.lstrip()[:1] in ("{", "["):
        row = read_json(row)
    if isinstance(row, list):
        row = {str(number): value for number, value in enumerate(row)}
    if not isinstance(row, dict):
        return None
    names = path.split(".")
    for end in range(len(names), 0, -1):
        if (name := ".".join(names[:end])) in row:
            rest = ".".join(names[end:])
            return nested(row[name], rest, absent) if rest else row[name]
    return absent


def read_column(row: Row, name: str | Sequence[str]) -> Any:
    """What a column holds; the texts of several ones, with a blank line between."""
    if isinstance(name, str):
        return nested(row, name)
    texts = (as_text(nested(row, each)) for each in name)
    return "\n\n".join(filter(None, texts)) or None


def expand(path: str) -> Path:
    """`path` with its environment variables; a missing one is a UserError."""
    if os.path.exists(path):
        return Path(path)
    expanded = os.path.expandvars(path)
    if absent := re.findall(r"\$\{?(\w+)", expanded):
        raise UserError(
            f"{path}: the environment variable {absent[0]} is not set",
            hint=f"export {absent[0]}=/path/to/the/data",
        )
    return Path(expanded)

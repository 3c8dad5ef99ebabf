"""Read any file of rows, and say of every row that cannot be read why.

Parquet, Arrow, Feather, JSON in all its layouts, CSV and TSV; text also compressed
(gz, zst, xz, bz2, zip) and in UTF-16; the files of a tar, a zip or a folder that
`datasets` saved. What is broken costs only itself: a bad line, bytes that are not
UTF-8, a stream that is cut off, which is told and gives its whole rows. Only a file
that is not there, or of a kind nobody knows, is an error.
"""

import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from pathlib import Path

from pipeline.archives import BLOCK, is_tar, unpack, unpacked
from pipeline.arrow_rows import FEATHER_1, MAGIC, read_arrow, read_old_feather
from pipeline.csv_rows import looks_like_table, read_csv
from pipeline.errors import UserError
from pipeline.json_rows import is_json, read_lines, read_values
from pipeline.rows import EXCERPT as EXCERPT
from pipeline.rows import NOT_TEXT
from pipeline.rows import Row as Row
from pipeline.rows import Unreadable as Unreadable
from pipeline.streams import (
    BrokenStream,
    UntilBroken,
    is_compressed,
    list_zip,
    read_bytes,
    read_text,
)  # fmt: skip

COMPRESSED = (".gz", ".gzip", ".zst", ".zstd", ".xz", ".bz2", ".zip", ".tar", ".tgz")
LINES = (".jsonl", ".ndjson", ".jsonlines", ".jl")
TABLES = (".csv", ".tsv", ".tab", ".psv")
BINARY = (".parquet", ".arrow", ".arrows", ".feather", ".ipc")
JSON = (".json",)
SUFFIXES = (*BINARY, *LINES, *JSON, *TABLES)
SAVED, SPLITS = "state.json", "dataset_dict.json"  # in folders of `datasets`
DAMAGED = re.compile("not a whole|cut off|damaged|decompressed any further")
LONGEST_START = 1 << 16  # bytes of a text that tell its kind


def raw_rows(path: Path, named: Collection[str] = ()) -> Iterator[Row | Unreadable]:
    """Every row of `path` in order, as a dict or as an Unreadable.

    The columns that are asked for, the `named` ones, tell whether a CSV has a line of
    names. Rows of an archive have the name of their `file`, those of a folder of splits
    that of their `split`, unless they have such a column. Raises UserError where there
    is no such file, or nobody knows its kind.
    """
    if (path / SPLITS).is_file():
        return _number(_split_rows(path))
    if (path / SAVED).is_file():
        return _number(_saved_rows(path))
    _check_is_there(path)
    head = _read_start(UntilBroken(read_bytes(path)), BLOCK)
    if is_tar(head) or len(list_zip(path)) > 1:
        return _number(_archive_rows(path, named, is_tar=is_tar(head)))
    kind = _find_kind(path, head)
    return _read_binary(path) if kind in BINARY else _read_text(path, kind, named)


def _number(rows: Iterable[Row | Unreadable]) -> Iterator[Row | Unreadable]:
    """Rows of several files, in which what is unreadable has its number among all."""
    for number, row in enumerate(rows):
        yield replace(row, row=number) if isinstance(row, Unreadable) else row


def _name(
    rows: Iterable[Row | Unreadable], column: str, name: str
) -> Iterator[Row | Unreadable]:
    """Rows with the name of their table, unless they have such a column."""
    for row in rows:
        if isinstance(row, Unreadable):
            yield replace(row, detail=f"{name}: {row.detail}")
        else:
            yield row | {column: row.get(column) or name}


def _split_rows(folder: Path) -> Iterator[Row | Unreadable]:
    """Rows of every split that `DatasetDict.save_to_disk` wrote, with its name."""
    names = read_object(folder / SPLITS).get("splits")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{folder / SPLITS} does not name the splits")
    for name in names:
        yield from _name(raw_rows(folder / Path(name).name), "split", name)


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
    return chain.from_iterable(map(raw_rows, files))


def _archive_rows(
    path: Path, named: Collection[str], *, is_tar: bool
) -> Iterator[Row | Unreadable]:
    """Rows of the files in an archive that are of one kind, with the names of these.

    What is no file of rows by its name, such as a README, is passed over.
    """
    first = ""
    try:
        for name, file in unpack(path, _has_rows, is_tar=is_tar):
            first = first or name
            if _layout(name) != _layout(first):
                raise UserError(
                    f"{path} holds files of several kinds: {first}, {name}",
                    hint="unpack it, and name the files of rows",
                )
            yield from _name(raw_rows(file, named), "file", name)
    except BrokenStream as error:
        yield Unreadable(0, str(error))
    else:
        if not first:
            raise UserError(
                f"{path} holds no file of rows",
                hint=f"known: {', '.join(SUFFIXES)}, by the endings of their names",
            )


def _has_rows(name: str) -> bool:
    return _suffix(Path(name)) in SUFFIXES


def _layout(name: str) -> tuple[str, ...]:
    """The endings of the files that may stand beside one in an archive."""
    suffix = _suffix(Path(name))
    return next(kinds for kinds in (BINARY, LINES, JSON, TABLES) if suffix in kinds)


def _read_binary(path: Path) -> Iterator[Row | Unreadable]:
    """Rows of a binary file, which is unpacked first where something compresses it."""
    with path.open("rb") as file:
        head = file.read(6)
    if not is_compressed(head):
        yield from read_old_feather(path) if head[:4] == FEATHER_1 else read_arrow(path)
        return
    pieces = UntilBroken(read_bytes(path))
    with unpacked(_name_inside(path), pieces) as unpacked_file:
        yield from _read_binary(unpacked_file)


def _name_inside(path: Path) -> str:
    """What a compressed file is called without what compresses it."""
    endings = [each for each in path.suffixes if each.lower() in COMPRESSED]
    return next(iter(list_zip(path)), path.name.removesuffix("".join(endings)))


def _find_kind(path: Path, head: bytes) -> str:
    """The ending that a file of its content has; UserError where nobody knows it.

    `head` is how the file begins, decompressed.
    """
    if head.startswith((*MAGIC, FEATHER_1)):
        return ".arrow"
    suffix = _suffix(path) or _suffix(Path(_name_inside(path)))
    if suffix in (*LINES, *JSON):
        return suffix
    pieces = UntilBroken(read_text(path))
    start = _read_start(pieces, 1)[:LONGEST_START]
    if is_json(start, is_alone=suffix in TABLES):
        return ".jsonl"
    if suffix in SUFFIXES:
        return suffix
    if suffix in ("", ".txt") and looks_like_table(start):
        return ".csv"
    if pieces.error and not head:
        raise UserError(f"{path}: {pieces.error}", hint="download or write it again")
    raise UserError(
        f"{path}: nobody knows how to read {suffix or 'a file without suffix'}",
        hint=f"known: {', '.join(SUFFIXES)}, and text as {', '.join(COMPRESSED)}; "
        "a table is read where it is called .csv or .tsv",
    )


def _read_start(pieces: UntilBroken, length: int) -> bytes:
    """At least so many bytes, where there are; fewer where the file is broken."""
    start = b""
    for piece in pieces:
        if len(start := start + piece) >= length:
            break
    return start


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
    if DAMAGED.search(lost.detail):
        return "a part of it is missing or damaged: download or write it again"
    return "its ending says how it is read: .parquet, .jsonl, .json, .csv …"


def _check_is_there(path: Path) -> None:
    if path.is_dir():
        raise UserError(
            f"{path} is a folder",
            hint="name a file of rows in it",
        )
    if path.exists() and not path.is_file():
        raise UserError(f"{path} is no file of rows", hint="write them into one")
    if not path.exists():
        raise UserError(
            f"{path} does not exist",
            hint="check the path; where it has GOLDSIEVE_DATA, that too",
        )


def _read_text(
    path: Path, suffix: str, named: Collection[str]
) -> Iterator[Row | Unreadable]:
    """Rows of a file of text; one more that says so where it is cut off or empty."""
    count = 0
    try:
        for row in _rows(path, suffix, named):
            yield row
            count += 1
    except BrokenStream as error:
        yield Unreadable(count, f"{error}; rows before this one are whole")
    else:
        if not count:
            yield Unreadable(0, "the file is empty, or has no rows")


def _rows(
    path: Path, suffix: str, named: Collection[str]
) -> Iterator[Row | Unreadable]:
    if suffix in LINES:
        return read_lines(read_text(path))
    if suffix == ".json":
        return read_values(read_text(path))
    delimiter = "\t" if suffix in (".tsv", ".tab") else ","
    return read_csv(read_text(path), delimiter, named, partial(_tell, path.name))


@cache
def _tell(file: str, what: str) -> None:
    print(f"{file}: {what}", file=sys.stderr)

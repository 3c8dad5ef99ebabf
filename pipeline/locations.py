"""Where rows lie: local files, or a dataset of the Hub at a pinned revision."""

import hashlib
import os
import re
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from pipeline.errors import UserError
from pipeline.readers import Row, Unreadable, raw_rows
from pipeline.settings import Settings


class DataLocation(Settings):
    """One of `repo` (with its `revision` and `config`), `path` and `paths`.

    Paths may hold environment variables ($GOLDSIEVE_DATA) and patterns (*.parquet,
    read in the order of their names). `sha256` is what a single file must have.
    `split` is one of the Hub dataset, by default train, or the rows of files whose
    column `split` says so, by default all.
    """

    KINDS: ClassVar[tuple[str, ...]] = ("repo", "path", "paths")
    COLUMNS: ClassVar[tuple[str, ...]] = ()  # fields that name columns of the rows

    repo: str = ""
    revision: str | None = None
    config: str | None = None
    split: str | None = None
    path: str = ""
    paths: tuple[str, ...] = ()
    sha256: str = ""

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        given = [getattr(self, kind) for kind in self.KINDS]
        if sum(value not in ("", (), None) for value in given) != 1:
            raise ValueError(f"give one of {', '.join(f'`{k}`' for k in self.KINDS)}")
        if self.repo and not self.revision:
            raise ValueError(
                "`repo` needs a pinned `revision`; `goldsieve recipe pin NAME` asks "
                "the Hub for it"
            )
        if self.sha256 and not self.path:
            raise ValueError("`sha256` is of one file: give `path`")
        return self

    def tables(self) -> Iterator[tuple[str, Iterator[Row | Unreadable]]]:
        """(name, rows) of the dataset, or of each file in order.

        Raises UserError where a file or dataset is absent or has another digest.
        """
        if self.repo and self.revision:
            split = self.split or "train"
            rows = _hub_rows(self.repo, self.revision, self.config, split)
            yield f"{self.repo}@{self.revision}", rows
        named = _flatten([getattr(self, name) for name in self.COLUMNS])
        for path in self.paths or filter(None, (self.path,)):
            whole = str(expand(path))
            for file in sorted(glob(whole)) or [whole]:
                if self.sha256:
                    _check_digest(Path(file), self.sha256)
                every = raw_rows(Path(file), named)
                if self.split:
                    every = _take_split(every, self.split, file)
                yield file, every

    def rows(self) -> Iterator[tuple[str, Row | Unreadable]]:
        """(name, row), table after table; a file has its name without folders."""
        for table, rows in self.tables():
            name = table if self.repo else Path(table).name
            for row in rows:
                yield name, row


def _flatten(value: Any) -> set[str]:
    """The texts in lists and objects."""
    if isinstance(value, str):
        return {value}
    parts = value.values() if isinstance(value, dict) else value
    return set().union(*map(_flatten, parts))


def _hub_rows(
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


def _take_split(
    rows: Iterator[Row | Unreadable], split: str, file: str
) -> Iterator[Row | Unreadable]:
    """The rows of a split, and what cannot be read; UserError where it has none."""
    others, is_there = set[str](), False
    for row in rows:
        name = split if isinstance(row, Unreadable) else row.get("split")
        if name == split:
            is_there |= isinstance(row, dict)
            yield row
        else:
            others.add(str(name))
    if not is_there and others:
        raise UserError(
            f"{file} has no rows of the split {split!r}",
            hint="without `split` all of its rows are read"
            if others == {"None"}
            else f"it has {', '.join(sorted(others))}",
        )


def _check_digest(file: Path, expected: str) -> None:
    if not file.is_file():
        return  # the reader says so
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest != expected:
        raise UserError(f"{file}: sha256 is {digest}, expected {expected}")


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

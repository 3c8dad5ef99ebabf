"""What a recipe says of a source, and the way from there to adapted rows."""

import hashlib
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.readers import Row, Unreadable, expand, hub_rows, raw_rows
from pipeline.settings import Settings

SOURCES = Path(__file__).parent
ADAPTED = {
    "problem", "answer", "verifier", "verify_info", "domain", "origin", "solutions",
    "meta",
}  # fmt: skip


class Source(Settings):
    """Where rows come from: one of repo, path, paths and generator.

    `columns` maps the names that the adapter reads to the source's own, with dots
    for what is nested; `set` overrides what the adapter says of every row.
    """

    adapter: str = ""
    repo: str = ""
    revision: str = ""
    config: str | None = None
    split: str = "train"
    path: str = ""
    paths: tuple[str, ...] = ()
    sha256: str = ""
    generator: dict[str, Any] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> "Source":
        given = [self.repo, self.path, self.paths, self.generator is not None]
        if sum(map(bool, given)) != 1:
            raise ValueError("give one of `repo`, `path`, `paths` or `generator`")
        if not self.adapter:
            raise ValueError("`adapter` is missing: a file of stages/sources")
        if self.repo and not self.revision:
            raise ValueError("`repo` needs a pinned `revision`")
        if self.sha256 and not self.path:
            raise ValueError("`sha256` is of one file: give `path`")
        if unknown := self.set.keys() - ADAPTED:
            raise ValueError(f"`set` knows {sorted(ADAPTED)}, not {sorted(unknown)}")
        return self


def load_adapter(name: str) -> ModuleType:
    """The file of stages/sources called `name`."""
    known = sorted(file.stem for file in SOURCES.glob("[a-z]*.py"))
    if name not in known:
        raise UserError(
            f"no adapter is called {name!r}", hint=f"try {', '.join(known)}"
        )
    return import_module(f"stages.sources.{name}")


def raw(source: Source, adapter: ModuleType) -> Iterable[Row | Unreadable]:
    """The rows of `source` as it stores them, in its order."""
    if source.generator is not None:
        return _generated(adapter, source)
    if source.repo:
        return hub_rows(source.repo, source.revision, source.config, source.split)
    files = [expand(path) for path in source.paths or (source.path,)]
    if source.sha256:
        _check(files[0], source.sha256)
    return (row for file in files for row in raw_rows(file))


def adapted(
    row: Row | Unreadable, source: Source, adapter: ModuleType
) -> dict[str, Any] | Unreadable:
    """The adapter's reading of a row; a problem is text, and an answer is if any."""
    if isinstance(row, Unreadable):
        return row
    renamed = row | {new: _dotted(row, old) for new, old in source.columns.items()}
    read = adapter.adapt(renamed)
    if isinstance(read, str):
        return Unreadable(0, read)
    read |= source.set
    for name in ("problem", "answer"):
        if isinstance(read[name], str):
            read[name] = read[name].replace("\0", "")
    return read if read["problem"].strip() else Unreadable(0, "problem: only NULs")


def _generated(adapter: ModuleType, source: Source) -> Iterator[Row | Unreadable]:
    if not hasattr(adapter, "generate"):
        raise UserError(f"adapter {source.adapter} does not generate rows")
    try:
        rows: Iterator[Row | Unreadable] = adapter.generate(**source.generator or {})
    except TypeError as error:
        raise UserError(f"adapter {source.adapter}: {error}") from None
    return rows


def _check(file: Path, sha256: str) -> None:
    found = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else sha256
    if found != sha256:
        raise UserError(f"{file}: sha256 is {found}, expected {sha256}")


def _dotted(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row

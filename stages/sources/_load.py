"""What a recipe says of a source, and the way from there to adapted rows."""

import json
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import polars as pl
from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.filter import Outcome
from pipeline.locations import DataLocation
from pipeline.readers import EXCERPT, Row, Unreadable
from pipeline.schema import PROBLEM, VERDICT
from pipeline.surrogates import mend_surrogates
from pipeline.text import fingerprint

SOURCES = Path(__file__).parent
# What an adapter may say of a row.
ADAPTED = {
    "problem", "answer", "verifier", "verify_info", "domain", "origin", "solutions",
    "meta",
}  # fmt: skip


class Source(DataLocation):
    """Where rows come from, or the options of the generator that makes them.

    `columns` maps the names that the adapter reads to the source's own, with dots
    for what is nested; `set` overrides what the adapter says of every row.
    """

    KINDS: ClassVar[tuple[str, ...]] = (*DataLocation.KINDS, "generator")

    adapter: str = ""
    generator: dict[str, Any] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_an_adapter(self) -> "Source":
        if not self.adapter:
            raise ValueError("`adapter` is missing: a file of stages/sources")
        if unknown := self.set.keys() - ADAPTED:
            raise ValueError(f"`set` knows {sorted(ADAPTED)}, not {sorted(unknown)}")
        return self


def load_adapter(name: str) -> ModuleType:
    """The file of stages/sources called `name`; UserError where there is none."""
    known = sorted(file.stem for file in SOURCES.glob("[a-z]*.py"))
    if name not in known:
        raise UserError(
            f"no adapter is called {name!r}", hint=f"try {', '.join(known)}"
        )
    return import_module(f"stages.sources.{name}")


def source_rows(source: Source) -> Iterator[Row | Unreadable]:
    """The rows of `source` as it stores them, in its order."""
    if source.generator is None:
        return source.rows()
    return _generate(load_adapter(source.adapter), source)


def adapt_rows(
    name: str,
    numbered: Iterable[tuple[int, Row | Unreadable]],
    source: Source,
    *,
    license: str = "unknown",
    origin: tuple[str, ...] = (),
) -> Outcome:
    """The rows as PROBLEM with the ids <name>/<number>, and those nobody can read.

    What the file or the adapter cannot read is dropped as `source_unreadable`, with
    the detail, the row's number and how it begins as evidence.
    """
    adapter = load_adapter(source.adapter)
    problems: list[dict[str, Any]] = []
    unreadable: list[dict[str, Any]] = []
    for number, row in numbered:
        fields = _adapt(row, source, adapter)
        identity = {"id": f"{name}/{number:05d}", "source": name}
        if isinstance(fields, Unreadable):
            excerpt = fields.excerpt or ("" if row is fields else repr(row)[:EXCERPT])
            evidence = {"detail": fields.detail, "row": number, "excerpt": excerpt}
            verdict = {"reason": "source_unreadable", "evidence": json.dumps(evidence)}
            unreadable.append(identity | verdict)
        else:
            fields["origin"] = [*fields.get("origin", []), *origin]
            fields.setdefault("solutions", [])
            for details in ("verify_info", "meta"):
                fields[details] = _json(fields.get(details, {}))
            problems.append(identity | {"license": license} | fields)
    kept = pl.DataFrame(problems, schema=PROBLEM)
    kept = kept.with_columns(key=fingerprint(pl.col("problem")))
    schema = pl.Schema({**PROBLEM, **VERDICT})
    return Outcome(kept, pl.DataFrame(unreadable, schema=schema))


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _generate(adapter: ModuleType, source: Source) -> Iterator[Row | Unreadable]:
    if not hasattr(adapter, "generate"):
        raise UserError(f"adapter {source.adapter} does not generate rows")
    try:
        rows: Iterator[Row | Unreadable] = adapter.generate(**source.generator or {})
    except TypeError as error:
        raise UserError(f"adapter {source.adapter}: {error}") from None
    return rows


def _adapt(
    row: Row | Unreadable, source: Source, adapter: ModuleType
) -> dict[str, Any] | Unreadable:
    """The adapter's reading of a row; a problem is text, and an answer is if any."""
    if isinstance(row, Unreadable):
        return row
    renamed = row | {new: _nested(row, old) for new, old in source.columns.items()}
    try:
        # JSON inside a column may hold half a surrogate pair that its file does not.
        fields = mend_surrogates(adapter.adapt(renamed))
    except RecursionError:
        return Unreadable(0, "nested too deeply")
    if isinstance(fields, str):
        return Unreadable(0, fields)
    fields |= source.set
    for name in ("problem", "answer"):
        if isinstance(fields[name], str):
            fields[name] = fields[name].replace("\0", "")
    return fields if fields["problem"].strip() else Unreadable(0, "problem: only NULs")


def _nested(row: Any, path: str) -> Any:
    """What "a.b" holds: b inside a; None where there is none."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row

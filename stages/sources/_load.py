"""What a recipe says of a source, and the way from there to adapted rows."""

import json
import random
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from operator import itemgetter
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.filter import Outcome
from pipeline.locations import DataLocation
from pipeline.readers import EXCERPT, Row, Unreadable, expand, raw_rows
from pipeline.schema import PROBLEM, VERDICT
from pipeline.settings import Settings
from pipeline.surrogates import mend_surrogates
from pipeline.text import fingerprint
from stages.sources._fields import as_text, filled

SOURCES = Path(__file__).parent
# What an adapter may say of a row.
ADAPTED = {
    "problem", "answer", "verifier", "verify_info", "domain", "origin", "solutions",
    "meta",
}  # fmt: skip


class Limit(Settings):
    """How many rows of a source are read: the first ones, or a random sample."""

    rows: int = Field(ge=1)
    how: Literal["head", "random"] = "head"
    seed: int = 0


class Recording(Settings):
    """What another file says of the rows.

    It has a row for each value of a column that the source has, too, and a second
    column with what it says: `columns` are the two. Without `columns`, it is an object
    whose names are the numbers of the source's rows.
    """

    path: str
    columns: tuple[str, str] | None = None

    def read(self) -> dict[str, Any]:
        """What the file says, by `key`."""
        rows = raw_rows(expand(self.path))
        if self.columns:
            by, value = self.columns
            known = (row for row in rows if isinstance(row, dict) and by in row)
            return {str(row[by]): row.get(value) for row in known}
        recorded = next(rows)
        if isinstance(recorded, Unreadable):
            raise UserError(f"{self.path}: {recorded.detail}")
        return recorded

    def key(self, number: int, row: Any) -> str:
        """The shared column of a row, or its number, as text."""
        return str(row.get(self.columns[0]) if self.columns else number)


class Source(DataLocation):
    """Where rows come from, or the options of the generator that makes them.

    `columns` maps the names that the adapter reads to the source's own, with dots
    for what is nested; `set` overrides what the adapter says of every row; of a field
    in `pattern` only what its first group matches is taken. `teacher` wrote the traces,
    where no column says who did. What other files recorded goes to `meta`, under the
    names of `recorded`.
    """

    KINDS: ClassVar[tuple[str, ...]] = (*DataLocation.KINDS, "generator")

    adapter: str = ""
    generator: dict[str, Any] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)
    pattern: dict[Literal["problem", "answer"], re.Pattern[str]] = Field(
        default_factory=dict
    )
    teacher: str = ""
    recorded: dict[str, Recording] = Field(default_factory=dict)
    license: str = "unknown"
    origin: tuple[str, ...] = ()
    limit: Limit | None = None

    @model_validator(mode="after")
    def _names_an_adapter(self) -> "Source":
        if not self.adapter:
            raise ValueError("`adapter` is missing: a file of stages/sources")
        if unknown := self.set.keys() - ADAPTED:
            raise ValueError(f"`set` knows {sorted(ADAPTED)}, not {sorted(unknown)}")
        for name, pattern in self.pattern.items():
            if not pattern.groups:
                raise ValueError(f"pattern.{name} has no group (…) around what counts")
        return self


def load_adapter(name: str) -> ModuleType:
    """The file of stages/sources called `name`; UserError where there is none."""
    known = sorted(file.stem for file in SOURCES.glob("[a-z]*.py"))
    if name not in known:
        raise UserError(
            f"no adapter is called {name!r}", hint=f"try {', '.join(known)}"
        )
    return import_module(f"stages.sources.{name}")


def read_source(name: str, source: Source) -> Outcome:
    """The rows as PROBLEM with the ids <name>/<number>, and those nobody can read.

    What the file or the adapter cannot read is dropped as `source_unreadable`, with
    the detail, the row's number and how it begins as evidence.
    """
    adapter = load_adapter(source.adapter)
    recorded = {field: file.read() for field, file in source.recorded.items()}
    problems: list[Row] = []
    unreadable: list[Row] = []
    for number, row in _limit(_rows(source, adapter), source.limit):
        fields = _adapt(row, source, adapter)
        identity = {"id": f"{name}/{number:05d}", "source": name}
        if isinstance(fields, Unreadable):
            excerpt = fields.excerpt or ("" if row is fields else repr(row)[:EXCERPT])
            evidence = {"detail": fields.detail, "row": number, "excerpt": excerpt}
            verdict = {"reason": "source_unreadable", "evidence": json.dumps(evidence)}
            unreadable.append(identity | verdict)
            continue
        recordings = {
            field: values.get(source.recorded[field].key(number, row))
            for field, values in recorded.items()
        }
        fields["meta"] = fields.get("meta", {}) | filled(recordings, *recordings)
        fields["origin"] = [*fields.get("origin", []), *source.origin]
        fields.setdefault("solutions", [])
        for details in ("verify_info", "meta"):
            fields[details] = _json(fields.get(details, {}))
        problems.append(identity | {"license": source.license} | fields)
    kept = pl.DataFrame(problems, schema=PROBLEM)
    kept = kept.with_columns(key=fingerprint(pl.col("problem")))
    schema = pl.Schema({**PROBLEM, **VERDICT})
    return Outcome(kept, pl.DataFrame(unreadable, schema=schema))


def _rows(source: Source, adapter: ModuleType) -> Iterator[Row | Unreadable]:
    """The rows of `source` as it stores them, in its order."""
    if source.generator is None:
        return source.rows()
    if not hasattr(adapter, "generate"):
        raise UserError(f"adapter {source.adapter} does not generate rows")
    try:
        rows: Iterator[Row | Unreadable] = adapter.generate(**source.generator)
    except TypeError as error:
        raise UserError(f"adapter {source.adapter}: {error}") from None
    return rows


def _limit(
    rows: Iterator[Row | Unreadable], limit: Limit | None
) -> Iterable[tuple[int, Row | Unreadable]]:
    """The rows that are read, with their numbers in the source."""
    numbered = enumerate(rows)
    if limit is None or limit.how == "head":
        return islice(numbered, limit.rows if limit else None)
    every = list(numbered)
    size = min(limit.rows, len(every))
    return sorted(random.Random(limit.seed).sample(every, size), key=itemgetter(0))


def _adapt(
    row: Row | Unreadable, source: Source, adapter: ModuleType
) -> Row | Unreadable:
    """The adapter's reading of a row: a problem, with an answer or with tests."""
    if isinstance(row, Unreadable):
        return row
    renamed = row | {new: _nested(row, old) for new, old in source.columns.items()}
    renamed |= {"teacher": source.teacher} if source.teacher else {}
    try:
        # JSON inside a column may hold half a surrogate pair that its file does not.
        fields: Row | str = mend_surrogates(adapter.adapt(renamed))
    except RecursionError:
        return Unreadable(0, "nested too deeply")
    if isinstance(fields, str):
        return Unreadable(0, fields)
    fields |= source.set
    for name, pattern in source.pattern.items():
        match = pattern.search(as_text(fields[name]) or "")
        fields[name] = match[1] if match else None
    for name in ("problem", "answer"):
        if isinstance(fields[name], str):
            fields[name] = fields[name].replace("\0", "")
    has_no_gold = fields.get("verify_info") or fields["verifier"] is None
    needed = ["problem"] if has_no_gold else ["problem", "answer"]
    if absent := [name for name in needed if not as_text(fields[name])]:
        return Unreadable(0, f"{' and '.join(absent)}: expected text")
    return fields


def _json(value: Row) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _nested(row: Any, path: str) -> Any:
    """What "a.b" holds, b inside a, or "a.0", the first of a list; None for nothing."""
    for name in path.split("."):
        if isinstance(row, list) and name.isdecimal():
            row = dict(enumerate(row)).get(int(name))
        else:
            row = row.get(name) if isinstance(row, dict) else None
    return row

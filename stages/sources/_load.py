"""What a recipe says of a source, and the way from there to adapted rows."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import islice
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.filter import Outcome, split, unjudged
from pipeline.locations import DataLocation
from pipeline.readers import (
    EXCERPT,
    Row,
    Unreadable,
    expand,
    nested,
    raw_rows,
    read_object,
)
from pipeline.schema import PROBLEM, VERDICT
from pipeline.settings import Settings
from pipeline.sql import Where, drop_unless
from pipeline.surrogates import mend_surrogates
from pipeline.text import fingerprint
from pipeline.verifiers.details.contract import BadInfo, known_verifiers, read_info
from stages.sources._fields import as_text, filled
from stages.sources._golds import settle_golds
from stages.sources._limit import Limit, limit_rows

BATCH = 20_000  # rows that stand in memory as objects
HALF_PAIR = "\\ud"  # what Python shows of half a surrogate pair begins so
SOURCES = Path(__file__).parent
# What an adapter may say of a row.
ADAPTED = {
    "problem", "answer", "golds", "verifier", "verify_info", "domain", "origin",
    "solutions", "meta",
}  # fmt: skip


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
        if self.columns:
            by, value = self.columns
            rows = raw_rows(expand(self.path))
            known = (row for row in rows if isinstance(row, dict) and by in row)
            return {str(row[by]): row.get(value) for row in known}
        return read_object(expand(self.path))

    def key(self, number: int, row: Any) -> str:
        """The shared column of a row, or its number, as text."""
        return str(row.get(self.columns[0]) if self.columns else number)


class Source(DataLocation):
    """Where rows come from, or the options of the generator that makes them.

    `columns` maps the names that the adapter reads to the source's own, with dots
    for what is nested; `set` overrides what the adapter says of every row; of a field
    in `pattern` only what its first group matches is taken. `teacher` wrote the traces,
    where no column says who did. `meta` gets the source's own fields that `keep` names,
    and what other files `recorded`. Rows that do not fulfil `where` leave, and `limit`
    draws from those that do.
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
    keep: dict[str, str] = Field(default_factory=dict)
    recorded: dict[str, Recording] = Field(default_factory=dict)
    where: Where = Field(default_factory=dict)
    license: str = "unknown"
    origin: tuple[str, ...] = ()
    limit: Limit | None = None

    @model_validator(mode="after")
    def _names_an_adapter(self) -> "Source":
        if not self.adapter:
            raise ValueError("`adapter` is missing: a file of stages/sources")
        if unknown := self.set.keys() - ADAPTED:
            raise ValueError(f"`set` knows {sorted(ADAPTED)}, not {sorted(unknown)}")
        if self.set.get("verifier") not in (None, *known_verifiers()):
            raise ValueError(f"`set.verifier` is one of {', '.join(known_verifiers())}")
        if self.set.get("golds", "all") not in ("all", "any"):
            raise ValueError("`set.golds` is all or any")
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
    """The rows as PROBLEM with the ids <name>/<number>, and those that leave.

    What the file or the adapter cannot read, or has details that its verifier does not
    take, is dropped as `source_unreadable`, with the detail, its file, its number and
    how it begins as evidence. What `where` cuts and what is `over_limit` is dropped
    behind it; without `where` and `per_group`, a limit draws from the rows of the
    source, and those that it leaves out are not read.
    """
    adapter = load_adapter(source.adapter)
    limit, setting = source.limit, f"collect.{name}"
    is_late = limit is not None and bool(source.where or limit.per_group)
    rows = _limit(_rows(source, adapter), None if is_late else limit)
    problems, tables = list[Row](), list[pl.DataFrame]()
    unreadable: list[Row] = []
    recorded = {field: file.read() for field, file in source.recorded.items()}
    for number, (file, row) in rows:
        identity = {"id": f"{name}/{number:05d}", "source": name}
        fields = _adapt(row, source, adapter)
        if isinstance(fields, Unreadable):
            where = {"file": file, "row": number}
            unreadable.append(identity | _verdict(fields, where, row))
            continue
        recordings = {
            field: values.get(source.recorded[field].key(number, row))
            for field, values in recorded.items()
        }
        kept = {field: nested(row, path) for field, path in source.keep.items()}
        problems.append(identity | _describe(fields, source, kept | recordings))
        if len(problems) == BATCH:
            tables.append(pl.DataFrame(problems, schema=PROBLEM))
            problems.clear()
    tables.append(pl.DataFrame(problems, schema=PROBLEM))
    table = unjudged(pl.concat(tables))
    table = table.with_columns(key=fingerprint(pl.col("problem")))
    table = drop_unless(table, source.where, setting=f"{setting}.where")
    if limit and is_late:
        table = limit_rows(table, limit, f"{setting}.limit")
    outcome = split(table)
    left = pl.DataFrame(unreadable, schema={**PROBLEM, **VERDICT})
    return Outcome(outcome.kept, pl.concat([left, outcome.dropped]))


def _verdict(unreadable: Unreadable, where: Row, row: Row | Unreadable) -> Row:
    """Why a row could not be read; what the adapter refused, as it stands."""
    excerpt = unreadable.excerpt or (
        repr(row)[:EXCERPT] if isinstance(row, dict) else ""
    )
    evidence = {"detail": unreadable.detail, **where, "excerpt": excerpt}
    return {"reason": "source_unreadable", "evidence": json.dumps(evidence)}


def _describe(fields: Row, source: Source, noted: Row) -> Row:
    """The columns of a problem, with what else was `noted` of it."""
    meta = fields.get("meta", {}) | filled(noted, *noted)
    return fields | {
        "license": source.license,
        "origin": [*fields.get("origin", []), *source.origin],
        "solutions": fields.get("solutions", []),
        "verify_info": _json(fields.get("verify_info", {})),
        "meta": _json(_without_nan(meta)),
    }


def _rows(
    source: Source, adapter: ModuleType
) -> Iterator[tuple[str, Row | Unreadable]]:
    """(file, row): the rows of `source` as it stores them, in its order."""
    if source.generator is None:
        return source.rows()
    if not hasattr(adapter, "generate"):
        raise UserError(f"adapter {source.adapter} does not generate rows")
    try:
        rows: Iterator[Row] = adapter.generate(**source.generator)
    except TypeError as error:
        raise UserError(f"adapter {source.adapter}: {error}") from None
    return (("", row) for row in rows)


def _limit(
    rows: Iterator[tuple[str, Row | Unreadable]], limit: Limit | None
) -> Iterable[tuple[int, tuple[str, Row | Unreadable]]]:
    """The rows that are read, with their files and their numbers in the source."""
    numbered = enumerate(rows)
    if limit is None or limit.rows is None:
        return numbered
    if limit.how == "head":
        return islice(numbered, limit.rows)
    every = list(numbered)
    return [every[place] for place in limit.places(len(every), limit.rows)]


def _adapt(
    row: Row | Unreadable, source: Source, adapter: ModuleType
) -> Row | Unreadable:
    """The adapter's reading of a row: a problem, with an answer or with tests."""
    if isinstance(row, Unreadable):
        return row
    renamed = row | {new: nested(row, old) for new, old in source.columns.items()}
    renamed |= {"teacher": source.teacher} if source.teacher else {}
    try:
        # JSON inside a column may hold half a surrogate pair that its file does not.
        fields: Row | str = adapter.adapt(renamed)
        if HALF_PAIR in repr(fields):
            fields = mend_surrogates(fields)
    except RecursionError:
        return Unreadable(0, "nested too deeply")
    if isinstance(fields, str):
        return Unreadable(0, fields)
    details = fields.get("verify_info") or {}
    fields |= source.set
    if "verify_info" in source.set:  # one option more
        fields["verify_info"] = details | source.set["verify_info"]
    how = fields.pop("golds", "all")
    if isinstance(fields["answer"], list) and (why := settle_golds(fields, how)):
        return Unreadable(0, why)
    for name, pattern in source.pattern.items():
        match = pattern.search(as_text(fields[name]) or "")
        fields[name] = match[1] if match else None
    for name in ("problem", "answer"):
        if isinstance(fields[name], str):
            fields[name] = fields[name].replace("\0", "")
    if why := _find_bad_info(fields["verifier"], fields.get("verify_info") or {}):
        return Unreadable(0, why)
    has_no_gold = fields.get("verify_info") or fields["verifier"] is None
    needed = ["problem"] if has_no_gold else ["problem", "answer"]
    if absent := [name for name in needed if not as_text(fields[name])]:
        return Unreadable(0, f"{' and '.join(absent)}: expected text")
    return fields


def _find_bad_info(verifier: str | None, info: Row) -> str | None:
    """What in the details is not as the verifier declares them: the field, and why.

    What the details hold, such as the tests, is read by the verifier, in `quality`.
    """
    if verifier is None:
        return None
    return _check_info(verifier, info) if info else _check_no_info(verifier)


def _check_info(verifier: str, info: Row) -> str | None:
    try:
        read_info(verifier, info)
    except BadInfo as error:
        return str(error)
    return None


@cache
def _check_no_info(verifier: str) -> str | None:
    return _check_info(verifier, {})


def _without_nan(value: Any) -> Any:
    """`value` with null for what is no number, which JSON does not have."""
    if isinstance(value, dict):
        return {key: _without_nan(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _json(value: Row) -> str:
    if not value:
        return "{}"
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)

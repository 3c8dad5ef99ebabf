"""Read one source as rows of PROBLEM; what cannot be read says why.

A source is a Hub dataset at a pinned revision, local files, or a generator. Its
adapter (a file in stages/sources) knows the schema. A row that the file or the
adapter cannot read is dropped with the reason `source_unreadable` and the
detail as evidence, so that rows in = rows out + rows dropped.

Reasons: `source_unreadable`.
"""

import hashlib
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.readers import Row, Unreadable, expand, raw_rows
from pipeline.schema import PROBLEM, VERDICT
from pipeline.settings import Settings
from pipeline.text import fingerprint
from pipeline.verdict import Outcome
from stages.sources._load import from_hub, load_adapter

SCHEMA = PROBLEM


class Limit(Settings):
    """How many rows of a source are read: the first ones, or a random sample."""

    rows: int = Field(ge=1)
    how: Literal["head", "random"] = "head"
    seed: int = 0


class Params(Settings):
    """Where the rows come from: one of repo, path, paths and generator."""

    adapter: str
    repo: str = ""
    revision: str = ""
    config: str | None = None
    split: str = "train"
    path: str = ""
    paths: tuple[str, ...] = ()
    sha256: str = ""
    generator: dict[str, Any] | None = None
    license: str = "unknown"
    origin: tuple[str, ...] = ()
    limit: Limit | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    set: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_origin(self) -> "Params":
        given = [self.repo, self.path, self.paths, self.generator is not None]
        if sum(map(bool, given)) != 1:
            raise ValueError("give one of `repo`, `path`, `paths` or `generator`")
        if self.repo and not self.revision:
            raise ValueError("`repo` needs a pinned `revision`")
        return self


def make(params: Params, name: str) -> Outcome:
    """All rows of the source `name`: adapted, or dropped with the reason."""
    adapter = load_adapter(params.adapter)
    numbered = _limited(list(enumerate(_raw(params, adapter))), params.limit)
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for number, raw in numbered:
        adapted = _adapted(raw, adapter, params)
        if isinstance(adapted, Unreadable):
            bad.append(_dropped(name, number, adapted, raw))
        else:
            good.append(_problem(name, number, adapted, params))
    kept = pl.DataFrame(good, schema=PROBLEM, infer_schema_length=None)
    kept = kept.with_columns(key=fingerprint(pl.col("problem")))
    schema = pl.Schema({**PROBLEM, **VERDICT})
    return Outcome(kept, pl.DataFrame(bad, schema=schema))


def _raw(params: Params, adapter: ModuleType) -> Iterable[Row | Unreadable]:
    if params.generator is not None:
        if not hasattr(adapter, "generate"):
            raise UserError(f"adapter {params.adapter} does not generate rows")
        return _generated(adapter, params)
    if params.repo:
        return from_hub(params.repo, params.revision, params.config, params.split)
    files = [expand(path) for path in params.paths or (params.path,)]
    if params.sha256:
        _check(files[0], params.sha256)
    return (row for file in files for row in raw_rows(file))


def _generated(adapter: ModuleType, params: Params) -> Iterator[Row | Unreadable]:
    try:
        rows: Iterator[Row | Unreadable] = adapter.generate(**params.generator or {})
    except TypeError as error:
        raise UserError(f"adapter {params.adapter}: {error}") from None
    return rows


def _check(file: Path, sha256: str) -> None:
    if not file.is_file():
        return  # the reader says it better
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != sha256:
        raise UserError(f"{file}: sha256 is {found}, expected {sha256}")


def _limited(
    rows: list[tuple[int, Row | Unreadable]], limit: Limit | None
) -> list[tuple[int, Row | Unreadable]]:
    if limit is None or limit.rows >= len(rows):
        return rows
    if limit.how == "head":
        return rows[: limit.rows]
    chosen = random.Random(limit.seed).sample(range(len(rows)), limit.rows)
    return [rows[i] for i in sorted(chosen)]


def _adapted(
    raw: Row | Unreadable, adapter: ModuleType, params: Params
) -> dict[str, Any] | Unreadable:
    """The adapter's reading of a row, checked: text that is text, and not empty."""
    if isinstance(raw, Unreadable):
        return raw
    renamed = raw | {new: _dotted(raw, old) for new, old in params.columns.items()}
    adapted = adapter.adapt(renamed)
    if isinstance(adapted, str):
        return Unreadable(0, adapted)
    adapted |= params.set
    problem, answer = adapted.get("problem"), adapted.get("answer")
    if not isinstance(problem, str) or not problem.strip():
        return Unreadable(0, f"problem: expected text, found {problem!r:.80}")
    if answer is not None and not isinstance(answer, str):
        return Unreadable(0, f"answer: expected text, found {answer!r:.80}")
    try:
        f"{problem}{answer}".encode()
    except UnicodeEncodeError as error:
        return Unreadable(0, f"text that is not Unicode: {error.reason}")
    return adapted


def _dotted(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _problem(
    name: str, number: int, adapted: dict[str, Any], params: Params
) -> dict[str, Any]:
    given = {
        "id": f"{name}/{number:05d}",
        "source": name,
        "license": params.license,
        "origin": [*adapted.get("origin", []), *params.origin],
        "domain": adapted.get("domain", "math"),
        "problem": adapted["problem"].replace("\0", ""),
        "answer": adapted.get("answer"),
        "verifier": adapted.get("verifier", "math"),
        "verify_info": _json(adapted.get("verify_info", {})),
        "solutions": adapted.get("solutions", []),
        "meta": _json(adapted.get("meta", {})),
    }
    return {"key": None} | given


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _dropped(
    name: str, number: int, why: Unreadable, raw: Row | Unreadable
) -> dict[str, Any]:
    excerpt = why.excerpt or repr(raw)[:500]
    evidence = {"detail": why.detail, "row": number, "excerpt": excerpt}
    return {
        "id": f"{name}/{number:05d}",
        "source": name,
        "reason": "source_unreadable",
        "evidence": json.dumps(evidence),
    }

"""Read one source as rows of PROBLEM; what cannot be read says why.

A source is a Hub dataset at a pinned revision, local files, or a generator. Its
adapter (a file in stages/sources) knows the schema. A row that the file or the
adapter cannot read is dropped with the reason `source_unreadable` and the
detail as evidence, so that rows in = rows out + rows dropped.

Reasons: `source_unreadable`.
"""

import json
import random
from typing import Any, Literal

import polars as pl
from pydantic import Field

from pipeline.filter import Outcome
from pipeline.readers import EXCERPT, Row, Unreadable
from pipeline.schema import PROBLEM, VERDICT
from pipeline.settings import Settings
from pipeline.text import fingerprint
from stages.sources._load import Source, adapted, load_adapter, raw

SCHEMA = PROBLEM


class Limit(Settings):
    """How many rows of a source are read: the first ones, or a random sample."""

    rows: int = Field(ge=1)
    how: Literal["head", "random"] = "head"
    seed: int = 0


class Params(Source):
    """Where the rows come from, and what the source says of all of them."""

    license: str = "unknown"
    origin: tuple[str, ...] = ()
    limit: Limit | None = None


def make(params: Params, name: str) -> Outcome:
    """All rows of the source `name`: adapted, or dropped with the reason."""
    adapter = load_adapter(params.adapter)
    numbered = list(enumerate(raw(params, adapter)))
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for number, row in _limited(numbered, params.limit):
        read = adapted(row, params, adapter)
        if isinstance(read, Unreadable):
            bad.append(_dropped(name, number, read, row))
        else:
            good.append(_problem(name, number, read, params))
    kept = pl.DataFrame(good, schema=PROBLEM)
    kept = kept.with_columns(key=fingerprint(pl.col("problem")))
    dropped = pl.DataFrame(bad, schema=pl.Schema({**PROBLEM, **VERDICT}))
    return Outcome(kept, dropped)


def _limited(
    rows: list[tuple[int, Row | Unreadable]], limit: Limit | None
) -> list[tuple[int, Row | Unreadable]]:
    if limit is None or limit.rows >= len(rows):
        return rows
    if limit.how == "head":
        return rows[: limit.rows]
    chosen = random.Random(limit.seed).sample(range(len(rows)), limit.rows)
    return [rows[i] for i in sorted(chosen)]


def _problem(
    name: str, number: int, read: dict[str, Any], params: Params
) -> dict[str, Any]:
    return {
        "id": f"{name}/{number:05d}",
        "key": None,
        "source": name,
        "license": params.license,
        "origin": [*read.get("origin", []), *params.origin],
        "domain": read["domain"],
        "problem": read["problem"],
        "answer": read["answer"],
        "verifier": read["verifier"],
        "verify_info": _json(read.get("verify_info", {})),
        "solutions": read.get("solutions", []),
        "meta": _json(read.get("meta", {})),
    }


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _dropped(
    name: str, number: int, why: Unreadable, row: Row | Unreadable
) -> dict[str, Any]:
    excerpt = why.excerpt or ("" if row is why else repr(row)[:EXCERPT])
    evidence = {"detail": why.detail, "row": number, "excerpt": excerpt}
    return {
        "id": f"{name}/{number:05d}",
        "source": name,
        "reason": "source_unreadable",
        "evidence": json.dumps(evidence),
    }

"""The evaluation sets: what training data must not hold, and what models are tested on.

A name that is known needs nothing more: its Hub id, split and schema are below.
`path` reads the same set from a local file, `generator` makes one.

Reasons: `source_unreadable`.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.readers import Row, Unreadable, expand, raw_rows
from pipeline.schema import BENCHMARK, VERDICT
from pipeline.settings import Settings
from pipeline.text import fingerprint
from pipeline.verdict import Outcome
from stages.sources._load import from_hub, load_adapter

SCHEMA = BENCHMARK

KNOWN: dict[str, dict[str, str]] = {
    "aime24": {"repo": "HuggingFaceH4/aime_2024", "split": "train", "adapter": "math"},
    "aime25": {"repo": "yentinglin/aime_2025", "split": "train", "adapter": "math"},
    "amc23": {"repo": "math-ai/amc23", "split": "test", "adapter": "math"},
    "math500": {"repo": "HuggingFaceH4/MATH-500", "split": "test", "adapter": "math"},
    "gsm8k_test": {
        "repo": "openai/gsm8k",
        "config": "main",
        "split": "test",
        "adapter": "gsm8k",
    },
    "minerva": {"repo": "math-ai/minervamath", "split": "test", "adapter": "math"},
    "olympiadbench": {
        "repo": "Hothan/OlympiadBench",
        "config": "OE_TO_maths_en_COMP",
        "split": "train",
        "adapter": "olympiadbench",
    },
}


class Set(Settings):
    """One evaluation set; what is left out comes from `KNOWN`."""

    name: str
    repo: str = ""
    revision: str = ""
    config: str | None = None
    split: str = ""
    path: str = ""
    adapter: str = ""
    generator: dict[str, Any] | None = None


class Params(Settings):
    """The sets, in order."""

    sets: tuple[Set, ...] = ()


def make(params: Params) -> Outcome:
    """All items of all sets; ids are <set>/<row>."""
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for chosen in params.sets:
        for number, item in enumerate(_items(chosen)):
            id = f"{chosen.name}/{number:05d}"
            if isinstance(item, Unreadable):
                detail = {"detail": item.detail, "excerpt": item.excerpt}
                bad.append(_lost(id, chosen.name, detail))
            elif isinstance(item, str):
                bad.append(_lost(id, chosen.name, {"detail": item}))
            else:
                good.append(_item(id, chosen.name, item))
    kept = pl.DataFrame(good, schema=BENCHMARK, infer_schema_length=None)
    kept = kept.with_columns(key=fingerprint(pl.col("problem")))
    dropped = pl.DataFrame(bad, schema=pl.Schema({**BENCHMARK, **VERDICT}))
    return Outcome(kept, dropped)


def _items(chosen: Set) -> Iterator[dict[str, Any] | str | Unreadable]:
    known = KNOWN.get(chosen.name, {})
    adapter = load_adapter(chosen.adapter or known.get("adapter", "generic"))
    for row in _raw(chosen, known, adapter):
        yield row if isinstance(row, Unreadable) else adapter.adapt(row)


def _raw(
    chosen: Set, known: dict[str, str], adapter: Any
) -> Iterable[Row | Unreadable]:
    if chosen.generator is not None:
        rows: Iterable[Row] = adapter.generate(**chosen.generator)
        return rows
    if chosen.path:
        return raw_rows(expand(chosen.path))
    repo = chosen.repo or known.get("repo", "")
    if not repo:
        raise UserError(
            f"benchmarks: {chosen.name!r} is not known; give repo, path or generator",
            hint=f"known: {', '.join(KNOWN)}",
        )
    return from_hub(
        repo,
        chosen.revision or "main",
        chosen.config or known.get("config"),
        chosen.split or known.get("split", "test"),
    )


def _item(id: str, name: str, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": id,
        "key": None,
        "benchmark": name,
        "problem": item["problem"],
        "answer": item.get("answer"),
        "verifier": item.get("verifier", "math"),
        "verify_info": json.dumps(item.get("verify_info", {}), sort_keys=True),
    }


def _lost(id: str, name: str, evidence: dict[str, str]) -> dict[str, Any]:
    return {
        "id": id,
        "benchmark": name,
        "reason": "source_unreadable",
        "evidence": json.dumps(evidence),
    }

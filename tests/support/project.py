"""A small project in a folder: what a run of the data stages leaves behind."""

import shutil
from importlib import import_module
from pathlib import Path

import polars as pl
import yaml

from pipeline import tables
from pipeline.filter import Outcome, run_stage
from pipeline.schema import BENCHMARK, GRADE, PROBLEM, ROLLOUT, VERDICT, conform
from tests.support.rows import benchmark, problems

HERE = Path(__file__).parents[2]
ITEM = "A train leaves at noon and goes 60 miles in an hour. How far by two o'clock?"
SECTIONS = {
    "collect": {"a": {"adapter": "generic", "path": "a.jsonl", "license": "MIT"}},
    "benchmarks": {},
    "pool": {"order": ["a"]},
    "quality": {"gradable": False},
    "dedup_exact": {},
    "dedup_ngram": {},
    "dedup_embedding": False,
    "decontaminate": {},
    "model": False,
    "rollouts": False,
    "grades": {},
    "difficulty": {"max_pass_rate": 0.9},
    "verify": {},
    "decontaminate_traces": {},
    "select": {},
    "export": {},
    "card": {"title": "A set"},
}


def run_in(folder: Path) -> Path:
    """Five rows in; a copy, a leak, an easy one and an unreadable one leave."""
    texts = ["1+1?", "1+1?", ITEM, "2+2?", "3+3?"]
    rows = problems(
        *texts,
        id=[f"a/{i:05d}" for i in range(5)],
        source=["a"] * 5,
        license=["MIT"] * 5,
        answer=["2", "2", "120", "4", "6"],
    )
    lost = conform(pl.DataFrame({"id": ["a/00005"], "source": ["a"]}), PROBLEM)
    lost = conform(
        lost.with_columns(reason=pl.lit("source_unreadable")),
        pl.Schema([*PROBLEM.items(), *VERDICT.items()]),
    )
    (folder / "params.yaml").write_text(yaml.safe_dump(SECTIONS, sort_keys=False))
    save(Outcome(rows, lost), "collect.a")
    shutil.copy(HERE / "dvc.yaml", folder)
    items = conform(benchmark(ITEM, name="exam"), BENCHMARK)
    tables.write(items, tables.DATA / "benchmarks.parquet")
    save(Outcome(rows, rows.head(0).with_columns(**empty_verdict())), "pool")
    grades, rollouts = sampled(rows)
    tables.write(grades, tables.DATA / "grades.parquet")
    tables.write_shards([rollouts], ROLLOUT, tables.DATA / "rollouts")
    others = {
        "decontaminate": [items],
        "difficulty": [grades],
        "verify": [rollouts, grades],
        "decontaminate_traces": [items],
    }
    for name in (
        "quality", "dedup_exact", "dedup_ngram", "dedup_embedding", "decontaminate",
        "difficulty", "verify", "decontaminate_traces", "select",
    ):  # fmt: skip
        rows = judged(name, rows, others.get(name, []))
    export = import_module("stages.export")
    export.build(export.Params(), tables.DATA / "export", rows)
    return folder


def judged(name: str, rows: pl.DataFrame, others: list[pl.DataFrame]) -> pl.DataFrame:
    module = import_module(f"stages.{name}")
    off = SECTIONS[name] is False
    params = None if off else module.Params(**SECTIONS[name])
    outcome = run_stage(module, rows, params, *others)
    save(outcome, name)
    return outcome.kept


def save(outcome: Outcome, name: str) -> None:
    file = Path(f"{name.replace('.', '/')}.parquet")
    tables.write(outcome.kept, tables.DATA / file)
    tables.write(outcome.dropped, tables.DROPPED / file)
    for table, rows in outcome.tables.items():
        tables.write(rows, tables.DATA / name / f"{table}.parquet")
    tables.write_metrics(outcome.metrics, name)


def empty_verdict() -> dict[str, pl.Expr]:
    return {name: pl.lit(None, dtype) for name, dtype in VERDICT.items()}


def sampled(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Four samples a row; "2+2?" is always solved, the others half of the time."""
    told = [
        {
            "id": id,
            "key": key,
            "sample": sample,
            "model": "m@1",
            "completion": f"it is {answer}" if right else "it is 0",
            "n_tokens": 4 + sample,
            "finish_reason": "stop",
            "seed": sample,
            "verifier": "math",
            "correct": right,
            "extracted": answer if right else "0",
            "why": "",
        }
        for id, key, problem, answer in rows.select(
            "id", "key", "problem", "answer"
        ).rows()
        for sample in range(4)
        for right in [problem == "2+2?" or sample < 2]
    ]
    table = pl.DataFrame(told)
    return (
        conform(table, GRADE).select(GRADE.names()),
        table.select(pl.col(name).cast(dtype) for name, dtype in ROLLOUT.items()),
    )

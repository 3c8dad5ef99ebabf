"""What a published set holds: one folder of parquet per config.

`rl`, `sft` and `verl` are the tables of the export. `dropped` is the ledger: every row
that left, in the order of the stages, and `kept` has the same columns of those that did
not: the two together are all that was collected. `grades` has every verdict beside the
completion that it is of, so that it can be audited, and replayed without a model;
`traces` what became of each completion in the `sft` table. `benchmarks_report` counts
what was found of each benchmark and names the items that cannot be found, and no text
of any item.

Completions may be larger than memory: they are joined part by part.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline import dag, recipe, tables
from pipeline.errors import UserError
from pipeline.schema import GRADE, PROBLEM, ROLLOUT, VERDICT, conform
from pipeline.shards import read_batches, scan
from pipeline.stored import read_schema

RATES = pl.Schema(
    {
        "pass_rate": pl.Float64(),
        "n_samples": pl.UInt32(),
        "n_correct": pl.UInt32(),
        "rate_from": pl.String(),
    }
)
LEDGER = pl.Schema(
    [*PROBLEM.items(), ("stage", pl.String()), *VERDICT.items(), *RATES.items()]
)
KEPT = pl.Schema([*PROBLEM.items(), *RATES.items()])
SAMPLE = ["id", "model", "pass", "sample"]  # which sample is meant
ABOUT = ["source", "problem", "answer"]
SAMPLES = pl.Schema(
    {
        **{name: ROLLOUT[name] for name in ("id", "key")},
        **{name: PROBLEM[name] for name in ABOUT},
        **{name: ROLLOUT[name] for name in (*SAMPLE[1:], "seed", "completion")},
        **{name: kind for name, kind in GRADE.items() if name not in SAMPLE},
    }
)
REPORT = "decontaminate"
EXPORTED = ("rl", "sft", "verl")
NAMES = (*EXPORTED, "dropped", "kept", "grades", "traces", "benchmarks_report")


@dataclass(frozen=True)
class Config:
    """A table of a set in pieces, under the name that its files begin with."""

    name: str
    schema: pl.Schema
    pieces: Iterable[pl.DataFrame]
    stem: str = "train"


def read_configs() -> Iterator[Config]:
    """The configs of the project in this folder, without reading their rows yet.

    UserError where a stage has not run.
    """
    for name in EXPORTED:
        file = tables.DATA / "export" / f"{name}.parquet"
        if name != "verl" or file.exists():
            yield _whole(name, file)
    yield Config("dropped", LEDGER, read_ledger())
    yield Config("kept", KEPT, _read_kept())
    yield from _grades()
    yield _whole("traces", tables.DATA / "select" / "traces.parquet")
    report = read_report(tables.DATA / REPORT)
    yield Config("benchmarks_report", report.schema, [report])


def list_columns(
    export: Path, traces: list[str], contamination: Path
) -> dict[str, list[str]]:
    """The columns of each config that the card's inputs will be published as."""
    files = {name: export / f"{name}.parquet" for name in EXPORTED}
    whole = {name: pl.read_parquet_schema(f) for name, f in files.items() if f.exists()}
    schemas = {"dropped": LEDGER, "kept": KEPT, "grades": SAMPLES}
    return {
        **{name: list(schema) for name, schema in (*whole.items(), *schemas.items())},
        "traces": traces,
        "benchmarks_report": read_report(contamination).columns,
    }


def _whole(name: str, file: Path) -> Config:
    schema = pl.read_parquet_schema(_existing(file))
    return Config(name, pl.Schema(schema), read_batches(file, list(schema)))


def _existing(file: Path) -> Path:
    if not file.exists():
        raise UserError(f"{file} does not exist", hint="dvc repro card")
    if file.suffix == ".parquet":
        read_schema(file)  # UserError where it is cut off
    return file


def read_ledger() -> Iterator[pl.DataFrame]:
    """LEDGER: the dropped rows of each stage, in the order of the stages."""
    for stage, file in dropped_files():
        for rows in _read_columns(file, LEDGER):
            yield rows.with_columns(stage=pl.lit(stage))


def _read_kept() -> Iterator[pl.DataFrame]:
    """KEPT: the rows that the last stage left, in its order."""
    yield from _read_columns(tables.DATA / "select.parquet", KEPT)


def _read_columns(file: Path, schema: pl.Schema) -> Iterator[pl.DataFrame]:
    """The columns of `schema`, null where the file has none, batch by batch."""
    own = pl.read_parquet_schema(_existing(file))
    for rows in read_batches(file, [name for name in schema if name in own]):
        yield conform(rows, schema).select(schema.names())


def dropped_files() -> list[tuple[str, Path]]:
    """(stage, file) of what each stage dropped in the active recipe, in their order."""
    sections, files = recipe.read(), []
    for stage in dag.row_stages(dag.read()):
        if stage.foreach:
            folder = tables.DROPPED / stage.name
            entries = [folder / f"{name}.parquet" for name in sections[stage.foreach]]
            files += [(stage.name, entry) for entry in entries if entry.exists()]
        else:
            files.append((stage.name, tables.DROPPED / f"{stage.name}.parquet"))
    return files


def _grades() -> Iterator[Config]:
    """The verdicts of each pass, in files of their own."""
    grades = pl.read_parquet(_existing(tables.DATA / "grades.parquet"))
    grades = grades.select(GRADE.names())
    about = _read_problems(grades["id"].unique())
    for name in grades["pass"].unique(maintain_order=True):
        samples = _join_samples(grades, about, name)
        yield Config("grades", SAMPLES, samples, name or "train")


def _join_samples(
    grades: pl.DataFrame, about: pl.DataFrame, name: str | None
) -> Iterator[pl.DataFrame]:
    """SAMPLES of a pass in the order of the rollouts, which is that of the grades."""
    judged = grades.drop(*SAMPLE, "n_tokens", "finish_reason")
    start = 0
    for part in scan(sorted((tables.DATA / "rollouts").glob("[0-9]*.parquet"))):
        its = slice(start, start := start + part.height)
        if not grades[its].select(SAMPLE).equals(part.select(SAMPLE)):
            raise UserError(
                "data/grades.parquet is of other rollouts than data/rollouts",
                hint="dvc repro card",
            )
        # A join with all problems would hash them anew for each part.
        own = about.filter(pl.col("id").is_in(part["id"].implode()))
        table = pl.concat([part, judged[its]], how="horizontal")
        table = table.filter(pl.col("pass").eq_missing(name))
        table = table.join(own, on="id", how="left", maintain_order="left")
        yield table.select(SAMPLES.names()).cast(SAMPLES)


def _read_problems(ids: pl.Series) -> pl.DataFrame:
    """(id, source, problem, answer) of these ids, kept or dropped."""
    files = [tables.DATA / "select.parquet", *(file for _, file in dropped_files())]
    parts = [part.select("id", *ABOUT) for part in scan(list(map(_existing, files)))
             .select("id", *ABOUT).parts]  # fmt: skip
    return pl.concat(parts).filter(pl.col("id").is_in(ids.implode())).collect()


def read_report(folder: Path) -> pl.DataFrame:
    """What was found of each benchmark, by source, and its items that cannot be."""
    counts = pl.read_parquet(_existing(folder / "benchmarks.parquet"))
    items = pl.read_parquet(_existing(folder / "undetectable.parquet"))
    hidden = items.group_by("benchmark", maintain_order=True).agg(
        undetectable=pl.struct("item", "method", "reason")
    )
    return counts.join(hidden, on="benchmark", how="left", maintain_order="left")

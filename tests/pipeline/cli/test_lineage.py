"""The command that prints lineage, on the tables that stages leave."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline import tables
from pipeline.cli.lineage import lineage
from pipeline.errors import UserError
from pipeline.schema import PROBLEM, VERDICT
from tests.support.project import HERE
from tests.support.rows import problems


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two sources, before dedup has run."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "dvc.yaml", tmp_path)
    collect = {"a": {"repo": "org/First-Set"}, "b": {"path": "b.jsonl"}}
    Path("params.yaml").write_text(yaml.safe_dump({"collect": collect}))
    rows = problems("1+1?", "2+2?", "1+1?", source=["a", "a", "b"])
    origin = pl.Series([[], [], ["First-Set"]], dtype=pl.List(pl.String))
    tables.write(rows.with_columns(origin=origin), Path("data/ask.parquet"))
    return tmp_path


def drop_the_copy() -> None:
    lost = pl.read_parquet("data/ask.parquet").tail(1)
    verdict = {"reason": "exact_duplicate", "twin": "test/00000", "score": 1.0}
    lost = lost.with_columns(
        pl.lit(verdict.get(name), kind).alias(name) for name, kind in VERDICT.items()
    )
    tables.write(lost, Path("data/dropped/dedup_exact.parquet"))
    nothing = pl.DataFrame(schema=pl.Schema({**PROBLEM, **VERDICT}))
    tables.write(nothing, Path("data/dropped/dedup_ngram.parquet"))


def test_pairs_are_printed_as_lines(project: Path, capsys: pytest.CaptureFixture):
    drop_the_copy()
    lineage(format="json")

    counts = {"exact": 1, "near": 0, "contained": 1, "declared": True}
    assert list(map(json.loads, capsys.readouterr().out.splitlines())) == [
        {"a": "a", "b": "b", "problems": 2, "share": 0.5, **counts},
        {"a": "b", "b": "a", "problems": 1, "share": 1.0, **counts},
    ]


def test_the_table_counts_what_nobody_declared(
    project: Path, capsys: pytest.CaptureFixture
):
    drop_the_copy()
    Path("params.yaml").write_text("collect: {a: {path: a.jsonl}}")
    lineage()

    assert "2 of 2 overlaps are declared by neither" in capsys.readouterr().out


def test_before_dedup_it_says_what_to_run(project: Path):
    with pytest.raises(UserError) as error:
        lineage()
    assert error.value.hint == "dvc repro dedup_ngram"

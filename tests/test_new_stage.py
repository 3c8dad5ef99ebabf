"""A filter stage that is added as CONTRIBUTING says is counted everywhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.project import HERE, SECTIONS, run_in

STAGE = '''
"""Drop problems that open with an unwanted character."""

import polars as pl

from pipeline.filter import drop
from pipeline.settings import Settings

COLUMNS = pl.Schema({"opening": pl.String})


class Params(Settings):
    """The character that no problem may open with."""

    unwanted: str = "3"


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add opening; mark rows that open with the unwanted character."""
    rows = rows.with_columns(opening=pl.col("problem").str.head(1))
    return drop(rows, pl.col("opening") == params.unwanted, "unwanted_opening")
'''
ENTRY = {
    "cmd": "python -m pipeline filter opening data/decontaminate_traces.parquet",
    "deps": ["data/decontaminate_traces.parquet", "stages/opening.py"],
    "params": ["opening"],
    "outs": ["data/opening.parquet", "data/dropped/opening.parquet"],
    "metrics": ["data_cards/metrics/opening.json"],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the code and a finished small project, with one stage more."""
    run_in(tmp_path)
    for folder in ("pipeline", "stages"):
        shutil.copytree(HERE / folder, tmp_path / folder)
    (tmp_path / "stages/opening.py").write_text(STAGE)
    sections = SECTIONS | {"opening": {}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))
    dvc = (tmp_path / "dvc.yaml").read_text()
    # Everything behind decontaminate_traces reads what the new stage wrote.
    before, hygiene, behind = dvc.partition("  hygiene:\n")
    behind = behind.replace("data/decontaminate_traces.parquet", "data/opening.parquet")
    entry = _indent(yaml.safe_dump({"opening": ENTRY}))
    (tmp_path / "dvc.yaml").write_text(f"{before}{entry}\n{hygiene}{behind}")
    return tmp_path


def _indent(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def goldsieve(project: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *words],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_new_stage_is_counted_without_another_line(project: Path):
    stages = yaml.safe_load((project / "dvc.yaml").read_text())["stages"]
    for name in ("opening", "hygiene", "select", "export", "card"):
        goldsieve(project, *stages[name]["cmd"].split()[3:])

    funnel = re.sub(r"[│\s]+", " ", goldsieve(project, "funnel"))
    assert "opening 2 1 1 unwanted_opening 1 select 1 0 1" in funnel
    kept = goldsieve(project, "explain", "a/00000")
    assert "kept     by opening: opening 1\n" in kept
    assert "in the data set" in kept
    lost = goldsieve(project, "explain", "a/00004")
    assert "dropped  by opening: unwanted_opening" in lost
    query = "select id from dropped where stage = 'opening'"
    assert goldsieve(project, "sql", query, "--format", "csv") == "id\na/00004\n"
    card = (project / "data_cards/README.md").read_text()
    assert "| opening | 2 | 1 | 1 |" in card
    assert "| opening | `unwanted_opening` | a | 1 | `a/00004` |" in card

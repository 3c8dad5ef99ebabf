"""What the trainers start from: a project folder with an export and a real model."""

import json
import shutil
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.prompts import messages
from stages.sources import arithmetic
from tests.support.tiny import tiny_model

HERE = Path(__file__).parents[2]


def problems(count: int) -> list[dict[str, Any]]:
    """Chains of the two easiest levels, as the trainers' tables hold them."""
    rows = map(arithmetic.adapt, arithmetic.generate(count, seed=1, levels=[1, 2]))
    return [
        {
            "id": f"chains/{number:05d}",
            "source": "chains",
            "domain": "math",
            "pass_rate": 0.5,
            "curriculum_rank": number,
            "level": "1",
            "prompt": messages(row["problem"]),
            "completion": [
                {"role": "assistant", "content": row["solutions"][0]["text"]}
            ],
            "problem": row["problem"],
            "answer": row["answer"],
            "verifier": "math",
            "verify_info": "{}",
        }
        for number, row in enumerate(islice(rows, count))
    ]


@pytest.fixture
def project(workshop: Callable[[str], Path]) -> Callable[..., Path]:
    """A folder with params.yaml, data/export and models/base, and that as cwd."""

    def make(params: dict[str, Any], *, rows: int = 64) -> Path:
        folder = workshop(json.dumps(params))  # JSON is YAML
        shutil.copy(HERE / "dvc.yaml", folder)
        shutil.copytree(tiny_model(), folder / "models/base")
        (folder / "data/export").mkdir(parents=True)
        table = pl.DataFrame(problems(max(rows, 1)))[:rows]
        sft = table.select("prompt", "completion", "id", "source")
        sft.write_parquet(folder / "data/export/sft.parquet")
        table.drop("completion").write_parquet(folder / "data/export/rl.parquet")
        table.select(
            "id",
            pl.col("problem").alias("key"),
            pl.lit("chains").alias("benchmark"),
            "problem",
            "answer",
            "verifier",
            "verify_info",
        ).write_parquet(folder / "data/benchmarks.parquet")
        return folder

    return make


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run the `main` of a trainer with the given command line."""

    def run(main: Callable[[], None], *words: str) -> None:
        monkeypatch.setattr(sys, "argv", ["trainer", *words])
        main()

    return run


def read(file: Path) -> Any:
    return json.loads(file.read_text())

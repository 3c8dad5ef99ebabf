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

from pipeline.models import resolve
from pipeline.prompts import messages
from stages.sources import arithmetic
from tests.support.killed_runs import grader_of_this_process
from tests.support.tiny import tiny_model
from trainers import grpo, runs
from trainers.algorithms import Stage

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


@pytest.fixture
def policy_trainer(tmp_path: Path) -> Callable[..., Any]:
    """The trainer of an algorithm's first stage on the tiny model, small steps."""

    def build(name: str, trl: dict[str, Any] | None = None, **params: Any) -> Any:
        params = {"algorithm": name, "trl": STEPS | (trl or {})} | params
        checked = grpo.Params(**params)
        algorithm = grpo.compose(checked)
        model = resolve(tiny_model())
        rows = pl.DataFrame(problems(64)).select(grpo.COLUMNS)
        run = runs.Run(checked, model, rows, tmp_path)
        first = (algorithm.stages or (Stage(),))[0]
        small = {
            name: None for name in ("max_completion_length", "num_generations", "steps")
        }
        stage = first.model_copy(update=small)
        with grader_of_this_process() as grade:
            return grpo._build(run, algorithm, stage, grade)

    return build


STEPS = {
    "max_steps": 3,
    "per_device_train_batch_size": 12,
    "num_generations": 4,
    "max_completion_length": 24,
    "learning_rate": 1e-3,
    "disable_tqdm": True,
}


def read(file: Path) -> Any:
    return json.loads(file.read_text())

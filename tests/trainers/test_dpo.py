"""Preferences for real: right traces become likelier than wrong ones."""

from collections.abc import Callable

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.models import resolve
from tests.trainers.conftest import problems, read
from trainers import dpo

TRL = {
    "max_steps": 8,
    "per_device_train_batch_size": 8,
    "learning_rate": 1e-3,
    "lr_scheduler_type": "constant",
}
WORDS = (
    "--out", "models/dpo", "--metrics", "m.json", "--numbers", "p.json",
    "data/export", "models/base",
)  # fmt: skip


def preferences(count: int) -> pl.DataFrame:
    """Worked chains, preferred to a box without work."""
    reply = [{"role": "assistant", "content": "\\boxed{0}"}]
    rows = [
        {"prompt": row["prompt"], "chosen": row["completion"], "rejected": reply}
        for row in problems(count)
    ]
    return pl.DataFrame(rows)


@pytest.mark.parametrize("loss", ["sigmoid", "nca_pair"])
def test_right_traces_are_preferred(loss: str, project: Callable, command: Callable):
    folder = project({"dpo": {"trl": TRL | {"loss_type": [loss]}}})
    preferences(32).write_parquet(folder / "data/export/preferences.parquet")
    command(dpo.main, *WORDS)

    steps, counted = read(folder / "p.json"), read(folder / "m.json")
    assert counted["rows"] == 32
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert steps[-1]["margin"] > 1 > abs(steps[0]["margin"])
    assert steps[-1]["accuracy"] == 1.0
    assert resolve(folder / "models/dpo").name == "goldsieve-tiny-dpo"


def test_no_pairs_is_a_mistake(project: Callable, command: Callable):
    folder = project({"dpo": {}})
    preferences(2).clear().write_parquet(folder / "data/export/preferences.parquet")

    with pytest.raises(UserError, match=r"preferences\.parquet has no rows"):
        command(dpo.main, *WORDS)


def test_an_export_without_pairs_is_a_mistake_that_names_the_format(
    project: Callable, command: Callable
):
    project({"dpo": {}})

    with pytest.raises(UserError, match=r"there is no .*preferences") as mistake:
        command(dpo.main, *WORDS)
    assert "formats: [trl, dpo]" in mistake.value.hint

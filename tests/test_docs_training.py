"""The recipes that the pages of training show are understood, every block of them."""

import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import peft
import polars as pl
import pytest
import trl
import yaml

from pipeline import dag, recipe
from pipeline.grading import rewards
from pipeline.schema import RL_HISTORY
from stages.difficulty.counts import score_curves
from trainers import dpo, grpo, sft

HERE = Path(__file__).parents[1]
DOCS = HERE / "docs"
PAGES = ("training", "sft", "dpo", "grpo")
PARAMS = {module.__name__.split(".")[-1]: module.Params for module in (sft, dpo, grpo)}
MODULES = {
    stage.name: stage.module
    for stage in dag.parse(yaml.safe_load((HERE / "dvc.yaml").read_text()))
}
CONFIGS = {"sft": trl.SFTConfig, "dpo": trl.DPOConfig, "grpo": trl.GRPOConfig}


def blocks() -> Iterator[tuple[str, str, Any]]:
    """The page, the section and the values of every section in a YAML block."""
    for page in PAGES:
        for text in (DOCS / f"{page}.md").read_text().split("```yaml\n")[1:]:
            sections = yaml.safe_load(text.split("```")[0])
            yield from ((page, name, values) for name, values in sections.items())


TRAINED = [block for block in blocks() if block[1] in PARAMS]


def option_names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


def test_every_page_shows_a_recipe_of_its_own():
    shown = {(page, name) for page, name, _ in TRAINED}

    assert {(name, name) for name in PARAMS} < shown
    assert {name for page, name in shown if page == "training"} == {"sft", "grpo"}


@pytest.mark.parametrize(("page", "section", "values"), TRAINED)
def test_a_recipe_is_understood(page: str, section: str, values: dict[str, Any]):
    params: Any = recipe.check(PARAMS[section], values, section)

    assert set(params.trl) <= option_names(CONFIGS[section])
    assert set(params.peft or {}) <= option_names(peft.LoraConfig)
    if section == "grpo":
        assert params.rewards.keys() <= rewards.REWARDS.keys()
        assert grpo.compose(params).trl.keys() <= option_names(trl.GRPOConfig)


@pytest.mark.parametrize(
    ("section", "values"), [block[1:] for block in blocks() if block[1] not in PARAMS]
)
def test_a_section_of_another_stage_is_understood(section: str, values: Any):
    kind = import_module(MODULES[section]).Params
    for part in values.values() if section == "collect" else [values]:
        recipe.check(kind, part, section)


def test_the_query_of_learning_impact_gives_the_scores_of_difficulty():
    # n_correct of 4 decided samples in three epochs.
    counts = {"s/0": [0, 2, 4], "s/1": [1, 1, 1], "s/2": [4, 4, 4]}
    rows = [
        (name, 0, epoch, 4, correct)
        for name, curve in counts.items()
        for epoch, correct in enumerate(curve)
    ]
    connection = duckdb.connect()
    history = pl.DataFrame(rows, schema=RL_HISTORY, orient="row").to_arrow()
    connection.register("rl_history", history)
    page = (DOCS / "training.md").read_text()
    (query,) = re.findall(r'sql "\n(with rates .*?)"', page, re.DOTALL)
    scored = {name: impact for name, _, impact in connection.sql(query).fetchall()}

    curves = [[correct / 4 for correct in curve] for curve in counts.values()]
    expected = dict(zip(counts, score_curves(pl.Series(curves)), strict=True))
    assert scored == pytest.approx(expected)
    # Means 5/12, 7/12, 9/12, so Σ(1 - m)² = 83/144; s/0 is off by -5, -1 and 3
    # twelfths, 35/144: 1 - 35/83.
    assert scored["s/0"] == pytest.approx(1 - 35 / 83)


def test_every_algorithm_reward_order_and_setting_of_grpo_is_on_its_page():
    page = (DOCS / "grpo.md").read_text()
    explained = (DOCS / "training.md").read_text()
    from trainers import algorithms, samplers

    for name in (*algorithms.ALGORITHMS, *rewards.REWARDS, *samplers.ORDERS):
        assert f"`{name}`" in page, name
        assert f"| `{name}` |" in explained, name
    for kind in (
        grpo.Params,
        algorithms.Strategy,
        algorithms.Critic,
        algorithms.Order,
        algorithms.Stage,
        rewards.Values,
    ):
        assert [name for name in kind.model_fields if f"`{name}`" not in page] == []


@pytest.mark.parametrize("section", ["sft", "dpo"])
def test_every_setting_is_on_its_page(section: str):
    page = (DOCS / f"{section}.md").read_text()

    for name in PARAMS[section].model_fields:
        assert f"`{name}`" in page, name

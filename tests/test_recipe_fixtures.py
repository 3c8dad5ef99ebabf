"""Fixture rows of published sets are read by the adapters that recipes name."""

import json
from pathlib import Path

import pytest
import yaml

from pipeline import recipe, recipes
from pipeline.filter import Outcome
from pipeline.readers import raw_rows
from stages import collect

FOLDER = Path("recipes/fixtures")
SOURCES = yaml.safe_load(Path("recipes/_sources.yaml").read_text(encoding="utf-8"))
NAMES = sorted(name for name in SOURCES if (FOLDER / f"{name}.jsonl").exists())
# Rows that are in a fixture because nobody can read them, and what is said of them.
UNREADABLE = {
    "countdown_3to4": ["target, nums: expected a whole number and a list of them"],
    "deepscaler_math": ["answer: expected text"],
    "dolci_think_rl": ["dataset: 'ifeval' has no verifier here"],
    "gsm8k": ["answer: nothing follows ####"],
    "ii_thought_rl": ["answer: expected text"] * 3,
    "simplerl_8k": ["answer: expected text"],
    "skywork_or1_code": [
        "reward_model.ground_truth: expected as many outputs as inputs, and at least "
        "one"
    ],
}


def read_fixture(name: str) -> Outcome:
    entry = {k: v for k, v in SOURCES[name].items() if k not in recipes.LOCATION}
    for field in entry.get("recorded", {}).values():
        field["path"] = str(FOLDER / f"{Path(field['path']).stem}.json")
    entry |= {"path": str(FOLDER / f"{name}.jsonl")}
    judged = collect.make(recipe.check(collect.Params, entry, "collect"), name)
    return judged.outcome()


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_a_fixture_are_read_or_have_their_reason(name: str):
    rows = list(raw_rows(FOLDER / f"{name}.jsonl"))
    outcome = read_fixture(name)
    unreadable = outcome.dropped.filter(reason="source_unreadable")["evidence"]

    assert len(rows) <= 30
    assert outcome.kept.height + outcome.dropped.height == len(rows)
    details = [json.loads(evidence)["detail"] for evidence in unreadable]
    assert details == UNREADABLE.get(name, details)
    assert len(details) < len(rows) / 2


def test_every_set_that_recipes_may_name_has_a_fixture():
    generated = {name for name, entry in SOURCES.items() if "generator" in entry}
    assert SOURCES.keys() - generated == set(NAMES)

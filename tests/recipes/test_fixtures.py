"""Every published schema has rows of ours, which its entry in _sources.yaml reads.

A row that cannot be read stands below with its number and what is missing: sets hold
such rows too, and a recipe has to say what becomes of them.
"""

import json
from pathlib import Path

import pytest
import yaml

from pipeline.recipes import LOCATION
from stages.sources._load import Source, read_source

FOLDER = Path("recipes")
SOURCES = yaml.safe_load((FOLDER / "_sources.yaml").read_text())
NO_ANSWER, NO_TESTS, NO_CHAT = "answer:", "tests:", "problem:"
UNREADABLE: dict[str, dict[int, str]] = {
    "am_deepseek_r1_code": {5: NO_TESTS},
    "am_deepseek_r1_math": {12: NO_ANSWER},
    "am_thinking_v1_other": {4: NO_CHAT},
    "apps": {4: NO_TESTS},
    "countdown_3to4": {13: "target, nums:"},
    "deepscaler_math": {13: NO_ANSWER},
    "dolci_think_rl": {12: "dataset:"},
    "dolci_think_sft": {10: NO_CHAT},
    "gsm8k": {7: NO_ANSWER},
    "ii_thought_rl": {12: NO_ANSWER, 13: NO_ANSWER, 14: NO_ANSWER},
    "numinamath_cot": {14: NO_ANSWER},
    "openr1_math_220k": {12: NO_ANSWER},
    "openthoughts_114k_code": {7: NO_TESTS},
    "openthoughts_114k_math": {11: NO_ANSWER},
    "simplerl_8k": {11: NO_ANSWER},
    "skywork_or1_code": {13: "reward_model.ground_truth:"},
    "synthetic_1_code": {5: NO_TESTS},
}


@pytest.mark.parametrize("name", SOURCES)
def test_each_row_of_a_fixture_is_read_or_has_its_reason(name: str):
    path = FOLDER / "fixtures" / f"{name}.jsonl"
    entry = {key: value for key, value in SOURCES[name].items() if key not in LOCATION}
    lines = path.read_text().splitlines()

    outcome = read_source(name, Source(**entry, path=str(path)))

    evidence = map(json.loads, outcome.dropped["evidence"].drop_nulls())
    details = {e["row"]: e["detail"] for e in evidence if "row" in e}
    expected = UNREADABLE.get(name, {})
    assert details.keys() == expected.keys()
    assert all(details[row].startswith(why) for row, why in expected.items())
    assert outcome.kept.height + outcome.dropped.height == len(lines) <= 30
    assert outcome.kept.height > 0


def test_what_is_unreadable_is_of_sources_that_there_are():
    assert UNREADABLE.keys() <= SOURCES.keys()

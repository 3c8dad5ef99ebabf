"""Every published schema has rows of ours, which its entry in _sources.yaml reads.

What is missing in rows that cannot be read stands below, in their order: sets hold such
rows too, and a recipe has to say what becomes of them.
"""

import json
from pathlib import Path

import pytest
import yaml

from pipeline.cli.recipe_check.fixtures import replace_data
from stages.sources._load import read_source
from stages.sources._source import Source

FOLDER = Path("recipes")
SOURCES = yaml.safe_load((FOLDER / "_sources.yaml").read_text())
NO_ANSWER, NO_TESTS, NO_CHAT = "answer:", "tests:", "problem:"
UNREADABLE: dict[str, list[str]] = {
    "am_deepseek_r1_code": [NO_TESTS],
    "am_deepseek_r1_math": [NO_ANSWER],
    "am_thinking_v1_other": [NO_CHAT],
    "apps": [NO_TESTS],
    "countdown_3to4": ["target, nums:"],
    "deepscaler_math": [NO_ANSWER],
    "dolci_think_rl": ["dataset:"],
    "dolci_think_sft": [NO_CHAT],
    "gsm8k": [NO_ANSWER],
    "ii_thought_rl": [NO_ANSWER, NO_ANSWER, NO_ANSWER],
    "numinamath_cot": [NO_ANSWER],
    "openr1_math_220k": [NO_ANSWER],
    "openthoughts_114k_code": [NO_TESTS],
    "openthoughts_114k_math": [NO_ANSWER],
    "simplerl_8k": [NO_ANSWER],
    "skywork_or1_code": ["reward_model.ground_truth:"],
    "synthetic_1_code": [NO_TESTS],
}


@pytest.mark.parametrize("name", SOURCES)
def test_each_row_of_a_fixture_is_read_or_has_its_reason(name: str):
    path = FOLDER / "fixtures" / f"{name}.jsonl"
    entry = replace_data({"collect": {name: SOURCES[name]}}, {})["collect"][name]
    lines = path.read_text().splitlines()

    outcome = read_source(name, Source(**entry))

    details = [
        json.loads(evidence)["detail"]
        for reason, evidence in outcome.dropped.select("reason", "evidence").rows()
        if reason == "source_unreadable"
    ]
    for detail, why in zip(details, UNREADABLE.get(name, []), strict=True):
        assert detail.startswith(why)
    assert outcome.kept.height + outcome.dropped.height == len(lines) <= 30
    assert outcome.kept.height > 0


def test_what_is_unreadable_is_of_sources_that_there_are():
    assert UNREADABLE.keys() <= SOURCES.keys()

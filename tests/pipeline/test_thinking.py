from typing import get_args

import pytest

from pipeline.thinking import FAMILIES, THOUGHTS, FamilyName, rewrite, strip_thinking

R1 = "<think>\nhm, 1 or 2?\n</think>\n\nIt is \\boxed{2}."
OPEN_THOUGHTS = (
    "<|begin_of_thought|>\n\nhm, 1 or 2?\n\n<|end_of_thought|>\n\n"
    "<|begin_of_solution|>\n\nIt is \\boxed{2}.\n\n<|end_of_solution|>"
)
S1 = "<|im_start|>think\nhm, 1 or 2?\n<|im_start|>answer\nIt is \\boxed{2}."
AM = "<think>\nhm, 1 or 2?\n</think>\n\n<answer>\nIt is \\boxed{2}.\n</answer>"
SPELLED = {"think": R1, "open_thoughts": OPEN_THOUGHTS, "s1": S1, "think_answer": AM}


@pytest.mark.parametrize("source", SPELLED)
@pytest.mark.parametrize("target", SPELLED)
def test_each_family_becomes_each_other(source: str, target: str):
    assert rewrite(SPELLED[source], FAMILIES[target]) == SPELLED[target]


@pytest.mark.parametrize("name", FAMILIES)
def test_there_and_back_is_where_it_was(name: str):
    there = rewrite(R1, FAMILIES[name])

    assert rewrite(there, FAMILIES["think"]) == R1


def test_a_completion_that_begins_inside_its_thinking_gets_the_tag():
    text = "hm, 1 or 2?\n</think>\n\nIt is \\boxed{2}."

    assert rewrite(text, FAMILIES["think"]) == R1


@pytest.mark.parametrize(
    "text",
    [
        "no thinking at all",
        "",
        "<think>cut off",
        "before <think>a</think>b",
        "<think>a</think>b</think>c",
        "<think>a</think>b<think>",
        "<think><think>a</think>b",
    ],
)
def test_what_is_not_marked_well_stays_as_it_is(text: str):
    assert rewrite(text, FAMILIES["s1"]) == text


def test_every_family_has_a_name_that_a_recipe_can_write():
    assert list(get_args(FamilyName)) == list(FAMILIES)


@pytest.mark.parametrize(("opening", "closing"), THOUGHTS)
def test_verifiers_read_no_thinking_of_any_family(opening: str, closing: str):
    assert strip_thinking(f"{opening}1{closing}2") == "2"
    assert strip_thinking(f"1{closing}2") == "2"
    assert strip_thinking(f"{opening}1") == ""

"""Every dataset of reasoning-gym by its own scorer, and what must not score."""

import json
import shutil
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
import reasoning_gym
from reasoning_gym.factory import DATASETS

from pipeline.verifiers import puzzle
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.puzzles import reasoning_gym as scorers

pytestmark = pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")
NAMES = sorted(set(DATASETS) - {"composite"})  # that one is made of others
EVALUATED = sorted(scorers.TASKS["literals"] + scorers.TASKS["formulas"])
RUBBISH = ("zzz", "{}", "[]", "null", "1" * 50, "0", "-1", "x", "True", "1e999")


@cache
def entries(name: str) -> list[dict[str, Any]]:
    dataset = reasoning_gym.create_dataset(name, size=2, seed=3)
    return [json.loads(json.dumps(entry, default=str)) for entry in dataset]


def verify_text(name: str, text: str, number: int = 0) -> Verdict:
    entry = entries(name)[number]
    info = {"task": "reasoning_gym", "dataset": name, "entry": entry}
    return puzzle.verify(str(entry["answer"]), f"<answer>{text}</answer>", info)


@pytest.mark.parametrize("name", NAMES)
def test_a_scorer_takes_its_own_answer_and_no_rubbish(name: str):
    for number, entry in enumerate(entries(name)):
        gold = str(entry["answer"])
        if entry["answer"] is not None:
            verdict = verify_text(name, gold, number)
            assert verdict.correct is True, verdict
        for text in RUBBISH:
            if text != gold and not is_right(text, gold):
                assert verify_text(name, text, number).correct is False, text


def is_right(text: str, gold: str) -> bool:
    """Whether a piece of rubbish happens to be the answer, spelt otherwise."""
    with suppress(ValueError):
        return abs(float(text) - float(gold)) < 1e-9
    return text.lower() == gold.lower()


FORGERIES = (
    "__import__('os').system('touch /tmp/owned')",
    "exec('import sys')",
    "type('A',(float,),{'__eq__':lambda s,o:True})()",
    "().__class__.__bases__",
    "open('/etc/passwd').read()",
    "x.__class__",
    "[c for c in ().__class__.__base__.__subclasses__()]",
    "print(1)",
    "lambda: 1",
    "S('1')",
    "1 if True else 0",
    "\\u0041",
)


@pytest.mark.parametrize("name", EVALUATED)
@pytest.mark.parametrize("text", FORGERIES)
def test_code_is_no_answer_that_a_scorer_would_evaluate(name: str, text: str):
    verdict = verify_text(name, text)

    assert verdict.correct is False
    assert scorers.admits(name, text) is False
    assert "not of the kind" in verdict.why


@pytest.mark.parametrize(
    ("name", "text", "is_stopped"),
    [
        ("countdown", "9**9**9**9**9", True),
        ("puzzle24", "(" * 5000, False),
        ("power_function", "1e999999999", False),
        ("simple_integration", "x**99999999*sin(x)**99999", True),
        ("bitwise_arithmetic", "0x" + "f" * 19000, False),
        ("decimal_arithmetic", "1e-999999999999", False),
    ],
)
def test_a_scorer_that_is_stopped_says_nothing(name, text, is_stopped, monkeypatch):
    short = scorers.Limits(cpu_s=2, memory_mb=4096)
    monkeypatch.setattr(scorers, "LIMITS", short)

    verdict = verify_text(name, text)

    assert verdict.correct is (None if is_stopped else False)
    assert (verdict.score is None) == is_stopped
    assert ("timeout: the scorer was stopped" in verdict.why) == is_stopped


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("coin_flip", "0"),  # the beginning of most answers
        ("game_of_life_halting", "perhaps"),
        ("figlet_font", None),
    ],
)
def test_scorers_that_give_full_marks_for_wrong_answers_are_not_believed(name, wrong):
    gold = str(entries(name)[0]["answer"])
    wrong = wrong or gold + "x" * 20

    assert wrong != gold
    assert verify_text(name, wrong).correct is False


def test_partial_credit_is_kept_beside_the_verdict():
    right = int(entries("rectangle_count")[0]["answer"])
    verdict = verify_text("rectangle_count", str(right + 1))

    assert verdict.correct is False
    assert verdict.score is not None
    assert 0 < verdict.score < 1


def test_a_formula_may_be_written_in_another_way():
    entry = entries("simple_integration")[0]
    other = f"0 + {entry['answer']}".replace("+ C", "+ 7")

    assert verify_text("simple_integration", other).correct is True


def test_a_task_that_names_no_answer_is_scored_all_the_same():
    entry = entries("graph_color")[0]
    puzzle_ = entry["metadata"]["puzzle"]
    colours: dict[int, int] = {}
    for vertex in puzzle_["vertices"]:  # few edges: the first free colour will do
        ends = [edge for edge in puzzle_["edges"] if vertex in edge]
        taken = {colours.get(other) for edge in ends for other in edge}
        colours[vertex] = min(set(puzzle_["color_options"]) - taken)
    info = {"task": "reasoning_gym", "dataset": "graph_color", "entry": entry}
    right = json.dumps({str(vertex): colour for vertex, colour in colours.items()})
    wrong = json.dumps({str(vertex): 1 for vertex in colours})

    assert puzzle.unreadable(None, info) is None
    assert puzzle.verify(None, f"<answer>{right}</answer>", info).correct is True
    assert puzzle.verify(None, f"<answer>{wrong}</answer>", info).correct is False

"""No exception, and nothing that a row holds, ends a run."""

import json
import os
from dataclasses import astuple
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.grading import guarded, workers
from pipeline.grading.guarded import add_option, is_mistake, read_gold, verify
from pipeline.grading.rewards import Values
from pipeline.grading.workers import Answer, find_unreadable, grader
from pipeline.verifiers.contract import Verdict
from trainers.rewards import rewards

STDIO = {"type": "stdio", "tests": [{"input": "3\n", "output": "6\n"}]}
ASSERT = {"type": "assert", "test_code": "assert add(1, 2) == 3"}
TWICE = "```python\nprint(2 * int(input()))\n```"


@pytest.mark.parametrize(
    ("verifier", "answer", "info", "what"),
    [
        ("math", "4", {}, "no answer found"),
        ("numeric", "4", {}, "no number found"),
        ("exact", "Rhine", {}, "no answer found"),
        ("choice", "B", {}, "no choice found"),
        ("code", None, STDIO, "no program found"),
        ("puzzle", None, {"task": "countdown", "numbers": [2, 2], "target": 4},
         "no arithmetic expression"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("completion", "lack"),
    [
        ("", "the completion is empty"),
        (" \n", "the completion is empty"),
        ("<think>\n2 and 2 is 4.\n</think>\n", "nothing follows the thinking"),
        ("<think>\nso \\boxed{4} is it, but wait", "the thinking has no end"),
    ],
)
def test_a_completion_without_an_answer_says_what_it_lacks(
    verifier: str, answer: str | None, info: Any, what: str, completion: str, lack: str
):
    verdict = verify(verifier, answer, json.dumps(info), completion)

    assert (verdict.correct, verdict.why) == (False, f"{what}: {lack}")


@pytest.mark.parametrize(
    ("verifier", "info", "why"),
    [
        ("code", STDIO | {"timeout_s": "2.0 seconds"},
         '.timeout_s: expected a number, found "2.0 seconds"'),
        ("code", STDIO | {"timeout_s": {"seconds": 2}},
         ".timeout_s: expected a number, found an object of 1"),
        ("code", STDIO | {"timeout_s": -1},
         ".timeout_s: expected greater than or equal to 0, found -1"),
        ("code", STDIO | {"memory_mb": "256.0 megabytes"},
         '.memory_mb: expected a number, found "256.0 megabytes"'),
        ("code", STDIO | {"tests": 5},
         ".tests: expected tests in a list, by columns or packed, found 5"),
        ("code", {"tests": []}, ".type: expected a value, found none"),
        ("code", ASSERT | {"test_code": ["assert add(1, 2) == 3"]},
         ".test_code: expected text, found a list of 1"),
        ("code", ASSERT | {"entry_point": "add("},
         '.entry_point: expected what can be called in Python, found "add("'),
        ("code", STDIO | {"any_order": "yes"},
         '.any_order: expected true or false, found "yes"'),
        ("puzzle", {"task": "zebra", "solution": "the first"},
         '.solution: expected a table of houses, found "the first"'),
        ("puzzle", {"task": "countdown", "numbers": 3, "target": 3},
         ".numbers: expected a list, found 3"),
        ("puzzle", {"task": "countdown", "numbers": ["3 €"], "target": 3},
         '.numbers.0: expected a number, found "3 €"'),
        ("numeric", {"rel_tol": "1%"}, '.rel_tol: expected a number, found "1%"'),
        ("numeric", {"rel_tol": float("inf")},
         ".rel_tol: expected a finite number, found Infinity"),
        ("choice", {"choices": "A. 12 B. 15"},
         '.choices: expected an object, found "A. 12 B. 15"'),
        ("choice", {"choices": ["12", None]},
         ".choices.B: expected text, found null"),
        ("math", {"alternatives": "0.5"},
         '.alternatives: expected a list, found "0.5"'),
        ("math", {"policy": {"units": "metric"}},
         ".policy.units: expected 'optional', 'required' or 'convert', "
         'found "metric"'),
        ("exact", {"policy": {"colour": "red"}},
         '.policy.colour: expected no option of this name, found "red"'),
    ],
)  # fmt: skip
def test_details_of_another_kind_say_which_field_and_what_was_expected(
    verifier: str, info: dict[str, Any], why: str
):
    text = json.dumps(info)

    assert verify(verifier, "5", text, "5") == Verdict(None, why=f"verify_info{why}")
    assert read_gold(verifier, "5", text) == (f"verify_info{why}", None)


@pytest.mark.parametrize(
    ("verifier", "gold", "info", "completion"),
    [
        ("numeric", "5", {"rel_tol": "0.1"}, "5.4"),
        ("numeric", "5", {"rel_tol": 0.1, "abs_tol": None}, "5.4"),
        ("math", "5", {"alternatives": [7]}, "7"),
        ("math", "3 m", {"policy": {"boxed": "false", "digits": 6.0}}, "3 m"),
        ("exact", "Oslo", {"policy": {"case": "true"}}, "Oslo"),
        ("choice", "B", {"choices": [12, 15.5]}, "15.5"),
        ("puzzle", "22", {"task": "countdown", "numbers": [3.0, "5", 7],
                          "target": "22"}, "<answer>3*5+7</answer>"),
    ],
)  # fmt: skip
def test_a_number_may_be_text_and_text_a_number_and_null_is_the_default(
    verifier: str, gold: str, info: dict[str, Any], completion: str
):
    assert verify(verifier, gold, json.dumps(info), completion).correct is True


@pytest.mark.parametrize("text", ["nonsense", "[1]", "3", "[" * 99_999, "1" * 5_000])
def test_details_that_are_no_object_are_told(text: str):
    why = "verify_info is not a JSON object"

    assert verify("math", "4", text, "4") == Verdict(None, why=why)
    assert read_gold("math", "4", text) == (why, None)
    assert add_option(text, all_tests=True) == text


def test_what_is_no_text_is_told():
    rows: list[Any] = [("4", "{}", None), (4, "{}", "4"), ("4", {"a": 1}, "4")]
    rows += [("4", "{}", [{"role": "assistant"}])]
    whys = [verify("math", *row).why for row in rows]
    with grader(timeout_s=60) as grade:
        graded = [v.why for v in grade([Answer("math", *row) for row in rows])]

    assert graded == whys == [
        "completion: expected text, found a NoneType",
        "answer: expected text, found a int",
        "verify_info: expected text, found a dict",
        "completion: expected text, found a list",
    ]  # fmt: skip


@pytest.fixture
def broken(monkeypatch):
    """Makes every verifier one that raises an error."""

    def set_error(error: BaseException) -> None:
        def fail(*_: Any) -> Any:
            raise error

        module = SimpleNamespace(verify=fail, unreadable=fail)
        monkeypatch.setattr(guarded, "load_verifier", lambda _: module)

    return set_error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RecursionError("too deep"), "RecursionError: too deep"),
        (MemoryError(), "MemoryError"),
        (OverflowError(34, "Result too large"), "OverflowError: (34, 'Result too l"),
        (KeyError("x\ud800"), "KeyError: 'x\\ud800'"),
        (ValueError("half \ud800"), "ValueError: half \ufffd"),
        (AttributeError("<X object at 0x7f3a> has no y"), "AttributeError: <X object>"),
    ],
)
def test_an_exception_decides_nothing_and_names_itself(broken, error, told: str):
    broken(error)
    verdict = verify("math", "4", "{}", "4")
    why, kind = read_gold("math", "4", "{}")

    assert (verdict.correct, kind) == (None, None)
    assert is_mistake(verdict)
    assert verdict.why.startswith(f"verifier_error: math: {told}")
    assert verdict.why.endswith(")")
    assert why == verdict.why


def test_what_is_the_users_to_mend_ends_the_run(broken):
    broken(UserError("bubblewrap is missing"))
    with pytest.raises(UserError, match="bubblewrap"):
        verify("math", "4", "{}", "4")


def test_an_exception_says_where_it_came_from():
    try:
        guarded._check_text("answer", 4)
    except ValueError as error:
        told = guarded.describe_error("math", error)
    line = guarded._check_text.__code__.co_firstlineno + 2

    assert told == (
        "verifier_error: math: BadInfo: answer: expected text, found a int "
        f"(guarded.py:{line})"
    )


def _die_of_five(batch: list[Any]) -> list[Any]:
    if any(completion == "five" for *_, completion in batch):
        os._exit(9)
    return [astuple(verify(*fields)) for fields in batch]


def test_what_kills_a_worker_is_undecided_alone_and_is_told(monkeypatch, capsys):
    monkeypatch.setattr(workers, "_verify_all", _die_of_five)
    texts = [str(number) for number in range(40)]
    texts[20] = "five"
    answers = [Answer("math", "7", "{}", text) for text in texts]
    with grader(timeout_s=60) as grade:
        verdicts = grade(answers)

    assert [v.correct for v in verdicts[:20]] == [n == 7 for n in range(20)]
    assert [v.correct for v in verdicts[21:]] == [False] * 19
    died = "verifier_died: math: a worker died with exit code 9"
    assert verdicts[20] == Verdict(None, why=died)
    assert capsys.readouterr().err.splitlines() == [
        "1 answers are undecided because a verifier failed:", f"  1 x {died}",
    ]  # fmt: skip


def _die_of_empty(golds: list[Any]) -> list[Any]:
    if any(answer == "" for _, answer, _ in golds):
        os._exit(9)
    return [(None, None) for _ in golds]


def test_a_gold_answer_that_kills_its_worker_is_unreadable_alone(monkeypatch):
    monkeypatch.setattr(workers, "_check_all", _die_of_empty)
    whys = find_unreadable([("math", gold, "{}") for gold in ("4", "", "5")], 60)

    assert whys == [None, "verifier_died: math: a worker died with exit code 9", None]


def test_a_case_that_breaks_the_judges_questions_is_undecided_alone(monkeypatch):
    def judge(cases: list[Any], *_: Any) -> list[Verdict]:
        if any(case.completion == "five" for case in cases):
            raise RecursionError("deep")
        return [Verdict(True) for _ in cases]

    monkeypatch.setattr(guarded, "verify_all", judge)
    rows = [("7", "{}", text, {}) for text in ("four", "five", "six")]
    rows.append(("7", '{"min_score": "high"}', "seven", {}))
    verdicts: Any = guarded.judge_cases(rows, None, None)  # type: ignore[arg-type]

    assert [v.correct for v in verdicts] == [True, None, True, None]
    assert verdicts[1].why.startswith("verifier_error: judge: RecursionError: deep")
    expected = 'verify_info.min_score: expected a number, found "high"'
    assert verdicts[3].why == expected


def test_no_reward_speaks_of_a_row_that_broke_its_verifier(broken):
    def grade(answers: list[Answer]) -> list[Verdict]:
        return [verify(*answer[:4]) for answer in answers]

    broken(MemoryError())
    logged: dict[str, float] = {}
    functions = rewards(["correct", "partial"], grade, max_tokens=9, values=Values())
    columns: dict[str, Any] = {
        "prompts": ["a"] * 3,
        "completions": [[{"role": "assistant", "content": text}] for text in "abc"],
        "completion_ids": [[1]] * 3,
        "verifier": ["code", "math", "oracle"],
        "answer": [None] * 3,
        "verify_info": ["nonsense", "[]", None],
        "log_metric": logged.__setitem__,
    }
    given = [function(**columns) for function in functions]

    assert given == [[None] * 3] * 2
    assert logged == {"undecided": 1.0, "verifier_failed": 0.0}
    functions[0](**columns | {"verify_info": ["{}"] * 3, "verifier": ["math"] * 3})
    assert logged == {"undecided": 1.0, "verifier_failed": 1.0}


@pytest.mark.parametrize(
    ("verifier", "info", "completion"),
    [
        ("code", STDIO | {"tests": [{"input": "", "output": "-0.5\n"}]},
         "print('1e1000000')"),
        ("code", {"type": "call", "fn_name": "f", "tests": [
            {"input": [1], "output": 5}]},
         "import os\nos.write(3, b'{\"value\":{\"o\":1}}\\n')\ndef f(x): return 0"),
        ("code", {"type": "call", "fn_name": "f", "tests": [
            {"input": [1], "output": "a"}]}, "def f(x): return '\\ud800'"),
        ("math", {}, "\ud800"),
        ("exact", {}, "\ud800"),
        ("choice", {}, "\ud800"),
        ("numeric", {}, "\ud800"),
    ],
)  # fmt: skip
def test_what_once_ended_a_run_is_wrong(verifier, info, completion):
    verdict = verify(verifier, "A" if verifier == "choice" else "5",
                     json.dumps(info), completion)  # fmt: skip

    assert verdict.correct is False, verdict.why
    f"{verdict.extracted}{verdict.why}".encode()


def test_a_reference_that_returns_what_no_wire_carries_decides_nothing():
    info = {
        "type": "call",
        "fn_name": "f",
        "reference": "def f(x):\n    return object()",
        "tests": [{"input": [1]}],
    }

    assert verify("code", None, json.dumps(info), "def f(x): return 1").correct is None

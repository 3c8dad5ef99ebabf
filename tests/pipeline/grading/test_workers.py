"""The verifiers in worker processes."""

import json
import os
import subprocess
import sys
import time

import pytest

from pipeline.endpoint.client import Endpoint
from pipeline.errors import UserError
from pipeline.grading import workers
from pipeline.grading.rewards import Values
from pipeline.grading.workers import Answer, find_unreadable, grader
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.judge import Judge
from tests.support.judge_server import (
    Fault,
    blocks,
    by_value,
    completion,
    prompt,
    serving,
)
from trainers.rewards import rewards


def test_verdicts_come_in_order_and_workers_stay_for_the_next_list():
    right, wrong = Answer("math", "4", "{}", "4"), Answer("math", "4", "", "5")
    with grader(timeout_s=120) as grade:
        first = grade([right, wrong, right])
        second = grade([wrong])

    assert [verdict.correct for verdict in first] == [True, False, True]
    assert second == [first[1]]


def test_what_runs_past_its_limit_is_undecided_and_not_wrong(tmp_path, monkeypatch):
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    with grader(timeout_s=0.001) as grade:
        verdicts = grade([Answer("math", "4", "{}", "4")])

    assert verdicts == [Verdict(None, None, "verifier_timeout")]


@pytest.mark.parametrize("info", ["nonsense", "[1]", "[" * 99_999, "3"])
def test_details_that_are_no_object_leave_a_row_undecided(info: str):
    why = "verify_info is not a JSON object"
    with grader(timeout_s=120) as grade:
        verdicts = grade([Answer("math", "4", info, "4")])

    assert verdicts == [Verdict(None, None, why)]
    assert find_unreadable([("math", "4", info)], timeout_s=120) == [why]


def test_a_gold_answer_that_hangs_costs_only_itself(monkeypatch):
    golds = [("math", "4", "{}"), ("math", "", "{}"), ("math", "5", "{}")]
    monkeypatch.setattr(workers, "_check_all", _dawdle)
    whys = find_unreadable(golds, timeout_s=3)

    assert whys == [None, "reading the gold answer takes too long", None]


def _dawdle(golds):
    if any(answer == "" for _, answer, _ in golds):
        time.sleep(60)
    return [(None, None) for _ in golds]


def test_nothing_to_judge_is_fine():
    with grader(timeout_s=1) as grade:
        assert grade([]) == []


def test_a_script_without_a_main_guard_is_told_and_gets_no_verdicts(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pipeline.grading.workers import Answer, grader\n"
        "with grader(timeout_s=60) as grade:\n"
        "    print(grade([Answer('math', '4', '{}', 'unheard of: 4')]))\n"
    )
    environment = os.environ | {"GOLDSIEVE_CACHE": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env=environment
    )

    assert (ran.returncode, ran.stdout) == (1, "")
    assert "UserError: a worker cannot start" in ran.stderr


def test_a_row_of_an_unknown_verifier_is_undecided_and_ends_nothing():
    rows = [Answer("oracle", "4", "{}", "4"), Answer("math", "4", "{}", "4")]
    with grader(timeout_s=120) as grade:
        unknown, known = grade(rows)

    assert unknown.correct is None
    assert unknown.why.startswith("verifier: expected one of choice, code, exact, ")
    assert unknown.why.endswith(', found "oracle"')
    assert known.correct is True


def test_a_model_judges_many_at_once_and_equal_ones_once():
    with serving(by_value) as server:
        server.answer = lambda body: Fault(body=completion(by_value(body)), delay_s=0.3)
        named = Judge(endpoint=Endpoint(url=server.url))
        server.concurrency = 6
        answers = [Answer("judge", "7", "{}", f"{i} it is", "3+4?") for i in range(12)]
        with grader(timeout_s=120, model=named) as grade:
            verdicts = grade([*answers, *answers, Answer("math", "7", "{}", "7")])

        assert [v.correct for v in verdicts] == [i == 7 for i in range(12)] * 2 + [True]
        assert len(server.requests) == 12
        assert server.most_busy == 6


def test_a_model_is_told_the_question_and_its_domain(monkeypatch):
    with serving(by_value) as server:
        named = {"endpoint": {"url": server.url, "model": "m"}}
        monkeypatch.setenv("GOLDSIEVE_JUDGE", json.dumps(named))
        with grader(timeout_s=120) as grade:
            grade([Answer("judge", "7", "{}", "It is 7.", "3+4?", "math")])
            grade([Answer("judge", "7", '{"problem": "own"}', "It is 7.", "3+4?")])

        assert blocks(server.requests[0])["QUESTION"] == "3+4?"
        assert "sets in another order" in prompt(server.requests[0])
        assert blocks(server.requests[1])["QUESTION"] == "own"


def test_the_budget_is_the_whole_runs():
    with serving(by_value) as server:
        named = Judge(endpoint=Endpoint(url=server.url, max_requests=1))
        with grader(timeout_s=120, model=named) as grade:
            first = grade([Answer("judge", "7", "{}", "budget 7")])
            second = grade([Answer("judge", "7", "{}", "budget 8")])

    assert (first[0].correct, second[0].why) == (True, "judge_budget")


def test_rows_for_a_model_that_nobody_named_are_the_users_to_mend(monkeypatch):
    monkeypatch.delenv("GOLDSIEVE_JUDGE", raising=False)
    with (
        grader(timeout_s=120) as grade,
        pytest.raises(UserError, match="none is named"),
    ):
        grade([Answer("judge", "7", "{}", "7")])


def test_what_rules_do_not_read_does_not_part_equal_answers():
    with grader(timeout_s=120) as grade:
        first, second = grade(
            [Answer("math", "4", "{}", "4", p, "math") for p in ("2+2?", "1+3?")]
        )

    assert first is second


def test_what_a_model_judges_is_a_reward_too():
    with serving(by_value) as server:
        texts = ["reward 7", "reward 8", "reward 9"]
        server.script = [Fault(body=completion("hm"))]
        named = Judge(endpoint=Endpoint(url=server.url))
        server.concurrency = 1
        with grader(timeout_s=120, model=named) as grade:
            (reward,) = rewards(["correct"], grade, max_tokens=9, values=Values())
            given = reward(
                completions=[[{"role": "assistant", "content": c}] for c in texts],
                completion_ids=[[0]] * 3,
                verifier=["judge"] * 3,
                answer=["7", "7", "9"],
                verify_info=["{}"] * 3,
                prompts=["3+4?"] * 3,
            )

    assert given == [None, 0.0, 1.0], "the first reply could not be read"

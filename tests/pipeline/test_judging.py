"""The verifiers in worker processes."""

import pytest

from pipeline.judging import Answer, judge
from pipeline.verifiers.contract import Verdict


def test_verdicts_come_in_order_and_workers_stay_for_the_next_list():
    right, wrong = Answer("math", "4", "{}", "4"), Answer("math", "4", "", "5")
    with judge(limit_s=120) as judging:
        first = judging([right, wrong, right])
        second = judging([wrong])

    assert [verdict.correct for verdict in first] == [True, False, True]
    assert second == [first[1]]


def test_what_runs_past_its_limit_is_undecided_and_not_wrong():
    with judge(limit_s=0.001) as judging:
        verdicts = judging([Answer("math", "4", "{}", "4")])

    assert verdicts == [Verdict(None, None, "verifier_timeout")]


def test_nothing_to_judge_is_fine():
    with judge(limit_s=1) as judging:
        assert judging([]) == []


def test_an_unknown_verifier_is_a_mistake():
    with (
        judge(limit_s=120) as judging,
        pytest.raises(Exception, match="no verifier is called 'oracle'"),
    ):
        judging([Answer("oracle", "4", "{}", "4")])

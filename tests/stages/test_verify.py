import json

import polars as pl

from pipeline.schema import GRADE, ROLLOUT, conform
from pipeline.verdict import Outcome, apply
from stages.verify import Params, judge
from tests.rows import problems


def audited(answers: dict[int, list[str]], gold: list[str], **params) -> Outcome:
    """Samples by row number; a sample is right when it equals the gold answer."""
    rows = problems(*[f"Problem {i}" for i in range(len(gold))], answer=gold)
    if "other_answers" in params:
        rows = rows.with_columns(other_answers=params.pop("other_answers"))
    told = [
        {
            "id": f"test/{row:05d}",
            "key": "",
            "sample": sample,
            "model": "m",
            "completion": f"so {said}",
            "n_tokens": 2 + sample,
            "finish_reason": "stop",
            "seed": 0,
            "verifier": "math",
            "correct": said == gold[row],
            "extracted": said,
            "why": "",
        }
        for row, given in answers.items()
        for sample, said in enumerate(given)
    ]
    table = pl.DataFrame(told)
    grades = conform(table, GRADE).select(GRADE.names())
    rollouts = table.select(pl.col(n).cast(t) for n, t in ROLLOUT.items())
    return apply(lambda rows: judge(rows, Params(**params), rollouts, grades), rows)


def test_a_confident_majority_against_the_key_makes_it_suspect():
    outcome = audited({0: ["7", "7", "7", "5"]}, gold=["5"])

    assert outcome.dropped["reason"].to_list() == ["key_suspect"]
    assert outcome.dropped["score"].to_list() == [0.75]
    evidence = json.loads(outcome.dropped["evidence"][0])
    assert evidence == {
        "majority_answer": "7",
        "answer": "5",
        "n": 4,
        "copies_say_so": False,
    }


def test_a_copy_with_the_majoritys_answer_is_a_second_witness():
    answers = {0: ["7", "7", "5", "3"]}
    said = pl.Series([["7"]], dtype=pl.List(pl.String))

    assert audited(answers, gold=["5"]).dropped.height == 0
    outcome = audited(answers, gold=["5"], other_answers=said)
    assert outcome.dropped["reason"].to_list() == ["key_suspect"]


def test_a_majority_for_the_key_agrees():
    outcome = audited({0: ["5", "5", "7", "5"]}, gold=["5"])

    assert outcome.kept["majority_answer"].to_list() == ["5"]
    assert outcome.kept["majority_share"].to_list() == [0.75]
    assert outcome.kept["key_agrees"].to_list() == [True]


def test_a_majority_of_few_samples_says_nothing():
    outcome = audited({0: ["7", "7", "7"]}, gold=["5"], min_samples=4)

    assert outcome.dropped.height == 0


def test_samples_without_an_answer_are_no_majority():
    outcome = audited({0: ["", "", "", "5"]}, gold=["5"])

    assert outcome.kept["majority_answer"].to_list() == ["5"]
    assert outcome.kept["majority_share"].to_list() == [0.25]


def test_a_problem_that_no_sample_solved_is_set_aside():
    outcome = audited({0: ["1", "2", "3", "4"]}, gold=["5"])
    kept = audited({0: ["1", "2", "3", "4"]}, gold=["5"], never_solved="keep")

    assert outcome.dropped["reason"].to_list() == ["never_solved"]
    assert kept.kept.height == 1


def test_only_right_traces_are_kept_unless_asked():
    right = audited({0: ["5", "7", "5", "5"]}, gold=["5"]).kept["traces"][0]
    every = audited({0: ["5", "7", "5", "5"]}, gold=["5"], keep_wrong=True)

    assert [trace["sample"] for trace in right] == [0, 2, 3]
    assert [trace["correct"] for trace in every.kept["traces"][0]] == [
        True, False, True, True,
    ]  # fmt: skip


def test_a_problem_without_samples_stays_unaudited():
    outcome = audited({1: ["5", "5", "5", "5"]}, gold=["3", "5"])

    assert outcome.kept["majority_answer"].to_list() == [None, "5"]
    assert outcome.kept["traces"].to_list()[0] is None

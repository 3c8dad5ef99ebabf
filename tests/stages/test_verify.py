import json
import re
import shutil
from collections.abc import Mapping, Sequence

import polars as pl
import pytest

from pipeline.filter import Outcome, apply
from pipeline.schema import GRADE
from stages.sources._load import load_adapter
from stages.verify import Params, judge
from tests.stages.test_sources import EXAMPLES
from tests.support.judge_server import blocks, serving, verdict
from tests.support.rows import problems

# Suspects by a rule, for tests of what follows from it.
RULE = "not key_agrees and majority_share >= 0.6 and key_evidence.n_answered >= 4"


def audited(
    answers: Mapping[int, Sequence[str | None]],
    gold: list[str],
    *,
    columns: dict | None = None,
    model: str = "m",
    **params,
) -> Outcome:
    """Samples by row number; a sample is right when it equals the gold answer.

    None is a sample on which nothing could be decided.
    """
    rows = problems(
        *[f"Problem {i}" for i in range(len(gold))], answer=gold, **(columns or {})
    )
    counts = dict.fromkeys(("n_correct",), pl.lit(0, pl.UInt32))
    rates = dict.fromkeys(("pass_rate", "rate_lo", "rate_hi"), pl.lit(0.0))
    rows = rows.with_columns(**counts, **rates)
    answers_of_copies = params.pop("other_answers", pl.lit(None, pl.List(pl.String)))
    rows = rows.with_columns(other_answers=answers_of_copies)
    samples = [
        {
            "id": f"test/{row:05d}",
            "sample": sample,
            "model": model if sample < 4 else "other",
            "n_tokens": 2 + sample,
            "finish_reason": "stop",
            "verifier": "math",
            "correct": None if answer is None else answer == gold[row],
            "extracted": answer or "",
            "why": "",
        }
        for row, given in answers.items()
        for sample, answer in enumerate(given)
    ]
    grades = pl.DataFrame(samples, schema=GRADE)
    params = {"suspect_where": RULE} | params
    return apply(lambda rows: judge(rows, Params(**params), grades), rows)


def test_a_suspect_key_leaves_with_what_speaks_against_it():
    outcome = audited({0: ["7", "7", "7", "5"]}, gold=["5"])

    assert outcome.dropped["reason"].to_list() == ["key_suspect"]
    assert outcome.dropped["score"].to_list() == pytest.approx(
        outcome.dropped["key_wrong_p"].to_list()
    )
    evidence = json.loads(outcome.dropped["evidence"][0])
    assert 0 < evidence.pop("reliability") < 1
    # The mean of a log-normal around 0.02: 0.02 · exp(1/2), less what is above 0.3.
    assert evidence.pop("noise") == pytest.approx(0.031, abs=0.002)
    assert evidence == {
        "majority_answer": "7",
        "answer": "5",
        "majority_share": 0.75,
        "references_agree": None,
        "arbiter_sides_with": None,
        "n_answered": 4,
        "for_key": 1,
        "for_other": 3,
        "models": 1,
        "copy_agrees": None,
        "reference_agrees": None,
        "n": 4,
    }


def chances(
    last: list[str], *, right: int, wrong: int, n: int = 8, **columns
) -> pl.DataFrame:
    """The last row of a pool whose last key is "5", with its samples' answers.

    Of the others a model solves `right` nearly always, and has `n` answers to `wrong`.
    """
    n_rows = right + wrong + 1
    scattered = [str(100 + i) for i in range(n)]
    often = ["5"] * n, ["5"] * (n - 1) + ["8"]
    answers = {i: often[i % 2] if i < right else scattered for i in range(n_rows - 1)}
    columns = {name: [None] * (n_rows - 1) + [of] for name, of in columns.items()}
    copies = columns.pop("other_answers", None)
    if copies:
        columns["other_answers"] = pl.Series(copies, dtype=pl.List(pl.String))
    extra = (
        {"columns": {"solutions": columns.pop("solutions")}}
        if "solutions" in columns
        else {}
    )
    outcome = audited(
        answers | {n_rows - 1: last}, ["5"] * n_rows, never_solved="keep",
        suspect_where=Params().suspect_where, references="keep", **columns, **extra,
    )  # fmt: skip
    every = pl.concat([outcome.kept, outcome.dropped], how="diagonal")
    return every.filter(pl.col("id") == f"test/{n_rows - 1:05d}")


def test_a_model_that_is_right_elsewhere_makes_a_key_suspect():
    row = chances(["7"] * 7 + ["8"], right=50, wrong=0)

    assert row["key_wrong_p"][0] > 0.6
    assert row["key_suspect"][0]


def test_a_model_that_is_seldom_right_is_no_evidence():
    row = chances(["7"] * 7 + ["8"], right=2, wrong=50)

    assert row["key_wrong_p"][0] < 0.2


def test_a_key_that_is_never_reached_is_not_suspect_for_that():
    row = chances([str(i) for i in range(20, 28)], right=40, wrong=10)

    assert row["key_wrong_p"][0] < 0.1
    assert row["majority_share"].to_list() == [0.125]


def test_an_answer_that_is_given_to_anything_is_weak_evidence():
    pet = chances(["100"] * 7 + ["8"], right=40, wrong=10)
    other = chances(["7"] * 7 + ["8"], right=40, wrong=10)

    assert pet["key_wrong_p"][0] < other["key_wrong_p"][0] / 2


def test_a_copy_with_the_majoritys_answer_is_a_second_witness():
    votes = ["7"] * 4 + ["5", "5", "8", "9"]
    alone = chances(votes, right=30, wrong=10)
    copied = chances(votes, right=30, wrong=10, other_answers=["7.0"])
    third = chances(votes, right=30, wrong=10, other_answers=["6"])

    assert alone["key_evidence"].struct["copy_agrees"].to_list() == [None]
    assert copied["key_evidence"].struct["copy_agrees"].to_list() == [True]
    assert third["key_evidence"].struct["copy_agrees"].to_list() == [False]
    assert copied["key_wrong_p"][0] > third["key_wrong_p"][0] > alone["key_wrong_p"][0]


def test_a_reference_speaks_for_or_against_the_key():
    votes = ["7"] * 6 + ["8", "9"]
    silent = chances(votes, right=40, wrong=5)["key_wrong_p"][0]
    against = chances(votes, right=40, wrong=5, solutions=solutions(r"\boxed{7}"))
    third = chances(votes, right=40, wrong=5, solutions=solutions(r"\boxed{6}"))
    agrees = chances(votes, right=40, wrong=5, solutions=solutions(r"\boxed{5}"))

    assert agrees["key_wrong_p"][0] < silent < against["key_wrong_p"][0]
    # A vote for the models' answer weighs more than one for an answer of its own.
    assert third["key_wrong_p"][0] < against["key_wrong_p"][0]
    assert against["key_evidence"].struct["reference_agrees"].to_list() == [True]
    assert third["key_evidence"].struct["reference_agrees"].to_list() == [False]


def test_where_nobody_says_anything_of_a_key_there_is_no_chance():
    outcome = audited({1: ["5"] * 4}, gold=["3", "5"])

    assert outcome.kept["key_wrong_p"].is_null().to_list() == [True, False]
    assert outcome.kept["key_evidence"].is_null().to_list() == [True, False]


def test_empty_boxes_are_no_majority():
    empty = ["\\,", "?", "\\quad", "", "\\boxed{", "\\boxed{}"]
    outcome = audited({0: [*empty, "7", "5"]}, gold=["5"])

    assert outcome.kept["key_evidence"].struct["n_answered"].to_list() == [2]
    assert outcome.kept["majority_share"].to_list() == [0.125]


def test_a_majority_for_the_key_agrees():
    outcome = audited({0: ["5", "5", "7", "5"]}, gold=["5"])

    assert outcome.kept["majority_answer"].to_list() == ["5"]
    assert outcome.kept["majority_share"].to_list() == [0.75]
    assert outcome.kept["key_agrees"].to_list() == [True]


def test_a_majority_of_few_samples_says_nothing():
    outcome = audited({0: ["7", "7", "7"]}, gold=["5"], min_samples=4)

    assert outcome.dropped.height == 0
    assert outcome.kept["key_wrong_p"][0] < 0.2


def test_samples_without_an_answer_are_no_majority():
    outcome = audited({0: ["", "", "", "5"]}, gold=["5"])

    assert outcome.kept["majority_answer"].to_list() == ["5"]
    assert outcome.kept["majority_share"].to_list() == [0.25]


def test_a_problem_that_no_sample_solved_is_set_aside():
    outcome = audited({0: ["1", "2", "3", "4"]}, gold=["5"])
    kept = audited({0: ["1", "2", "3", "4"]}, gold=["5"], never_solved="keep")

    assert outcome.dropped["reason"].to_list() == ["never_solved"]
    assert kept.kept.height == 1


def test_a_problem_to_which_no_sample_has_an_answer_is_never_solved():
    outcome = audited({0: [""] * 4, 1: ["", "", "", "5"]}, gold=["5", "5"])

    assert outcome.kept["id"].to_list() == ["test/00001"]
    assert outcome.dropped["reason"].to_list() == ["never_solved"]
    assert json.loads(outcome.dropped["evidence"][0])["n"] == 4


def test_samples_on_which_nothing_is_decided_do_not_say_that_none_solves():
    outcome = audited({0: ["1", "2", "3", None], 1: [None] * 8}, gold=["5", "5"])

    assert outcome.dropped.height == 0


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


def test_equal_answers_vote_together_however_they_are_spelt():
    spelt = {0: ["1/2", "0.5", r"\frac{1}{2}", "7"]}
    outcome = audited(spelt, gold=["5"])

    assert outcome.dropped["reason"].to_list() == ["key_suspect"]
    assert outcome.dropped["majority_share"].to_list() == [0.75]
    assert outcome.dropped["majority_answer"].to_list() == ["1/2"]


def test_other_answers_do_not_vote_together():
    outcome = audited({0: ["1/2", "0.51", r"\frac{2}{1}", "5"]}, gold=["5"])

    assert outcome.kept["majority_share"].to_list() == [0.25]


def test_only_the_models_that_are_named_vote():
    answers = {0: ["5", "5", "5", "5", *["7"] * 8]}
    everyone = audited(answers, gold=["5"])
    named = audited(answers, gold=["5"], models=["m"])

    assert everyone.dropped["reason"].to_list() == ["key_suspect"]
    assert named.kept["majority_share"].to_list() == [1.0]


@pytest.mark.parametrize(
    ("suspect", "reason"),
    [("quarantine", ["key_suspect"]), ("drop", ["wrong_key"]), ("keep", [])],
)
def test_what_follows_from_a_suspect_key(suspect: str, reason: list[str]):
    outcome = audited({0: ["7", "7", "7", "5"]}, gold=["5"], suspect=suspect)

    assert outcome.dropped["reason"].to_list() == reason
    both = [*outcome.kept["key_suspect"], *outcome.dropped["key_suspect"]]
    assert both == [True]


def test_relabelling_takes_the_majoritys_answer_and_its_traces():
    answers = {0: ["7", "7.0", "7", "5"], 1: ["4"] * 4}
    kept = audited(answers, gold=["5", "4"], suspect="relabel").kept

    assert kept["answer"].to_list() == ["7", "4"]
    assert kept["answer_before"].to_list() == ["5", None]
    assert kept["key_suspect"].to_list() == [False, False]
    assert kept["n_correct"].to_list() == [3, 0]
    assert kept["pass_rate"].to_list() == [0.75, 0.0]
    assert 0.2 < kept["rate_lo"][0] < 0.75 < kept["rate_hi"][0] < 1
    assert [trace["sample"] for trace in kept["traces"][0]] == [0, 1, 2]
    assert all(trace["correct"] for trace in kept["traces"][0])


def test_what_was_right_beside_the_old_key_is_not_right_beside_the_new_one():
    infos = ['{"alternatives": ["[1, 2]"], "policy": {}}', '{"alternatives": ["4.0"]}']
    answers = {0: ["7", "7", "7", "5"], 1: ["4"] * 4}
    columns = {"verify_info": infos}
    kept = audited(answers, gold=["5", "4"], columns=columns, suspect="relabel").kept

    assert kept["answer"].to_list() == ["7", "4"]
    assert kept["verify_info"].to_list() == ['{"policy": {}}', infos[1]]


def test_an_answer_that_cannot_be_read_is_no_new_key():
    outcome = audited({0: ["frac{" * 9] * 4}, gold=["5"], suspect="relabel")

    assert outcome.dropped["reason"].to_list() == ["key_suspect"]
    assert outcome.dropped["answer"].to_list() == ["5"]


def solutions(*texts: str, model: str = "human") -> list[dict]:
    return [{"text": text, "model": model, "correct": None} for text in texts]


def test_reference_solutions_get_verdicts():
    texts = r"So \boxed{5}.", "The answer is 6.", "It takes 3 and 4 steps."
    columns = {"solutions": [solutions(*texts)]}
    kept = audited({0: ["5"] * 4}, gold=["5"], columns=columns).kept

    # The last number of a text that names no answer says nothing.
    assert [s["correct"] for s in kept["solutions"][0]] == [True, False, None]
    assert kept["references_agree"].to_list() == [True]


def test_a_reference_that_reaches_another_answer_sets_the_problem_aside():
    columns = {
        "solutions": [solutions(r"\boxed{6}"), solutions(r"\boxed{6}", model="r1")]
    }
    outcome = audited({}, gold=["5", "5"], columns=columns)
    trusted = audited({}, gold=["5", "5"], columns=columns, references="trust")

    # What a model wrote is a trace, not a reference.
    assert outcome.dropped["reason"].to_list() == ["reference_fails"]
    assert outcome.dropped["id"].to_list() == ["test/00000"]
    assert trusted.dropped.height == 0


def test_a_sample_that_reaches_the_key_speaks_against_its_reference():
    columns = {"solutions": [solutions(r"\boxed{6}")]}
    outcome = audited({0: ["5", "1", "2", "3"]}, gold=["5"], columns=columns)

    assert outcome.dropped.height == 0
    assert outcome.kept["references_agree"].to_list() == [False]


@pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")
def test_reference_programs_must_pass_their_own_tests():
    info = {"type": "call", "fn_name": "f", "tests": [{"input": [2], "output": 4}]}
    samples = [
        solutions("def f(x):\n    return 2 * x"),
        solutions("def f(x):\n    return x"),
    ]
    columns = {
        "solutions": samples,
        "verifier": ["code"] * 2,
        "verify_info": [json.dumps(info)] * 2,
    }
    outcome = audited({}, gold=["", ""], columns=columns)

    assert outcome.kept["id"].to_list() == ["test/00000"]
    assert outcome.dropped["reason"].to_list() == ["reference_fails"]


def test_witnesses_say_what_they_think_of_each_key():
    answers = {0: ["7", "7", "7", "5"], 1: ["5"] * 4}
    columns = {"solutions": [solutions(r"\boxed{5}"), [], []]}
    copies = pl.Series([None, None, ["6"]], dtype=pl.List(pl.String))
    outcome = audited(answers, gold=["5"] * 3, columns=columns, other_answers=copies)

    assert outcome.tables["witnesses"].rows() == [
        ("test/00000", "test", "math", True, False, None, True, None),
        ("test/00001", "test", "math", True, True, None, None, None),
        ("test/00002", "test", "math", None, None, None, None, False),
    ]


def test_a_judge_speaks_for_a_key_where_it_holds_a_sample_to_be_right():
    grades = pl.DataFrame(
        [
            {"id": "test/00000", "sample": i, "model": "m", "verifier": "math",
             "correct": judge, "rule_correct": False, "judge_correct": judge,
             "judge_why": "asked" if judge is not None else None, "extracted": "7"}
            for i, judge in enumerate([True, True, False, None])
        ],
        schema_overrides=dict(GRADE),
    )  # fmt: skip
    rows = problems("Problem", answer=["5"]).with_columns(
        n_correct=pl.lit(0, pl.UInt32),
        other_answers=pl.lit(None, pl.List(pl.String)),
        **dict.fromkeys(("pass_rate", "rate_lo", "rate_hi"), pl.lit(0.0)),
    )
    grades = pl.concat([pl.DataFrame(schema=GRADE), grades], how="diagonal")
    tables = apply(lambda rows: judge(rows, Params(), grades), rows).tables

    assert tables["witnesses"]["judge"].to_list() == [True]


def arbiter(*right: str):
    """A server that holds the answers `right` to be right, and how to reach it."""

    def answer(body: dict) -> str:
        answer = re.search(r"The answer is (.*)\.", blocks(body)["RESPONSE"])[1]
        return verdict("correct" if answer in right else "incorrect")

    return serving(answer)


@pytest.mark.parametrize(
    ("right", "suspect", "reasons"),
    [
        (["7"], "drop", ["wrong_key"]),
        (["5"], "drop", []),
        (["7", "5"], "drop", ["key_suspect"]),
        ([], "relabel", ["key_suspect"]),
        ([], "keep", ["key_suspect"]),
        (["7"], "relabel", []),
    ],
)
def test_an_arbiter_decides_or_the_key_stays_suspect(
    right, suspect, reasons, tmp_path, monkeypatch
):
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    with arbiter(*right) as server:
        outcome = audited(
            {0: ["7", "7", "7", "5"], 1: ["5"] * 4},
            gold=["5", "5"],
            suspect=suspect,
            arbiter={"endpoint": {"url": server.url}},
        )
        count = len(server.requests)

    assert outcome.dropped["reason"].to_list() == reasons
    assert count == 2
    if right == ["7"] and suspect == "relabel":
        assert outcome.kept["answer"].to_list() == ["7", "5"]


@pytest.mark.parametrize(
    ("author", "agree"), [("human", False), ("source", False), ("R1", None)]
)
def test_a_solution_is_a_witness_where_no_model_wrote_it(author: str, agree: bool):
    texts = solutions(r"So \boxed{6}.", model=author)
    columns = {"solutions": [texts]}
    outcome = audited({0: ["5"] * 4}, gold=["5"], columns=columns)

    assert outcome.kept["references_agree"].to_list() == [agree]


def test_adapters_call_authors_as_verify_knows_them():
    rows = [(name, row) for name, (row, _) in EXAMPLES.items()]
    rows.append(("math", {"r1_solution_1": "So 64."}))
    written = {
        solution["model"]
        for name, row in rows
        for solution in load_adapter(name).adapt(row).get("solutions", [])
    }

    assert written == {"human", "DeepSeek-R1"}


def test_rows_that_no_dedup_has_seen_are_audited_too():
    rows = problems("1+1?", answer=["2"])
    outcome = apply(lambda rows: judge(rows, Params(), GRADE.to_frame()), rows)

    assert outcome.kept["id"].to_list() == ["test/00000"]
    assert "_copies" not in outcome.kept.columns

import json
from typing import Any

import polars as pl
import pytest

from pipeline.endpoint.client import Endpoint
from pipeline.errors import UserError
from pipeline.schema import GRADE, ROLLOUT
from pipeline.shards import Shards
from pipeline.verifiers.judge import Judge
from stages import grades
from stages.grades import Params
from tests.support.judge_server import Server, blocks, by_value, serving
from tests.support.rows import problems


def make(*given: Any) -> pl.DataFrame:
    """The verdicts as one table."""
    return grades.make(*given).collect()


def rollouts(*samples: tuple[str, str], finish: str | None = "stop") -> pl.DataFrame:
    """Samples as (id, completion), numbered as they come."""
    samples = [
        {
            "id": id,
            "key": "",
            "sample": number,
            "model": "m",
            "completion": text,
            "n_tokens": 3,
            "finish_reason": finish,
            "seed": 0,
        }
        for number, (id, text) in enumerate(samples)
    ]
    return pl.DataFrame(samples, schema=ROLLOUT)


ROWS = problems("1+1?", "2+2?", answer=["2", "4"])


def test_every_sample_is_judged_by_its_problem():
    graded = make(
        Params(),
        ROWS,
        rollouts(("test/00001", r"\boxed{4}"), ("test/00000", r"\boxed{4}")),
    )

    assert graded.schema == GRADE
    assert graded["id"].to_list() == ["test/00001", "test/00000"]
    assert graded["correct"].to_list() == [True, False]
    assert graded["extracted"].to_list() == ["4", "4"]


def test_a_prompt_without_room_is_undecided():
    graded = make(
        Params(), ROWS, rollouts(("test/00000", ""), finish="prompt_too_long")
    )

    assert graded["correct"].to_list() == [None]
    assert graded["why"].to_list() == ["prompt_too_long"]


def test_a_recording_without_a_finish_reason_is_judged():
    graded = make(Params(), ROWS, rollouts(("test/00000", r"\boxed{2}"), finish=None))

    assert graded["correct"].to_list() == [True]


def test_samples_of_problems_that_left_are_not_judged():
    graded = make(Params(), ROWS, rollouts(("gone/00000", r"\boxed{2}")))

    assert graded.height == 0
    assert graded.schema == GRADE


def test_verdicts_do_not_depend_on_where_a_shard_ends(
    monkeypatch: pytest.MonkeyPatch,
):
    samples = rollouts(*[(f"test/0000{n % 2}", rf"\boxed{{{n}}}") for n in range(7)])
    whole = make(Params(), ROWS, samples)
    monkeypatch.setattr("stages.grades.CHUNK", 2)
    shards = Shards(tuple(samples[at : at + 3].lazy() for at in (0, 3, 6)))

    assert whole["correct"].to_list() == [False] * 2 + [True] + [False] * 4
    assert make(Params(), ROWS, shards).equals(whole)


def test_no_samples_are_fine():
    assert make(Params(), ROWS, ROLLOUT.to_frame()).schema == GRADE


# A second opinion, and rows that only a model can judge.


def asking(server: Server, when: str, **options: object) -> Params:
    named = Judge(endpoint=Endpoint(url=server.url, model="m"))
    return Params(judge=named, judge_when=when, **options)


SPELT = "There are four: 4."  # the judge of these tests reads the last number
ANSWERS = (r"\boxed{4}", r"\boxed{3}", r"\boxed{5} or rather 2+2, so 4")
TWO = problems("2+2?", answer=["4"])


def verdicts(graded: pl.DataFrame) -> list[tuple[bool | None, ...]]:
    return graded.select("correct", "rule_correct", "judge_correct").rows()


def test_a_model_is_asked_about_what_a_rule_rejected_and_nothing_else():
    samples = rollouts(*[("test/00000", text) for text in ANSWERS])
    with serving(by_value) as server:
        graded = make(asking(server, "rejected"), TWO, samples)
        seen = [blocks(body)["RESPONSE"] for body in server.requests]

    assert sorted(seen) == sorted(ANSWERS[1:])
    assert verdicts(graded) == [
        (True, True, None),
        (False, False, False),
        (True, False, True),
    ]
    assert graded["judge_why"].to_list() == [None, *["judge: 1 of 1: so it is"] * 2]
    assert graded["why"][2].startswith("box:"), "the rule's reason stays"
    assert graded.schema == GRADE


@pytest.mark.parametrize(
    ("when", "count"),
    [("never", 0), ("rejected", 1), ("undecided", 1), ("rejected_or_undecided", 2)],
)
def test_it_is_the_recipe_that_says_when(when: str, count: int):
    rows = problems("a?", "b?", answer=["4", ""])  # the second one has no key
    rows = rows.with_columns(verify_info=pl.lit('{"rubric": "Is it 3?"}'))
    samples = rollouts(("test/00000", "3"), ("test/00001", "3"), ("test/00000", "4"))
    with serving(lambda body: '{"verdict": "correct", "reason": ""}') as server:
        graded = make(asking(server, when), rows, samples)

    assert len(server.requests) == count
    assert graded["judge_correct"].count() == count


@pytest.mark.parametrize("finish", ["length", "prompt_too_long"])
def test_an_incomplete_sample_gets_no_second_opinion(finish: str):
    with serving(by_value) as server:
        graded = make(
            asking(server, "rejected_or_undecided"),
            TWO,
            rollouts(("test/00000", "3"), finish=finish),
        )

    assert server.requests == []
    assert graded["judge_why"].to_list() == [None]


def test_a_recording_is_complete_if_it_has_an_answer():
    samples = rollouts(
        ("test/00000", "3"), ("test/00000", "I am not sure of the sum."), finish=None
    )
    with serving(by_value) as server:
        make(asking(server, "rejected"), TWO, samples)

    assert [blocks(body)["RESPONSE"] for body in server.requests] == ["3"]


def test_failed_tests_need_no_opinion():
    info = ['{"task": "countdown", "numbers": [2, 2], "target": 4}']
    rows = problems("2+2?", answer=["4"], verifier=["puzzle"], verify_info=info)
    with serving(by_value) as server:
        make(asking(server, "rejected"), rows, rollouts(("test/00000", "3")))

    assert server.requests == []


def test_a_judge_that_abstains_leaves_the_rules_verdict():
    with serving(lambda body: "hm") as server:
        graded = make(asking(server, "rejected"), TWO, rollouts(("test/00000", "3")))

    assert verdicts(graded) == [(False, False, None)]
    assert graded["judge_why"].to_list() == ["judge_unreadable: no verdict"]


def test_rows_for_a_model_are_judged_by_it_alone():
    rows = problems("Name four.", answer=["4"], verifier=["judge"], domain=["general"])
    with serving(by_value) as server:
        graded = make(
            asking(server, "rejected"),
            rows,
            rollouts(("test/00000", SPELT), ("test/00000", "It is 5.")),
        )
        questions = [blocks(body)["QUESTION"] for body in server.requests]

    assert verdicts(graded) == [(True, None, True), (False, None, False)]
    assert graded["extracted"].to_list() == ["4", "5"]
    assert questions == ["Name four."] * 2


def test_the_choices_are_part_of_the_question():
    rows = problems("Which?", answer=["B"], verifier=["choice"])
    rows = rows.with_columns(verify_info=pl.lit(json.dumps({"choices": ["x", "y"]})))
    with serving(lambda body: '{"verdict": "undecided", "reason": ""}') as server:
        make(asking(server, "rejected"), rows, rollouts(("test/00000", "It is A")))

    assert blocks(server.requests[0])["QUESTION"] == "Which?\nA. x\nB. y"


def test_whom_to_ask_must_be_said():
    with pytest.raises(ValueError, match="judge is not set"):
        Params(judge_when="rejected")
    rows = problems("2+2?", verifier=["judge"])
    with pytest.raises(UserError, match="none is named"):
        make(Params(), rows, rollouts(("test/00000", "4")))


def test_twice_gives_equal_tables():
    samples = rollouts(*[("test/00000", text) for text in ANSWERS])
    with serving(by_value) as server:
        first = make(asking(server, "rejected"), TWO, samples)
        count = len(server.requests)
        second = make(asking(server, "rejected"), TWO, samples)

    assert second.equals(first)
    assert len(server.requests) == count


def test_a_row_without_a_verifier_leaves_its_samples_undecided():
    rows = ROWS.with_columns(verifier=pl.lit(None, pl.String))

    graded = make(Params(), rows, rollouts(("test/00000", r"\boxed{2}")))

    assert graded.select("correct", "why").rows() == [(None, "no_verifier")]

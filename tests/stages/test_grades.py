import polars as pl

from pipeline.schema import GRADE, ROLLOUT
from stages.grades import Params, make
from tests.rows import problems


def rollouts(*samples: tuple[str, str], finish: str | None = "stop") -> pl.DataFrame:
    """Samples as (id, completion), numbered as they come."""
    told = [
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
    return pl.DataFrame(told, schema=ROLLOUT)


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


def test_no_samples_are_fine():
    assert make(Params(), ROWS, ROLLOUT.to_frame()).schema == GRADE

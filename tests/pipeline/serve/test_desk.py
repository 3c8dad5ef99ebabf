"""Who is judged next, and whose fault costs whom what."""

import asyncio
import threading
from collections import deque

import pytest

from pipeline.errors import UserError
from pipeline.grading.workers import Answer
from pipeline.serve.contract import Limits, Refused
from pipeline.serve.desk import Desk, Lane, Request, grade_each
from pipeline.verifiers.contract import Verdict

RIGHT = Verdict(True, "4", "as text")


def answers(count: int, verifier: str = "math") -> list[Answer]:
    return [Answer(verifier, "4", None, str(number)) for number in range(count)]


def test_requests_take_turns_and_who_has_left_is_passed_over():
    async def take() -> list[list[tuple[str, int]]]:
        loop = asyncio.get_running_loop()
        large, left, small = (
            Request(answers(count), loop.create_future()) for count in (6, 3, 1)
        )
        waiting = [(r, deque(range(len(r.answers)))) for r in (large, left, small)]
        lane = Lane(calls=1, size=4, waiting=deque(waiting))
        left.done.cancel()
        names = {large: "large", small: "small"}
        rounds = [lane.take() for _ in range(3)]
        return [[(names[r], number) for r, number in taken] for taken in rounds]

    # 4 rows for 3 that wait: 1 of the first; it has left; 3 for 2: 1, and what is over.
    assert asyncio.run(take()) == [
        [("large", 0), ("small", 0), ("large", 1), ("large", 2)],
        [("large", 3), ("large", 4), ("large", 5)],
        [],
    ]


def test_a_row_that_raises_costs_no_other_row():
    def grade(batch: list[Answer]) -> list[Verdict]:
        if any(answer.completion == "1" for answer in batch):
            raise ValueError("of one row")
        return [RIGHT] * len(batch)

    first, second, third = grade_each(grade, answers(3))

    assert (first, third) == (RIGHT, RIGHT)
    assert str(second) == "of one row"


@pytest.mark.parametrize(("failures", "is_given"), [(1, True), (2, False)])
def test_what_is_wrong_with_the_machine_is_worth_a_second_try(
    failures: int, is_given: bool
):
    calls = []

    def grade(batch: list[Answer]) -> list[Verdict]:
        calls.append(batch)
        if len(calls) <= failures:
            raise UserError("a worker cannot start")
        return [RIGHT] * len(batch)

    outcomes = grade_each(grade, answers(2))

    assert [outcome == RIGHT for outcome in outcomes] == [is_given] * 2
    assert len(calls) == 2


def test_what_is_left_when_the_time_is_up_is_refused_and_counted_out():
    limits, told = Limits(queue=3), []

    def grade(batch: list[Answer]) -> list[Verdict]:
        if batch[0].completion == "0":  # of the first request alone
            stay.wait(20)
        return [RIGHT] * len(batch)

    async def run() -> list[object]:
        desk = Desk(grade, limits, workers=1, record=lambda *each: told.append(each))
        asked = asyncio.create_task(desk.judge(answers(3)))
        await asyncio.sleep(0)
        outcomes = await asyncio.gather(
            desk.judge(answers(1)), desk.drain(0.05), asked, return_exceptions=True
        )
        stay.set()
        return [*outcomes, desk.rows]

    stay = threading.Event()
    full, drained, late, rows = asyncio.run(run())

    assert isinstance(full, Refused)
    assert str(full) == "the queue is full: 3 of 3 rows are here"
    assert (drained, rows) == (None, 0)
    assert str(late) == "the server is stopping"

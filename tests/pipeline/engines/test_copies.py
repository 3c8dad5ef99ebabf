"""What copies of a model have not answered is leased again; nothing is asked twice."""

import pytest

from pipeline.engines.contract import LOST, Completion, Request

copies = pytest.importorskip("pipeline.engines.copies", exc_type=ImportError)

# Five samples: three of the first request, two of the second.
REQUESTS = [Request([], 7, 3), Request([], 9, 2)]
FINE = Completion("4", 2, "stop")


def names(lease: list) -> list[tuple[int, int]]:
    return [(number, sample) for number, sample, _ in lease]


def answer(desk, lease: list, count: int) -> None:
    desk.answer(lease, [(*name, FINE) for name in names(lease)[:count]])


def test_samples_are_leased_in_order_and_end_with_the_last_answer():
    desk = copies.Desk(REQUESTS, 3)
    with desk.lease() as lease:
        assert names(lease) == [(0, 0), (0, 1), (0, 2)]
        answer(desk, lease, 3)
    with desk.lease() as lease:
        assert names(lease) == [(1, 0), (1, 1)]
        answer(desk, lease, 2)
    with desk.lease() as lease:
        assert lease == []

    answers = list(desk.answers())
    assert names(answers) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]


def test_what_a_lost_copy_had_not_answered_is_leased_again():
    desk = copies.Desk(REQUESTS, 5)
    with desk.lease() as lease:
        answer(desk, lease, 2)
    with desk.lease() as lease:
        assert names(lease) == [(0, 2), (1, 0), (1, 1)]
        answer(desk, lease, 3)
    with desk.lease() as lease:
        assert lease == []

    assert len(names(desk.answers())) == 5


def test_a_sample_that_costs_three_copies_has_no_answer():
    desk = copies.Desk(REQUESTS, 5)
    for _ in range(3):
        with desk.lease() as lease:
            pass
    with desk.lease() as lease:
        assert lease == []

    assert [completion for *_, completion in desk.answers()] == [LOST] * 5


def test_a_failure_of_a_copy_is_raised():
    desk = copies.Desk(REQUESTS, 5)
    desk.fail(ValueError("no such option"))

    with pytest.raises(ValueError, match="no such option"):
        list(desk.answers())

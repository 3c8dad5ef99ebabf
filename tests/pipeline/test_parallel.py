"""each(): the same results wherever the work runs, and no worker that hangs."""

import os
import time
from functools import partial

import pytest

from pipeline.errors import UserError
from pipeline.parallel import WorkerDied, each

BACKENDS = ["serial", "processes", "ray"]


def make_square():
    return square


def square(x: int) -> int:
    return x * x


def make_slowly(seconds: float):
    time.sleep(seconds)
    return square


def make_troubled(trouble: str):
    return partial(troubled, trouble)


def troubled(trouble: str, x: int) -> int:
    if x == 3 and trouble == "hang":
        time.sleep(60)
    if x == 3 and trouble == "die":
        os._exit(7)
    if x == 3 and trouble == "raise":
        raise UserError("three is bad", hint="use four")
    return x


def make_dying():
    os._exit(7)


def make_broken():
    raise UserError("no model")


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch) -> str:
    if request.param == "ray":
        pytest.importorskip("ray")
    monkeypatch.setenv("PIPELINE_BACKEND", request.param)
    monkeypatch.setenv("PIPELINE_WORKERS", "2")
    return request.param


def test_every_backend_gives_the_same_answer(backend: str):
    assert list(each(make_square, range(20))) == [x * x for x in range(20)]


def test_a_hung_worker_is_killed_and_the_rest_goes_on(backend: str):
    # Ray needs some seconds to start an actor, which count as its time.
    limit = 20 if backend == "ray" else 3
    make = partial(make_troubled, "hang")
    results = list(each(make, range(6), limit_s=limit, late=lambda x: -x))

    assert results == [0, 1, 2, -3, 4, 5]


def test_a_worker_that_dies_is_replaced(backend: str):
    make = partial(make_troubled, "die")
    results = list(each(make, range(6), limit_s=60, late=lambda x: -x))

    assert results == [0, 1, 2, -3, 4, 5]


def test_a_death_that_nobody_stands_in_for_is_an_error(monkeypatch):
    monkeypatch.setenv("PIPELINE_BACKEND", "processes")
    with pytest.raises(WorkerDied, match="exit code 7"):
        list(each(partial(make_troubled, "die"), range(6)))


def test_an_error_of_the_work_arrives_whole(backend: str):
    with pytest.raises(UserError, match="three is bad"):
        list(each(partial(make_troubled, "raise"), range(6), limit_s=60))


def test_an_error_of_the_start_arrives_too(monkeypatch):
    monkeypatch.setenv("PIPELINE_BACKEND", "processes")
    with pytest.raises(UserError, match="no model"):
        list(each(make_broken, range(6)))


def test_workers_that_cannot_start_are_an_error_and_no_late_batches(backend: str):
    with pytest.raises(UserError, match="a worker cannot start"):
        list(each(make_dying, range(6), limit_s=60, late=lambda x: -x))


def test_the_start_of_a_worker_is_not_the_time_of_its_batch(monkeypatch):
    monkeypatch.setenv("PIPELINE_BACKEND", "processes")
    slow = partial(make_slowly, 1.5)

    assert list(each(slow, [1], limit_s=1, late=lambda x: -x)) == [1]
    monkeypatch.setattr("pipeline.parallel.START_S", 0.5)
    with pytest.raises(UserError, match="cannot start: a worker ran past its time"):
        list(each(slow, [1], limit_s=60, late=lambda x: -x))


def test_batches_are_taken_as_they_are_needed(monkeypatch):
    monkeypatch.setenv("PIPELINE_BACKEND", "processes")
    monkeypatch.setenv("PIPELINE_WORKERS", "2")
    taken = []

    def batches():
        for number in range(1000):
            taken.append(number)
            yield number

    results = each(make_square, batches())
    assert next(results) == 0
    assert len(taken) < 50
    results.close()


def test_an_unknown_backend_names_the_known_ones(monkeypatch):
    monkeypatch.setenv("PIPELINE_BACKEND", "slurm")

    with pytest.raises(UserError, match="'serial', 'processes' or 'ray'"):
        each(make_square, [1])


def test_workers_must_be_a_number(monkeypatch):
    monkeypatch.setenv("PIPELINE_WORKERS", "many")

    with pytest.raises(UserError, match=r"PIPELINE_WORKERS: .*'many'"):
        list(each(make_square, [1]))

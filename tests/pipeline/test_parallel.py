"""Pool: the results of a plain loop, and no worker that hangs."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from pipeline.errors import UserError
from pipeline.parallel import Pool, WorkerLost, warm_workers


def square(batch: list[int]) -> list[int]:
    return [x * x for x in batch]


def troubled(trouble: str, batch: list[int]) -> list[int]:
    if 3 in batch and trouble == "hang":
        time.sleep(60)
    if 3 in batch and trouble == "die":
        os._exit(7)
    if 3 in batch and trouble == "raise":
        raise UserError("three is bad", hint="use four")
    if 3 in batch and trouble == "bug":
        return [1 // (x - 3) for x in batch]
    return batch


class StartsLate:
    """Work that takes `seconds` to arrive in a worker, or never does."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def __setstate__(self, state: dict) -> None:
        self.__dict__ |= state
        if self.seconds is None:
            os._exit(7)
        time.sleep(self.seconds)

    def __call__(self, batch: list[int]) -> list[int]:
        return square(batch)


@pytest.fixture(autouse=True)
def two_workers(monkeypatch) -> None:
    monkeypatch.setenv("PIPELINE_WORKERS", "2")


def each(work, items, *, size: int = 1, limit_s: float = 60) -> Iterator:
    with closing(Pool(work, limit_s=limit_s)) as pool:
        yield from pool.each(items, size)


def test_results_come_in_the_order_of_the_items():
    with closing(Pool(square, limit_s=60)) as pool:
        for size in (1, 3, 100):
            assert list(pool.each(range(20), size)) == [x * x for x in range(20)]


@pytest.mark.parametrize("trouble", ["hang", "die"])
def test_who_loses_a_worker_costs_only_itself(trouble: str):
    work = partial(troubled, trouble)
    results = list(each(work, range(6), size=2, limit_s=3))
    lost = results.pop(3)

    assert results == [0, 1, 2, 4, 5]
    assert isinstance(lost, WorkerLost)
    assert lost.is_late is (trouble == "hang")


def die_once(mark: str, batch: list[int]) -> list[int]:
    if not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), 9)
    return batch


def test_an_item_whose_worker_is_killed_by_others_is_tried_again(tmp_path):
    work = partial(die_once, str(tmp_path / "killed"))

    assert list(each(work, [5])) == [5]


def test_workers_that_were_killed_while_idle_cost_no_result():
    with closing(Pool(who_works, limit_s=60)) as pool:
        pids = set(pool.each(range(8), 1))
        for pid in pids:
            os.kill(pid, 9)
        results = list(pool.each(range(8), 1))

    assert all(isinstance(pid, int) for pid in results), results
    assert not pids & set(results)


def test_an_error_of_the_work_arrives_whole():
    with pytest.raises(UserError, match="three is bad") as error:
        list(each(partial(troubled, "raise"), range(6)))
    assert error.value.hint == "use four"


def test_a_bug_in_the_work_arrives_with_its_traceback():
    with pytest.raises(Exception, match=r"(?s)in troubled.*division.* by zero"):
        list(each(partial(troubled, "bug"), range(6)))


def test_a_pool_goes_on_after_an_error_and_after_what_was_given_up():
    with closing(Pool(partial(troubled, "raise"), limit_s=60)) as pool:
        with pytest.raises(UserError):
            list(pool.each(range(6), 1))
        given_up = pool.each([1, 2], 1)
        next(given_up)
        given_up.close()
        assert list(pool.each([4, 5, 6], 1)) == [4, 5, 6]


def test_workers_that_cannot_start_are_an_error_and_no_lost_batches():
    with pytest.raises(UserError, match="a worker cannot start"):
        list(each(StartsLate(None), range(6)))


def test_the_start_of_a_worker_is_not_the_time_of_its_batch(monkeypatch):
    slow = StartsLate(1.5)

    assert list(each(slow, [1], limit_s=1)) == [1]
    monkeypatch.setattr("pipeline.parallel.START_S", 0.5)
    with pytest.raises(UserError, match="cannot start: a worker ran past its time"):
        list(each(slow, [1]))


def test_items_are_taken_as_they_are_needed():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    results = each(square, items())
    assert next(results) == 0
    assert len(taken) < 50
    results.close()


ABANDONED = """
import os, time
from contextlib import closing
from pipeline.parallel import Pool

def hang(batch):
    print("working", flush=True)
    time.sleep(0 if batch == [0] else 600)
    return batch

if __name__ == "__main__":
    with closing(Pool(hang, limit_s=600)) as pool:
        for _ in pool.each(range(4), 1):
            {}
"""


@pytest.mark.parametrize("end", ["raise KeyboardInterrupt", "os._exit(3)"])
def test_workers_end_with_who_started_them(tmp_path, end: str):
    script = tmp_path / "script.py"
    # A worker in a batch ends with its pool; one that waits ends with its process.
    work = ABANDONED.format(end)
    script.write_text(work.replace("range(4)", "[0]") if "_exit" in end else work)
    environment = os.environ | {"PIPELINE_WORKERS": "2"}
    # All hold the other end of the pipe: it is read to its end when they have ended.
    ran = subprocess.run(
        [sys.executable, script], stdout=subprocess.PIPE, env=environment, timeout=60
    )

    assert ran.returncode != 0
    assert ran.stdout


def who_works(batch: list[int]) -> list[int]:
    return [os.getpid() for _ in batch]


def one_worker() -> int:
    with closing(Pool(who_works, limit_s=60)) as pool:
        (pid,) = pool.each([1], 1)
    assert pid is not None
    return pid


def test_warm_workers_go_from_pool_to_pool_and_end_at_the_end():
    with warm_workers():
        first, second = one_worker(), one_worker()
        assert first == second
        os.kill(first, 0)  # it is there
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert one_worker() != one_worker()


def test_workers_must_be_a_number(monkeypatch):
    monkeypatch.setenv("PIPELINE_WORKERS", "many")

    with pytest.raises(UserError, match=r"PIPELINE_WORKERS: .*'many'"):
        Pool(square, limit_s=1)

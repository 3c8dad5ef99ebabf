"""Run work over batches: here, over processes, or over a Ray cluster.

Stages say what to do with one batch and nothing about where it happens. Where is
a matter of the machine (`pipeline/machine.py`: backend and workers), because it
cannot change the result.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from pipeline.errors import UserError
from pipeline.machine import machine

In = TypeVar("In")
Out = TypeVar("Out")
Work = Callable[[In], Out]
Late = Callable[[In], Out]


def each(
    make_work: Callable[[], Work[In, Out]],
    batches: Iterable[In],
    *,
    limit_s: float | None = None,
    late: Late[In, Out] | None = None,
) -> Iterator[Out]:
    """Do `make_work()` to every batch and yield the results in order.

    `make_work` is called once per worker, so it is the place to load a model
    or import something heavy. It must be a module-level function or a partial
    of one, and so must what it returns. At most a few batches per worker are
    taken from `batches` before they are needed.

    A worker that spends more than `limit_s` seconds on a batch, or that dies
    in one, is killed and replaced, and `late(batch)` stands in for its result.
    An exception raised by the work is raised here; UserError where a worker
    cannot start at all. The serial backend has no worker to kill, so work that
    needs a limit runs in one worker process.
    """
    if machine().backend == "serial" and limit_s is None:
        return map(make_work(), batches)
    return _once(Pool(make_work, limit_s=limit_s, late=late), batches)


class Pool(Generic[In, Out]):
    """Workers that stay warm between one `each` and the next.

    For work that comes a little at a time, as the rewards of a training step do.
    The arguments mean what they mean to `each`; all workers are processes or
    actors, whatever the backend, and live until `close`.
    """

    def __init__(
        self,
        make_work: Callable[[], Work[In, Out]],
        *,
        limit_s: float | None = None,
        late: Late[In, Out] | None = None,
    ) -> None:
        here = machine()
        start = _ray_worker if here.backend == "ray" else _Process
        self._start: Callable[[], Any] = partial(start, make_work)
        self._count = 1 if here.backend == "serial" else here.workers
        self._limit_s = limit_s
        self._late = late
        self._idle: list[Any] = []

    def each(self, batches: Iterable[In]) -> Iterator[Out]:
        """Do the work to every batch and yield the results in order."""
        return _scheduled(
            self._start, batches, self._count, self._limit_s, self._late, self._idle
        )

    def close(self) -> None:
        while self._idle:
            self._idle.pop().kill()


def _once(pool: Pool[In, Out], batches: Iterable[In]) -> Iterator[Out]:
    try:
        yield from pool.each(batches)
    finally:
        pool.close()


START_S = 300.0  # in which a worker has started, where batches have a limit
HINT = "what it printed stands above; a script needs `if __name__ == '__main__':`"


class WorkerDied(RuntimeError):
    """A worker process ended in the middle of a batch and nobody stands in."""


def _scheduled(
    start: Callable[[], Any],
    batches: Iterable[In],
    count: int,
    limit_s: float | None,
    late: Late[In, Out] | None,
    idle: list[Any],
) -> Iterator[Out]:
    """Hand each idle worker the next batch; results leave in the batches' order."""
    todo = enumerate(batches)
    ahead: tuple[int, In] | None = None  # taken while the workers are busy
    busy: dict[Any, tuple[int, In, float]] = {}
    done: dict[int, Out] = {}
    turn = 0
    try:
        while True:
            # Far ahead of the slowest batch, wait: memory stays bounded.
            while len(busy) < count and len(done) < 4 * count:
                following, ahead = ahead or next(todo, None), None
                if following is None:
                    break
                worker = idle.pop() if idle else start()
                worker.send(following[1])
                busy[worker] = (*following, time.monotonic())
            if not busy:
                return
            ahead = ahead or next(todo, None)
            for worker in _finished(busy, limit_s):
                number, batch, _ = busy.pop(worker)
                result = worker.result()
                if isinstance(result, _Started):
                    busy[worker] = number, batch, time.monotonic()
                elif isinstance(result, _Lost) and not worker.is_started:
                    worker.kill()
                    raise UserError(f"a worker cannot start: {result.why}", hint=HINT)
                elif isinstance(result, _Lost):
                    worker.kill()
                    if late is None:
                        raise WorkerDied(result.why)
                    done[number] = late(batch)
                elif isinstance(result, _Raised):
                    raise result.error
                else:
                    done[number] = result
                    idle.append(worker)
            while turn in done:
                yield done.pop(turn)
                turn += 1
    finally:
        for worker in busy:
            worker.kill()


def _finished(
    busy: dict[Any, tuple[int, Any, float]], limit_s: float | None
) -> list[Any]:
    """The workers that answered, died or ran out of time; waits for the first.

    The time of a batch begins when its worker has started; that has its own limit.
    """
    left, due = None, {}
    if limit_s is not None:
        due = {
            worker: since + (limit_s if worker.is_started else START_S)
            for worker, (_, _, since) in busy.items()
        }
        left = max(0.0, min(due.values()) - time.monotonic())
    ready: list[Any] = type(next(iter(busy))).wait(list(busy), left)
    now = time.monotonic()
    overdue = [worker for worker in due if now >= due[worker] and worker not in ready]
    for worker in overdue:
        worker.overdue = True
    return ready + overdue


class _Started:
    """What a worker sends first."""


class _Lost:
    def __init__(self, why: str) -> None:
        self.why = why


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Process:
    """A spawned process that does one batch at a time. Fork would copy locks."""

    def __init__(self, make_work: Callable[[], Any]) -> None:
        context = get_context("spawn")
        self.pipe, far_end = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(far_end, make_work), daemon=True
        )
        self.process.start()
        far_end.close()
        self.overdue = False
        self.is_started = False

    def send(self, batch: Any) -> None:
        with suppress(BrokenPipeError):  # it died: `result` will say of what
            self.pipe.send(batch)

    def result(self) -> Any:
        if self.overdue:
            return _Lost("a worker ran past its time limit")
        try:
            result = self.pipe.recv()
            self.is_started = True
            return result
        except (EOFError, ConnectionResetError):
            self.process.join(5)
            return _Lost(f"a worker died with exit code {self.process.exitcode}")

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()

    @staticmethod
    def wait(workers: list["_Process"], timeout: float | None) -> list["_Process"]:
        ready = set(wait([worker.pipe for worker in workers], timeout))
        return [worker for worker in workers if worker.pipe in ready]


def _serve(pipe: Connection, make_work: Callable[[], Any]) -> None:
    """In the worker process: do what comes until the parent is gone."""
    try:
        work = make_work()
    except BaseException as error:
        pipe.send(_Raised(_portable(error)))
        return
    pipe.send(_Started())
    while True:
        try:
            batch = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            result = work(batch)
        except Exception as error:
            result = _Raised(_portable(error))
        pipe.send(result)


def _portable(error: BaseException) -> BaseException:
    """`error` if it survives the way to another process, else its description."""
    import pickle

    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _ray_worker(make_work: Callable[[], Any]) -> Any:
    try:
        from pipeline.parallel_ray import RayWorker
    except ImportError:
        raise UserError(
            "PIPELINE_BACKEND=ray needs Ray", hint='pip install "goldsieve[ray]"'
        ) from None
    return RayWorker(make_work, _Started, _Lost, _Raised)

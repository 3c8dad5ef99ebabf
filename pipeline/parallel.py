"""Work on items in warm worker processes that can be killed, all on this machine.

Who has work says what to do with a batch, and the machine says how many workers there
are (`pipeline/machine.py`), because that cannot change the result. Many machines are
the matter of `pipeline/cluster`: on each of them, what may hang is done here.
"""

import gc
import os
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import cache, partial
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from queue import LifoQueue
from threading import Lock
from typing import Any, Generic, TypeVar

from pipeline.errors import UserError
from pipeline.machine import machine
from pipeline.orphans import end_with_parent

In = TypeVar("In")
Out = TypeVar("Out")
Work = Callable[[list[In]], list[Out]]

START_S = 300.0  # in which a worker has started
LONG_S = 3600.0  # for work that ends: no batch takes long, but the machine may be busy
HINT = "what it printed stands above; a script needs `if __name__ == '__main__':`"


# Idle workers of pools that were closed, by their work, inside `warm_workers`.
_spare: dict[Work[Any, Any], list[Any]] | None = None


@contextmanager
def warm_workers() -> Iterator[None]:
    """Workers of a pool that is closed wait for the next pool that does the same work.

    For many short runs in one process: most of what they cost is starting workers.
    """
    global _spare
    outer, own = _spare, dict[Work[Any, Any], list[Any]]()
    _spare = own
    try:
        yield
    finally:
        _spare = outer
        for worker in chain.from_iterable(own.values()):
            worker.kill()


class WorkerLost(Exception):
    """A worker died in the middle of a batch, or ran past its limit (`is_late`)."""

    def __init__(self, message: str, *, is_late: bool = False) -> None:
        super().__init__(message)
        self.is_late = is_late


class Pool(Generic[In, Out]):
    """Workers that stay warm from one `each` to the next, and live until `close`.

    `work` maps a list of items to a list of results; it must be a module-level function
    or a partial of one. A worker starts when there is work for
    it. `limit_s` is what a batch may take once it is in the hands of a worker that has
    started: how busy the machine is when workers start costs no batch its result.
    """

    def __init__(self, work: Work[In, Out], *, limit_s: float) -> None:
        self._work, self._limit_s = work, limit_s
        self.most = machine().workers  # at once
        # One thread waits for one worker.
        self._threads = ThreadPoolExecutor(self.most)
        self._idle: LifoQueue[Any] = LifoQueue()  # None is a worker yet to be started
        self._busy: set[Any] = set()
        self._lock = Lock()
        self.losses: Counter[str] = Counter()  # workers, by `died` and `late`
        for _ in range(self.most):
            self._idle.put(None)

    @property
    def running(self) -> int:
        """How many workers have started and are not known to be lost."""
        return len(self._busy) + sum(worker is not None for worker in self._idle.queue)

    def each(self, items: Iterable[In], size: int) -> Iterator[Out | WorkerLost]:
        """The result of every item in order, or how it lost its worker.

        Items travel in batches of `size`. Those of a batch that is lost are tried again
        one by one, so only who is at fault has no result; one whose worker dies then is
        tried once more by a new worker, because others than its work may have killed
        it, while it was idle too. A few batches for each worker are taken from `items`
        before they are needed. An exception of the work is raised here; UserError where
        a worker cannot start.
        """
        return self._each(items, size)

    def _each(
        self, items: Iterable[In], size: int, *, is_last_try: bool = False
    ) -> Iterator[Out | WorkerLost]:
        left, submit = iter(items), self._threads.submit
        sent: deque[tuple[list[In], Future[list[Out] | WorkerLost]]] = deque()
        try:
            while True:
                # Far ahead of the slowest batch, wait: memory stays bounded.
                while len(sent) < 4 * self.most and (batch := [*islice(left, size)]):
                    sent.append((batch, submit(self._do, batch, is_last_try)))
                if not sent:
                    return
                batch, future = sent.popleft()
                results = future.result()
                if not isinstance(results, WorkerLost):
                    yield from results
                elif len(batch) == 1 and (results.is_late or is_last_try):
                    yield results
                else:
                    yield from self._each(batch, 1, is_last_try=len(batch) == 1)
        except BaseException:
            for _, future in sent:
                future.cancel()
            self._kill_busy()
            raise

    def close(self) -> None:
        # First of all: what loses its worker here is not to be tried again.
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._kill_busy()
        self._threads.shutdown()
        while not self._idle.empty():
            if worker := self._idle.get():
                self._retire(worker)

    def _retire(self, worker: Any) -> None:
        if _spare is None:
            worker.kill()
        else:
            _spare.setdefault(self._work, []).append(worker)

    def _start(self) -> Any:
        if _spare and (waiting := _spare.get(self._work)):
            return waiting.pop()
        return _Process(self._work)

    def _do(self, batch: list[In], is_new: bool) -> list[Out] | WorkerLost:
        """In a thread: the results of a batch, or how its worker was lost."""
        worker = self._idle.get()
        try:
            if worker and is_new:
                worker.kill()
                worker = None
            worker = worker or self._start()
            self._busy.add(worker)
            results: list[Out] = worker.do(batch, self._limit_s)
        except WorkerLost as error:
            self.losses["late" if error.is_late else "died"] += 1
            self._busy.discard(worker)
            worker.kill()
            if not worker.is_started:
                raise UserError(f"a worker cannot start: {error}", hint=HINT) from None
            return error
        finally:
            with self._lock:
                self._idle.put(worker if worker in self._busy else None)
                self._busy.discard(worker)
        return results

    def _kill_busy(self) -> None:
        with self._lock:  # who has just finished is idle and is not killed
            while self._busy:
                self._busy.pop().kill()


def map_processes(work: Callable[[In], Out], batches: Iterable[In]) -> Iterator[Out]:
    """`work` of every batch, in order, in worker processes.

    UserError where a worker is lost twice at the same batch: the memory was too short
    for it, or somebody ended it.
    """
    with closing(Pool(partial(_map_list, work), limit_s=LONG_S)) as pool:
        for result in pool.each(batches, 1):
            if isinstance(result, WorkerLost):
                raise UserError(f"{result}, twice at the same rows")
            yield result


def _map_list(work: Callable[[In], Out], batches: list[In]) -> list[Out]:
    return list(map(work, batches))


class _Process:
    """A spawned process that does one batch at a time. Fork would copy locks."""

    def __init__(self, work: Work[Any, Any]) -> None:
        context = get_context("spawn")
        self.pipe, far_end = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(far_end, work, gc.get_threshold()), daemon=True
        )
        _starter(os.getpid()).submit(self.process.start).result()
        far_end.close()
        self.is_started = False

    def do(self, batch: list[Any], limit_s: float) -> Any:
        if not self.is_started:
            self._receive(START_S)
            self.is_started = True
        with suppress(BrokenPipeError):  # it died: `_receive` will say of what
            self.pipe.send(batch)
        return self._receive(limit_s)

    def _receive(self, limit_s: float) -> Any:
        try:
            if not self.pipe.poll(limit_s):
                raise WorkerLost("a worker ran past its time limit", is_late=True)
            answer = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join(5)
            code = self.process.exitcode
            raise WorkerLost(f"a worker died with exit code {code}") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kill(self) -> None:
        # The pipe stays open: another thread may be waiting at it, and is told.
        self.process.kill()
        self.process.join()


@cache
def _starter(pid: int) -> ThreadPoolExecutor:
    """The thread of process `pid` that starts all its workers, which end with it.

    A pool's own threads end before the workers that it leaves to the next pool.
    """
    return ThreadPoolExecutor(1)


def _serve(
    pipe: Connection, work: Work[Any, Any], threshold: tuple[int, int, int]
) -> None:
    """In the worker process: do what comes until the parent is gone."""
    if parent := parent_process():
        end_with_parent(parent.pid or 0)
    gc.set_threshold(*threshold)
    answer: Any = None  # the first one says that the worker has started
    while True:
        pipe.send(answer)
        try:
            batch = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer = work(batch)
        except UserError as error:
            answer = error
        except Exception:  # many do not survive the way to another process
            answer = RuntimeError(f"in a worker: {traceback.format_exc()}")

"""Copies of a model on a Ray cluster, fed side by side.

Every machine with room holds one copy, or one for each GPU (for as many GPUs as a copy
takes). A copy has one lease of samples at a time, and what it finishes comes back at
once; no lease is given while answers wait to be taken. Where a copy is lost, with its
machine or alone, what it has not answered is leased again, and another is loaded where
there is room. A sample that has cost three copies has no answer (LOST).

The samples of a lease are sampled as the engine would sample them here: with the
transformers engine a lease is one of its batches, so the bytes are those of one
machine.
"""

import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from math import prod
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from typing import Any

import ray

from pipeline.cluster import nodes
from pipeline.engines import contract
from pipeline.engines.contract import (
    LOST,
    Request,
    Sampled,
    Sampling,
    single_samples,
)
from pipeline.errors import UserError

LEASE = 4096  # samples, where the engine has no batches: it refills as it goes
TRIES = 3  # copies that a sample may cost, and that may be lost while they load
LOAD_S = 1800.0  # in which a copy is loaded, if no other works
PACK, PACK_S = 64, 1.0  # what travels back together: samples, and seconds of them
BEHIND = 256  # packs that wait to be taken

Lease = list[tuple[int, int, Request]]  # number of the request, of the sample, request


class Engine(contract.Engine):
    """As many copies of what `open_engine` opens as the cluster has room for."""

    def __init__(
        self, open_engine: Callable[[], contract.Engine], options: dict[str, Any]
    ) -> None:
        nodes.connect()
        self._lease = options.get("batch_size", LEASE)
        opened = pickle.dumps(open_engine)
        gpus, count = count_copies(options)
        self._copies = [Copy(opened, gpus) for _ in range(count)]

    def stream(
        self, requests: Iterable[Request], sampling: Sampling
    ) -> Iterator[Sampled]:
        desk = Desk(requests, self._lease)
        for copy in self._copies:
            Thread(target=copy.serve, args=(desk, sampling), daemon=True).start()
        try:
            yield from desk.answers()
        finally:
            desk.close()

    def close(self) -> None:
        for copy in self._copies:
            copy.kill()


def count_copies(options: dict[str, Any]) -> tuple[int, int]:
    """The GPUs of a copy, and how many copies the cluster has room for."""
    sizes = "tensor_parallel_size", "pipeline_parallel_size"
    each = prod(options.get(size, 1) for size in sizes)
    cluster: Any = ray
    alive = [node["Resources"] for node in cluster.nodes() if node["Alive"]]
    if gpus := int(sum(resources.get("GPU", 0) for resources in alive)):
        return each, max(1, gpus // each)
    return 0, max(1, sum(resources.get("CPU", 0) >= 1 for resources in alive))


class Desk:
    """Leases samples to the threads of the copies, and takes their answers."""

    def __init__(self, requests: Iterable[Request], size: int) -> None:
        self._left, self._size = single_samples(requests), size
        self._again = deque[Lease]()
        self._lost = Counter[tuple[int, int]]()
        self._leased = 0
        self._taken: SimpleQueue[list[Sampled] | Exception | None] = SimpleQueue()
        self._change = Condition()
        self.is_closed = False

    @contextmanager
    def lease(self) -> Iterator[Lease]:
        """The next samples; none when all are answered.

        What is left of them at the end has lost its copy, and is leased again.
        """
        lease = self._wait()
        if not lease:
            yield lease
            return
        try:
            yield lease
        finally:
            self._end(lease)

    def _wait(self) -> Lease:
        with self._change:
            while not self.is_closed:
                if self._taken.qsize() < BEHIND:
                    if lease := self._next():
                        break
                    if not self._leased:
                        self._taken.put(None)
                        return []
                self._change.wait()  # another's lease may come back
            else:
                return []
            self._leased += 1
            return lease

    def _next(self) -> Lease:
        if self._again:
            return self._again.popleft()
        return [*islice(self._left, self._size)]

    def answer(self, lease: Lease, answers: list[Sampled]) -> None:
        """Take answers, which are then no part of the lease any more."""
        answered = {(number, sample) for number, sample, _ in answers}
        lease[:] = [each for each in lease if each[:2] not in answered]
        self._taken.put(answers)

    def _end(self, lease: Lease) -> None:
        names = [(number, sample) for number, sample, _ in lease]
        with self._change:
            self._leased -= 1
            self._lost.update(names)
            worn = [name for name in names if self._lost[name] >= TRIES]
            self._taken.put([(*name, LOST) for name in worn])
            if rest := [each for each in lease if each[:2] not in worn]:
                self._again.append(rest)
            self._change.notify_all()

    def fail(self, error: Exception) -> None:
        self._taken.put(error)

    def answers(self) -> Iterator[Sampled]:
        """What was answered, as it comes; raises what a copy failed with."""
        while (answers := self._take()) is not None:
            if isinstance(answers, Exception):
                raise answers
            yield from answers
            with self._change:
                self._change.notify_all()

    def _take(self) -> list[Sampled] | Exception | None:
        while True:
            try:
                return self._taken.get(timeout=LOAD_S)
            except Empty:
                if not self._leased:
                    raise UserError(
                        f"no machine of the cluster loaded the model in {LOAD_S:.0f} s",
                        hint="`ray status` shows which resources are missing",
                    ) from None

    def close(self) -> None:
        with self._change:
            self.is_closed = True
            self._change.notify_all()


class Copy:
    """A copy of the model, on whatever machine has room for it."""

    def __init__(self, open_engine: bytes, gpus: int) -> None:
        self._open, self._gpus = open_engine, gpus
        self._actor: Any = None

    def serve(self, desk: Desk, sampling: Sampling) -> None:
        """In a thread of its own: have what the desk leases sampled, to the end."""
        failed = 0
        while not desk.is_closed and failed < TRIES:
            try:
                self._load()
                failed = 0
                with desk.lease() as lease:
                    if not lease:
                        return
                    for answers in self._sample(lease, sampling):
                        desk.answer(lease, answers)
            except ray.exceptions.RayError as error:
                self.kill()
                failed += 1
                if failed == TRIES:
                    desk.fail(UserError(f"a copy of the model cannot load: {error}"))
            except Exception as error:
                desk.fail(error)
                return

    def _load(self) -> None:
        """Wait until the copy is loaded, which it may be since an earlier stream."""
        if self._actor is None:
            room: Any = {"num_cpus": 1, "num_gpus": self._gpus}
            actor = _Actor.options(scheduling_strategy="SPREAD", **room)  # type: ignore[attr-defined]
            self._actor = actor.remote()
        nodes.unpack(ray.get(self._actor.load.remote(self._open, nodes.here())))

    def _sample(self, lease: Lease, sampling: Sampling) -> Iterator[list[Sampled]]:
        run = self._actor.sample.options(num_returns="streaming")
        for answer in run.remote(list(lease), sampling):
            yield nodes.unpack(ray.get(answer))

    def kill(self) -> None:
        if self._actor is not None:
            ray.kill(self._actor)
            self._actor = None


@ray.remote
class _Actor:
    """On a machine of the cluster: the engine, and what it sampled."""

    def __init__(self) -> None:
        self._engine: Any = None

    def load(self, open_engine: bytes, site: nodes.Site) -> bytes:
        if self._engine is None:
            self._engine = nodes.attempt(self._load, open_engine, site)
        return pickle.dumps(
            self._engine if isinstance(self._engine, Exception) else None
        )

    def _load(self, open_engine: bytes, site: nodes.Site) -> Any:
        nodes.settle(site)
        return pickle.loads(open_engine)()

    def sample(self, lease: Lease, sampling: Sampling) -> Iterator[bytes]:
        requests = [
            request._replace(seed=request.seed + sample, n=1)
            for _, sample, request in lease
        ]
        stream = self._engine.stream(requests, sampling)
        pack, packed_at = list[Sampled](), time.monotonic()
        while isinstance(answer := nodes.attempt(next, stream, None), tuple):
            number, sample, _ = lease[answer[0]]
            pack.append((number, sample, answer[2]))
            if len(pack) == PACK or time.monotonic() - packed_at > PACK_S:
                yield pickle.dumps(pack)
                pack, packed_at = [], time.monotonic()
        yield pickle.dumps(pack if answer is None else answer)

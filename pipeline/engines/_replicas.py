"""Several copies of an engine, each in a process of its own with its own devices.

vLLM samples data-parallel in one process no more: its offline `LLM` takes one copy
of the model. So each copy gets a process that sees its share of the devices alone,
and all take requests from one queue, as fast as each can.
"""

import os
from collections.abc import Iterable, Iterator
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from queue import Empty
from threading import Thread
from typing import Any
from weakref import finalize

from pipeline.engines import contract
from pipeline.engines.contract import Request, Sampled, Sampling
from pipeline.errors import UserError
from pipeline.models import Model

AHEAD = 4096  # requests in the queue
DEVICES = "CUDA_VISIBLE_DEVICES"
LOOK_S = 1.0  # between two looks at whether the processes live


class Replicas(contract.Engine):
    """`data_parallel_size` of the options engines called `name`."""

    def __init__(self, name: str, model: Model, options: dict[str, Any]) -> None:
        one = dict(options)
        count = one.pop("data_parallel_size")
        each = one.get("tensor_parallel_size", 1) * one.get("pipeline_parallel_size", 1)
        context = get_context("spawn")
        self.asked: Any = context.Queue(AHEAD)
        self.said: Any = context.Queue()
        self.starts: list[Any] = []
        self.processes: list[BaseProcess] = []
        # Also when Python ends, which would wait for them for ever.
        self.close = finalize(self, _end, self.processes)
        for devices in _shares(count, each):
            self.starts.append(context.SimpleQueue())
            queues = self.starts[-1], self.asked, self.said
            process = context.Process(
                target=_serve,
                args=(name, model, one, devices, queues),
                # vLLM has processes of its own, which a daemon may not.
                daemon=False,
            )
            process.start()
            self.processes.append(process)
        for _ in self.processes:
            self._next()  # loaded

    def stream(
        self, requests: Iterable[Request], sampling: Sampling
    ) -> Iterator[Sampled]:
        def fed() -> None:
            for item in enumerate(requests):
                self.asked.put(item)
            for _ in self.processes:
                self.asked.put(None)

        for start in self.starts:
            start.put(sampling)
        Thread(target=fed, daemon=True).start()
        busy = len(self.processes)
        try:
            while busy:
                made = self._next()
                if made is None:
                    busy -= 1
                else:
                    yield made
        finally:
            if busy:  # nobody listens any more, and the queues are full of old work
                self.close()

    def _next(self) -> Any:
        """What a process says next; a UserError where one has failed or is gone."""
        while True:
            try:
                told = self.said.get(timeout=LOOK_S)
            except Empty:
                told = None
                if all(process.is_alive() for process in self.processes):
                    continue
                self.close()
                raise UserError("a copy of the engine has ended") from None
            if isinstance(told, str):
                self.close()
                raise UserError(f"a copy of the engine failed: {told}")
            return told


def _end(processes: list[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _shares(count: int, each: int) -> list[str]:
    """The devices of each copy, as CUDA_VISIBLE_DEVICES; empty without a GPU."""
    import torch

    there = [str(number) for number in range(torch.cuda.device_count())]
    there = os.environ.get(DEVICES, ",".join(there)).split(",") if there else []
    if there and len(there) < count * each:
        raise UserError(
            f"{count} copies of {each} devices need {count * each}; "
            f"{len(there)} are here"
        )
    return [",".join(there[i * each : (i + 1) * each]) for i in range(count)]


def _serve(
    name: str,
    model: Model,
    options: dict[str, Any],
    devices: str,
    queues: tuple[Any, Any, Any],
) -> None:
    """In a process: sample what comes, round after round, until it is ended."""
    start, asked, said = queues
    Thread(target=_leave, daemon=True).start()
    if devices:
        os.environ[DEVICES] = devices
    try:
        engine = contract.load(name, model, options)
        said.put(None)
        while True:
            _round(engine, start.get(), asked, said)
    except BaseException as error:
        said.put(f"{type(error).__name__}: {error}")
        raise


def _leave() -> None:
    """Go when whoever started this process has gone, however it went."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _round(engine: contract.Engine, sampling: Sampling, asked: Any, said: Any) -> None:
    """Sample until the queue says that there is no more."""
    numbers: list[int] = []

    def requests() -> Iterator[Request]:
        while (item := asked.get()) is not None:
            numbers.append(item[0])
            yield item[1]

    for place, sample, completion in engine.stream(requests(), sampling):
        said.put((numbers[place], sample, completion))
    said.put(None)

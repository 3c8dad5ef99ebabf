"""The same work on every batch, on this machine or by Ray Data on many.

Who has work says how it is opened (a model is loaded, verifiers start) and what it does
with a batch, and nothing about where. Where is a matter of the machine
(`pipeline/machine.py`: the backend), because it cannot change the result: a batch's
result must depend on the batch alone.

Batches are best light. One that is the scan of a file is read where it is worked on, so
that no text passes through this machine.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

from pipeline.errors import UserError
from pipeline.machine import machine

In = TypeVar("In")
Out = TypeVar("Out")
Work = Callable[[In], Out]
# It travels, with all that it refers to.
Open = Callable[[], AbstractContextManager[Work[In, Out]]]
# How one machine goes through batches: `map` where the work has workers of its own, or
# `map_threads` (pipeline/kernels/shards.py), `map_processes` (pipeline/parallel.py).
Mapping = Callable[[Work[Any, Any], Iterable[Any]], Iterable[Any]]


def each(
    open_work: Open[In, Out],
    batches: Iterable[In],
    *,
    by: Mapping = map,
    on_gpu: bool = False,
) -> Iterator[Out]:
    """The result of every batch, in order; on one machine they are mapped `by`.

    On a cluster, batches wait in its memory or on its disks, a wave of them at a time.
    Those of a machine that is lost are worked on again by others, and work stays open
    from batch to batch. A single batch is worked on here. An exception of the work is
    raised here; UserError where the cluster cannot be joined. With `on_gpu`, each GPU
    of the cluster has one process at this work, and where there is none, each core.
    """
    if is_cluster():
        left = iter(batches)
        batches = first = [*islice(left, 2)]
        if len(first) == 2:
            from pipeline.cluster import nodes

            yield from nodes.each(open_work, chain(first, left), on_gpu)
            return
    with open_work() as work:
        yield from by(work, batches)


def ready(work: Work[In, Out]) -> Open[In, Out]:
    """Work that needs no opening."""
    return partial(_hand_over, work)


@contextmanager
def _hand_over(work: Work[In, Out]) -> Iterator[Work[In, Out]]:
    yield work


def is_cluster() -> bool:
    """Whether work goes to a Ray cluster; UserError where Ray is not installed."""
    if machine().backend != "ray":
        return False
    try:
        import ray.data  # noqa: F401
    except ImportError:
        raise UserError(
            "PIPELINE_BACKEND=ray needs Ray", hint='pip install "goldsieve[ray]"'
        ) from None
    return True

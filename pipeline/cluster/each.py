"""The same work on every batch, on this machine or by Ray Data on many.

Who has work says how it is opened (a model is loaded, verifiers start) and what it does
with a batch, and nothing about where. Where is a matter of the machine
(`pipeline/machine.py`: the backend), because it cannot change the result: a batch's
result must depend on the batch alone.

Batches are best light. One that is the scan of a file is read where it is worked on, so
that no text passes through this machine.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from pipeline.errors import UserError
from pipeline.machine import machine

In = TypeVar("In")
Out = TypeVar("Out")
Work = Callable[[In], Out]
# A module-level function, or a partial of one: it travels.
Open = Callable[[], AbstractContextManager[Work[In, Out]]]


def each(open_work: Open[In, Out], batches: Iterable[In]) -> Iterator[Out]:
    """The result of every batch, in order.

    On a cluster, all batches wait in its memory or on its disks. Those of a machine
    that is lost are worked on again by others, and work stays open from batch to batch.
    An exception of the work is raised here; UserError where the cluster cannot be
    joined.
    """
    if is_cluster():
        from pipeline.cluster import nodes

        yield from nodes.each(open_work, batches)
        return
    with open_work() as work:
        yield from map(work, batches)


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

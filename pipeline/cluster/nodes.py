"""Batches as rows of a Ray Data set, and what a machine of the cluster does with one.

Ray Data sends batches where there is room, holds back where results are not taken, and
works again on what a lost machine had. All machines see the project's folder, under the
same path, and their work stands in it. Each keeps what it learns (verdicts) in a folder
of its own: SQLite files must not be shared over a network.
"""

import logging
import os
import pickle
import socket
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa
import ray
import ray.data

from pipeline.errors import UserError

CODE = Path(__file__).parents[2]
# What a machine of the cluster must know of the environment of who started the run.
PASSED_ON = "GOLDSIEVE_", "HF_HUB_", "HF_DATASETS_"


class Site(NamedTuple):
    """Where who started the run stands: its host, folder and environment."""

    host: str
    folder: str
    environment: dict[str, str]


def each(open_work: Any, batches: Iterable[Any], on_gpu: bool) -> Iterator[Any]:
    """As `pipeline.cluster.each.each`."""
    connect()
    cluster: Any = ray
    how = HOW | {"num_gpus": int(on_gpu and "GPU" in cluster.cluster_resources())}
    answer = partial(_answer, dump(open_work), here())
    for data in _distribute(batches, WAVE):
        for row in data.map_batches(answer, **how).iter_rows():
            yield unpack(row["packed"])


def shuffle(
    open_spread: Any, batches: Iterable[Any], gather: Any, partitions: int
) -> Iterator[Any]:
    """As `pipeline.cluster.shuffle.shuffle`."""
    connect()
    spread = partial(_spread, dump(open_spread), here())
    answer = partial(_gather, dump(gather), here())
    for data in _distribute(batches, float("inf")):
        groups = data.map_batches(spread, **HOW).groupby("partition", partitions)
        for row in groups.map_groups(answer, batch_format="pyarrow").iter_rows():
            yield unpack(row["packed"])


# One batch is a task, and a task has a core.
HOW: Any = {"batch_size": 1, "batch_format": "pyarrow", "num_cpus": 1}
WAVE = 1 << 30  # bytes of batches that wait at once, about


def _distribute(batches: Iterable[Any], most: float) -> Iterator[Any]:
    """Ray Data sets with a block for each batch, of so many bytes."""
    # Put one by one: what does not fit into memory is written to disk.
    blocks, size = list[Any](), 0
    for batch in batches:
        block = _pack(batch)
        blocks.append(ray.put(block))
        size += block.nbytes
        if size >= most:
            yield ray.data.from_arrow_refs(blocks)
            blocks, size = [], 0
    if blocks:
        yield ray.data.from_arrow_refs(blocks)


def connect() -> None:
    """Join the cluster of RAY_ADDRESS, or start one on this machine."""
    if not ray.is_initialized():
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        paths = dict.fromkeys([str(CODE), os.getcwd()])
        try:
            ray.init(
                log_to_driver=False,
                include_dashboard=None if "RAY_ADDRESS" in os.environ else False,
                logging_level=logging.ERROR,
                runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(paths)}},
            )
        except ConnectionError as error:
            raise UserError(
                f"the Ray cluster cannot be joined: {str(error).splitlines()[0]}",
                hint="RAY_ADDRESS says where it is, as `ray start --head` printed it",
            ) from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    # By tasks, which are done again where a machine is lost. The default keeps rows in
    # actors, whose loss ends the run, and waits for ever where cores are few.
    context.shuffle_strategy = ray.data.context.ShuffleStrategy.SHUFFLE_V2


def here() -> Site:
    environment = {
        name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)
    }
    return Site(socket.gethostname(), os.getcwd(), environment)


def _answer(open_work: bytes, site: Site, batch: pa.Table) -> pa.Table:
    """On a machine of the cluster: the packed result of one batch."""

    def work() -> Any:
        return _opened(open_work, site)(unpack(batch["packed"][0].as_py()))

    return _pack(attempt(work))


def _spread(open_spread: bytes, site: Site, batch: pa.Table) -> pa.Table:
    """On a machine of the cluster: the rows of one batch, those of a partition as one.

    So that Ray sorts a few rows of bytes, and not all of them.
    """
    rows = _opened(open_spread, site)(unpack(batch["packed"][0].as_py()))
    parts = rows.partition_by("partition", as_dict=True, include_key=False)
    packed = [pickle.dumps(part) for part in parts.values()]
    return pa.table(
        {
            "partition": pa.array([number for (number,) in parts], pa.uint32()),
            "packed": pa.array(packed, pa.large_binary()),
        }
    )


def _gather(gather: bytes, site: Site, rows: pa.Table) -> pa.Table:
    """On a machine of the cluster: the packed result of one partition."""
    settle(site)
    parts = pl.concat([pickle.loads(part.as_py()) for part in rows["packed"]])
    return _pack(attempt(pickle.loads(gather), parts))


def _pack(result: Any) -> pa.Table:
    packed = dump(result)
    return pa.table({"packed": pa.array([packed], pa.large_binary())})


def dump(value: Any) -> bytes:
    """What any Python of the cluster can load, functions in functions too."""
    return bytes(ray.cloudpickle.dumps(value))  # type: ignore[no-untyped-call]


def attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function` returns, or its exception as one that survives the way back."""
    try:
        return function(*arguments)
    except UserError as error:
        return error
    except Exception:
        return RuntimeError(f"in a worker: {traceback.format_exc()}")


def unpack(answer: bytes) -> Any:
    """A result that came from another machine, or its exception raised."""
    result = pickle.loads(answer)
    if isinstance(result, Exception):
        raise result
    return result


# What is open in this process of a cluster, and by which name.
_open: tuple[tuple[bytes, Site], Any, ExitStack] | None = None


def _opened(open_work: bytes, site: Site) -> Any:
    """The work, open since an earlier batch, or opened in place of another."""
    global _open
    if _open is None or _open[0] != (open_work, site):
        if _open is not None:
            _open[2].close()
            _open = None
        settle(site)
        stack = ExitStack()
        work = stack.enter_context(pickle.loads(open_work)())
        _open = (open_work, site), work, stack
    return _open[1]


def settle(site: Site) -> None:
    """Have this process of the cluster stand where the run was started.

    A process is one worker: it starts no cluster of its own and uses one core.
    """
    os.chdir(site.folder)
    os.environ |= site.environment
    os.environ |= {"PIPELINE_BACKEND": "processes", "PIPELINE_WORKERS": "1"}
    if (host := socket.gethostname()) != site.host:
        cache = site.environment.get("GOLDSIEVE_CACHE", ".cache")
        os.environ["GOLDSIEVE_CACHE"] = str(Path(cache, "nodes", host).absolute())

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

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


def each(open_work: Any, batches: Sequence[Any]) -> Iterator[Any]:
    """As `pipeline.cluster.each.each`."""
    connect()
    rows = [{"batch": pickle.dumps(batch)} for batch in batches]
    if not rows:
        return
    answer = partial(_answer, pickle.dumps(open_work), here())
    data = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
        answer, batch_size=1, batch_format="pyarrow", num_cpus=1
    )
    for row in data.iter_rows():
        yield unpack(row["answer"])


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


def here() -> Site:
    environment = {
        name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)
    }
    return Site(socket.gethostname(), os.getcwd(), environment)


def _answer(open_work: bytes, site: Site, batch: pa.Table) -> pa.Table:
    """On a machine of the cluster: the packed result of one batch."""

    def work() -> Any:
        return _opened(open_work, site)(pickle.loads(batch["batch"][0].as_py()))

    packed = pa.array([pickle.dumps(attempt(work))], pa.large_binary())
    return pa.table({"answer": packed})


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

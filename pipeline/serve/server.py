"""`goldsieve serve`: one process that listens, and workers that judge.

It answers once its workers have started. SIGTERM and Ctrl-C let it finish what is
queued, within a bound; whoever asks meanwhile is refused with 503 and may ask another
server. A second signal ends it at once.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from pipeline.errors import UserError
from pipeline.grading.workers import Grader, Pools, grader, open_pools, warm_up
from pipeline.serve.address import TOKEN, is_loopback, listen, name_address, read_token
from pipeline.serve.app import Door
from pipeline.serve.contract import Limits
from pipeline.serve.desk import Desk
from pipeline.serve.metrics import Metrics

TIMEOUT_S = 20.0  # for one verdict, as everywhere
IDLE_S = 75  # after which a connection that nobody uses is closed
LEFT_S = 2  # for answers that are on their way when the queue is empty


def serve(host: str, port: int, token_file: Path | None, limits: Limits) -> None:
    """Serve until a signal ends it.

    UserError where the address is taken, others could come in without a token, or the
    workers cannot start.
    """
    token = read_token(token_file)
    if not token and not is_loopback(host):
        raise UserError(
            f"--host {host} lets other machines in: a token is needed",
            hint=f"set {TOKEN}, or write one into a file and name it by --token-file",
        )
    with (
        listen(host, port) as listening,
        open_pools(TIMEOUT_S) as pools,
        grader(TIMEOUT_S, pools=pools) as grade,
    ):
        warm_up(pools)
        asyncio.run(_serve(listening, grade, pools, limits, token))


async def _serve(
    listening: socket.socket, grade: Grader, pools: Pools, limits: Limits, token: str
) -> None:
    """Answer requests until a signal, and then until the queue is empty."""
    desk: Desk
    metrics = Metrics(pools, lambda: desk.rows)
    workers = pools[0].most
    desk = Desk(grade, limits, workers=workers, record=metrics.record)
    app = Door(desk, metrics, pools, limits, token).app()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=LEFT_S,
        )
    )
    stopping: list[asyncio.Task[None]] = []

    async def finish() -> None:
        await desk.drain(limits.drain_s)
        server.should_exit = True

    def stop() -> None:
        if stopping:
            server.should_exit = server.force_exit = True
        stopping.append(asyncio.create_task(finish()))

    @asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)  # in place of uvicorn's
        yield

    app.router.lifespan_context = living
    print(f"serving on {name_address(listening)}", file=sys.stderr, flush=True)
    await server.serve(sockets=[listening])

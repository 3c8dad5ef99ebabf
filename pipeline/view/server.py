"""`goldsieve view`: one process that listens on this machine until Ctrl-C."""

import asyncio
import sys

import uvicorn

from pipeline.serve.address import is_loopback, listen, name_address
from pipeline.view.app import build
from pipeline.view.guard import new_secret
from pipeline.view.shelf import Shelf

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def serve(shelf: Shelf, host: str, port: int) -> None:
    """Serve the page; UserError where the address is taken.

    Where other machines can reach it, a token in the printed address lets them in.
    """
    token = "" if is_loopback(host) else new_secret()
    with listen(host, port) as listening:
        app = build(shelf, {*LOOPBACK, host}, token)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False
        )
        address = f"{name_address(listening)}/{f'?token={token}' if token else ''}"
        print(f"the page is at {address} (Ctrl-C ends it)", file=sys.stderr, flush=True)
        server = uvicorn.Server(config)
        asyncio.run(server.serve(sockets=[listening]))

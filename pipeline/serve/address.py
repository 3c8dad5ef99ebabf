"""Where a server listens, and what lets others in."""

import os
import socket
from ipaddress import ip_address
from pathlib import Path

from pipeline.errors import UserError

TOKEN = "GOLDSIEVE_TOKEN"


def read_token(file: Path | None) -> str:
    """The token, of the file or of the environment; "" where there is none."""
    if file is None:
        return os.environ.get(TOKEN, "").strip()
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: the token cannot be read: {error}") from None
    if not token:
        raise UserError(f"{file}: there is no token in it")
    return token


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; UserError where that cannot be."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        hint = "is another server there? `--port 0` takes a free one"
        if isinstance(error, PermissionError):
            hint = "ports below 1024 are the system's: `--port 0` takes a free one"
        raise UserError(f"cannot listen on {host}:{port}: {error}", hint) from None


def name_address(listening: socket.socket) -> str:
    """The address of a socket as a browser takes it."""
    address, port, *_ = listening.getsockname()
    return (
        f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    )

"""Programs run by a SandboxFusion server, over its HTTP API.

For clusters where nobody may make namespaces. The server has one request for it,
`POST /run_code`: code, language, stdin, time limits, files in and out. It has no
extra channel: a short program opens a file as the channel, runs the tested program,
and the file is fetched. Memory, processes and disk are the server's to bound.
"""

import base64
import json
import os
import time
from typing import Any

from pipeline.errors import UserError
from pipeline.sandbox.contract import Job, Run
from pipeline.sandbox.guests import guest_call

ATTEMPTS, FIRST_WAIT_S, SPARE_S = 5, 0.5, 30.0
COMPILING_S = 60
HEADERS = {"Content-Type": "application/json"}
FILES = {"channel": "goldsieve_channel", "program": "goldsieve_program.py"}


def run(job: Job) -> Run:
    """Run on the server that GOLDSIEVE_SANDBOX names; a UserError if it cannot."""
    reply = _ask(os.environ["GOLDSIEVE_SANDBOX"], _request(job))
    compiling = reply.get("compile_result") or {}
    if compiling.get("return_code"):
        return Run(1, b"", _bytes(compiling, "stderr"), b"", "not_compiled")
    result = reply.get("run_result") or {}
    stdout, stderr = _bytes(result, "stdout"), _bytes(result, "stderr")
    files, most = reply.get("files") or {}, job.limits.output_bytes
    channel = base64.b64decode(files.get(FILES["channel"]) or "")
    ended = "exited"
    if "TimeLimitExceeded" in (result.get("status"), compiling.get("status")):
        ended = "timeout"
    elif max(map(len, (stdout, stderr, channel))) > most:
        ended = "output_limit"
    exit_code = int(result.get("return_code") or 0)
    return Run(exit_code, stdout[:most], stderr[:most], channel[:most], ended)


def _request(job: Job) -> dict[str, Any]:
    request: dict[str, Any] = {
        "language": job.language,
        "stdin": job.stdin.decode(errors="replace"),
        "compile_timeout": COMPILING_S,
        "run_timeout": job.limits.wall_s,
        "memory_limit_MB": job.limits.memory_mb,
    }
    if job.language != "python":
        return request | {"code": job.program.decode()}
    return request | {
        "code": guest_call("fusion_channel", FILES),
        "files": {FILES["program"]: base64.b64encode(job.program).decode()},
        "fetch_files": [FILES["channel"]],
    }


def _ask(server: str, request: dict[str, Any]) -> dict[str, Any]:
    """The server's reply; asked again, ever later, where it was the server's fault."""
    import httpx

    url, body = f"{server.rstrip('/')}/run_code", json.dumps(request).encode()
    wait_s = request["run_timeout"] + COMPILING_S + SPARE_S
    why = ""
    with httpx.Client(timeout=wait_s, headers=HEADERS, trust_env=False) as client:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
            try:
                response = client.post(url, content=body)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                why = repr(error)
                continue
            status, text = response.status_code, response.text[:200]
            if status == 200 and (reply := _read(response.content)):
                return reply
            if status not in (200, 429) and status < 500:
                raise UserError(f"sandbox server {server}: HTTP {status}: {text}")
            why = text if status == 200 else f"HTTP {status}"
    raise UserError(
        f"sandbox server {server} does not answer: {why}",
        hint="is a SandboxFusion server running there? see docs/sandbox.md",
    )


def _read(content: bytes) -> dict[str, Any] | None:
    """A reply about the program; None where it is about a fault of the server."""
    try:
        reply = json.loads(content)
    except ValueError:
        return None
    is_reply = isinstance(reply, dict) and reply.get("status") in ("Success", "Failed")
    return reply if is_reply else None


def _bytes(result: dict[str, Any], name: str) -> bytes:
    return str(result.get(name) or "").encode(errors="replace")

"""Programs run by a SandboxFusion server, over its HTTP API.

For clusters where nobody may make namespaces. The server has one request for it,
`POST /run_code`: code, language, stdin, time limits, files in and out. It has no
extra channel: a short script opens a file as the channel, runs the program, and
the file is fetched. Memory, processes and disk are the server's to bound.
"""

import base64
import http.client
import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import UserError
from pipeline.sandbox.contract import Job, Ran

TRIES, FIRST_WAIT_S, SPARE_S = 5, 0.5, 30.0
TOLD, PROGRAM = "goldsieve_told", "goldsieve_program.py"
SCRIPT = f"""\
import os, runpy
os.environ["GOLDSIEVE_FD"] = str(os.open({TOLD!r}, os.O_WRONLY | os.O_CREAT, 0o600))
runpy.run_path({PROGRAM!r}, run_name="__main__")
"""
LANGUAGES = {"python": "python", "cpp": "cpp"}


def run(job: Job) -> Ran:
    """Run on the server that GOLDSIEVE_SANDBOX names; a UserError if it cannot."""
    answer = _asked(os.environ["GOLDSIEVE_SANDBOX"], _request(job))
    compiling = answer.get("compile_result") or {}
    if compiling.get("return_code"):
        return Ran(1, b"", _bytes(compiling, "stderr"), b"", "not_compiled")
    result = answer.get("run_result") or {}
    out, err = _bytes(result, "stdout"), _bytes(result, "stderr")
    told = base64.b64decode((answer.get("files") or {}).get(TOLD) or "")
    ended = "exited"
    if "TimeLimitExceeded" in (result.get("status"), compiling.get("status")):
        ended = "timeout"
    elif max(map(len, (out, err, told))) > job.limits.output:
        ended = "output_limit"
    most = job.limits.output
    code = int(result.get("return_code") or 0)
    return Ran(code, out[:most], err[:most], told[:most], ended)


def _request(job: Job) -> dict[str, Any]:
    request: dict[str, Any] = {
        "language": LANGUAGES[job.language],
        "stdin": job.stdin.decode(errors="replace"),
        "compile_timeout": 60,
        "run_timeout": job.limits.wall_s,
        "memory_limit_MB": job.limits.memory_mb,
    }
    if job.language != "python":
        return request | {"code": job.program.decode()}
    files = {PROGRAM: base64.b64encode(job.program).decode()}
    return request | {"code": SCRIPT, "files": files, "fetch_files": [TOLD]}


def _asked(server: str, request: dict[str, Any]) -> dict[str, Any]:
    """The server's answer; asked again, ever later, where it was the server's fault."""
    body, why = json.dumps(request).encode(), ""
    wait_s = request["run_timeout"] + request["compile_timeout"] + SPARE_S
    for attempt in range(TRIES):
        if attempt:
            time.sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
        try:
            status, text = _posted(server, body, wait_s)
            if status >= 500 or status == 429:
                why = f"HTTP {status}"
                continue
            if status != 200:
                said = text[:200].decode(errors="replace")
                raise UserError(f"sandbox server {server}: HTTP {status}: {said}")
            answer = json.loads(text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = repr(error)
            continue
        if isinstance(answer, dict) and answer.get("status") in ("Success", "Failed"):
            return answer
        why = f"{answer.get('status')}: {answer.get('message')}"[:200]
    raise UserError(
        f"sandbox server {server} does not answer: {why}",
        hint="is a SandboxFusion server running there? see docs/sandbox.md",
    )


def _posted(server: str, body: bytes, wait_s: float) -> tuple[int, bytes]:
    parts = urlsplit(server)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=wait_s)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", parts.path.rstrip("/") + "/run_code", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _bytes(result: dict[str, Any], name: str) -> bytes:
    return str(result.get(name) or "").encode(errors="replace")

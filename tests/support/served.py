"""`goldsieve serve` in a process of its own, as a trainer on another machine sees it.

with served("--queue", "4", workers=1) as server:
    server.post([row("math", "4", "It is 4.")])
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from pipeline.grading.workers import Answer

SLEEP = "```python\nimport time\ntime.sleep({})\nprint(int(input()) + 1)\n# {}\n```"
ADD_ONE = json.dumps({"type": "stdio", "tests": [{"input": "1", "output": "2"}]})


class Served:
    """A running server: where it is, and what a plain client gets from it."""

    def __init__(self, process: subprocess.Popen, url: str) -> None:
        self.process, self.url = process, url

    def post(self, body: Any, **options: Any) -> httpx.Response:
        """The response to a body: bytes as they are, rows of answers as JSON."""
        if isinstance(body, list):
            body = json.dumps({"rows": [answer._asdict() for answer in body]})
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        where = f"{self.url}/verdicts"
        return httpx.post(where, content=body, headers=headers, timeout=60, **options)

    def judge(self, body: Any, **options: Any) -> list[dict[str, Any]]:
        """The verdicts on rows that must not be refused."""
        response = self.post(body, **options)
        assert response.status_code == 200, response.text
        return response.json()["verdicts"]

    def health(self) -> dict[str, Any]:
        return httpx.get(f"{self.url}/health").json()

    def metric(self, name: str) -> float:
        """The value of a metric, over all its labels."""
        text = httpx.get(f"{self.url}/metrics").text
        found = re.findall(rf"(?m)^{name}(?:\{{.*\}})? (\S+)$", text)
        return sum(map(float, found))

    def workers(self) -> list[int]:
        """The processes that judge."""
        pids = Path("/proc").glob("[0-9]*")
        return [int(pid.name) for pid in pids if self._is_worker(pid)]

    def _is_worker(self, pid: Path) -> bool:
        try:
            parent = int((pid / "stat").read_text().rpartition(")")[2].split()[1])
            command = (pid / "cmdline").read_text()
        except OSError:  # it has just ended
            return False
        return parent == self.process.pid and "spawn_main" in command


@contextmanager
def served(*options: str, workers: int = 2, **environment: str) -> Iterator[Served]:
    """A server on a free port; it is killed where it has not ended by itself."""
    command = [sys.executable, "-m", "pipeline", "serve", "--port", "0", *options]
    own = {"PIPELINE_WORKERS": str(workers), **environment}
    process = subprocess.Popen(
        command, env=os.environ | own, stderr=subprocess.PIPE, text=True
    )
    try:
        first = process.stderr.readline()
        assert first.startswith("serving on "), first + process.stderr.read()
        yield Served(process, first.split()[-1])
    finally:
        process.send_signal(signal.SIGKILL)
        print(process.communicate()[1])  # pytest shows it where a test fails


def row(verifier: str, answer: str | None, completion: str, **more: Any) -> Answer:
    more.setdefault("verify_info", "{}")
    return Answer(verifier, answer, completion=completion, **more)


def sleeping(seconds: float, number: int = 0) -> Answer:
    """A right program that takes its time; `number` tells it from others."""
    program = SLEEP.format(seconds, number)
    return row("code", None, program, verify_info=ADD_ONE)

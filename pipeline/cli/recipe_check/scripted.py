"""A model that answers by a script: right or wrong as a hash says, always the same.

It speaks chat completions over HTTP, so that what a recipe asks goes the whole way.
It has been told the problems: a prompt that begins with one is answered with a trace.
How often a model is right depends on its size, as its name gives it, and on the
problem, so some problems are solved always, some never, some now and then. A few
traces have the flaws that hygiene looks for, or recite a benchmark. Any other prompt
is a question, and is answered with values of its schema.
"""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from pipeline.cli.recipe_check.questions import BLOCK, Question, draw

SIZE = re.compile(r"(\d+(?:\.\d+)?) ?b\b", re.I)
FENCE = re.compile(r"```\w*\n.*?```", re.S)
WORK = (
    "Let me check what is given. ", "Perhaps there is a shorter way. ",
    "Therefore the next step follows. ", "Wait, I should verify that. ",
    "Since both sides agree, this holds. ", "It might be simpler to count. ",
)  # fmt: skip


class Problem(NamedTuple):
    """What the model knows of a problem; `code` is a program that solves it."""

    text: str
    answer: str
    code: str


class Script:
    """What is answered; a trace may recite the longest of `items`, of benchmarks."""

    def __init__(self) -> None:
        self.items: list[str] = []
        self._problems: dict[str, Problem] = {}

    def learn(self, problems: Sequence[Problem]) -> None:
        """Know these problems, too."""
        self._problems |= {problem.text: problem for problem in problems}

    def reply(self, body: dict[str, Any]) -> tuple[str, str]:
        """The text that answers the body of a request, and why it ends."""
        prompt, model = body["messages"][-1]["content"], body["model"]
        seed = body.get("seed", 0)
        form = (body.get("response_format") or {}).get("json_schema")
        if form:
            guess = self._guess(prompt, model, seed)
            is_item = any(item in prompt for item in self.items)
            question = Question(prompt, model, seed, guess, is_item)
            answer = question.answer(form["schema"])
            return json.dumps(answer, ensure_ascii=False), "stop"
        problem = self._find(prompt)
        if problem is None:
            return f"It is \\boxed{{{draw(100, prompt, model, seed)}}}.", "stop"
        text = self._solve(problem, model, seed)
        is_cut = draw(20, "cut", problem.text, model, seed) == 0
        return (text[: len(text) // 2], "length") if is_cut else (text, "stop")

    def _find(self, prompt: str) -> Problem | None:
        """The problem of a prompt, which may have a line of its own after it."""
        while prompt and prompt not in self._problems:
            prompt = prompt.rpartition("\n")[0]
        return self._problems.get(prompt)

    def _guess(self, prompt: str, model: str, seed: int | None) -> str | None:
        """The model's answer to the problem that a question shows, if it is known."""
        shown = BLOCK.search(prompt)
        problem = self._problems.get(shown[3]) if shown else None
        if problem is None:
            return None
        # Without thinking it is right less often.
        is_right = draw(3000, problem.text, model, seed) < 1000 * rate(model, problem)
        return problem.answer if is_right else "1000"

    def _solve(self, problem: Problem, model: str, seed: int) -> str:
        """A trace and an answer, right at the rate of this model and problem."""
        is_right = draw(1000, problem.text, model, seed) < 1000 * rate(model, problem)
        final = _write_answer(problem, is_right=is_right, seed=seed)
        flaw = draw(20, "flaw", problem.text, model, seed)
        steps = range(4 + draw(30, "steps", problem.text, model, seed))
        work = "".join(
            WORK[draw(len(WORK), step, problem.text, seed)] for step in steps
        )
        if flaw == 0:
            work += WORK[0] * 20
        if flaw == 1:
            work += "所以答案就是这个,我们再检查一遍。" * 3
        if flaw == 2:
            work += max(self.items, key=len, default="")
        close = "" if flaw == 3 else "\n</think>\n\n"
        return f"<think>\n{work}{close}{final}"


def rate(model: str, problem: Problem) -> float:
    """How often the model solves the problem, from 0 to 1."""
    sizes = [float(size) for size in SIZE.findall(model)]
    strength = 0.75 if not sizes else min(0.8, 0.3 + 0.1 * sizes[-1] ** 0.45)
    hardness = draw(1000, "hard", problem.text) / 1000
    luck = draw(1000, "luck", problem.text, model) / 1000 - 0.5
    return min(1.0, max(0.0, 0.5 + 2.0 * (strength - hardness) + 0.5 * luck))


def _write_answer(problem: Problem, *, is_right: bool, seed: int) -> str:
    """The final answer; most of the wrong ones agree on one."""
    if problem.code:
        return problem.code if is_right else "```python\nprint('no')\n```"
    wrong = draw(1000, "wrong", problem.text, seed if seed % 3 == 0 else "")
    answer = problem.answer if is_right else f"{1000 + wrong}"
    return f"The answer is \\boxed{{{answer}}}."


class Server(ThreadingHTTPServer):
    """Chat completions of a script, on a port of this machine."""

    daemon_threads = True
    script = Script()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"  # one connection for many questions
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text, end = self.server.script.reply(body)
        message = {"role": "assistant", "content": text}
        usage = {"completion_tokens": len(text.split())}
        choice = {"index": 0, "message": message, "finish_reason": end}
        content = json.dumps({"choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve() -> Iterator[Server]:
    """A server that answers by its `script`, on this machine, until the block ends."""
    server = Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()

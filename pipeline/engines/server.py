"""Sampling through OpenAI-compatible servers, many at once: for clusters.

Requests wait in one queue, and every server takes from it as fast as it answers. What
a server refuses because the prompt has no room is TOO_LONG; what no attempt could get
an answer to is LOST, so that the rest of a batch can be kept. The options `urls`,
`model` (the name that the servers know it by) and those of `pipeline.chat.Endpoint`
(`concurrency` is of each server) say how they are asked.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import Any

from pipeline.chat import Endpoint, Reply, Run, tried
from pipeline.engines.contract import LOST, TOO_LONG, Completion, Messages
from pipeline.errors import UserError
from pipeline.models import Model

# How servers say that a prompt is longer than the model's context.
NO_ROOM = re.compile(
    r"context|too (?:long|large)|maximum.{0,20}length|max_model_len", re.I
)


class Engine:
    """A model behind the servers at `options["urls"]`."""

    def __init__(self, model: Model, options: dict[str, Any]) -> None:
        asked = {"concurrency": 64, "timeout_s": 3600.0} | options
        urls = asked.pop("urls", None)
        if not urls:
            raise UserError(
                "engine server: no `urls`", hint="server: {urls: [http://host:8000/v1]}"
            )
        asked.setdefault("model", model.name)
        self.endpoints = [Endpoint(url=url, **asked) for url in urls]

    def sample(
        self,
        prompts: list[Messages],
        seeds: list[int],
        *,
        temperature: float,
        top_p: float,
        max_tokens: int,
    ) -> list[Completion]:
        import httpx

        how = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}
        todo: SimpleQueue[int] = SimpleQueue()
        for number in range(len(prompts)):
            todo.put(number)
        said = [LOST] * len(prompts)

        def serve(run: Run) -> None:
            while not run.stopped.is_set():
                try:
                    number = todo.get_nowait()
                except Empty:
                    return
                # 63 bits are more than some servers take.
                body = {
                    "model": run.endpoint.model,
                    "messages": prompts[number],
                    "seed": seeds[number] & 0x7FFFFFFF,
                    **how,
                    **run.endpoint.extra,
                }
                said[number] = _completion(tried(run, body, ""))

        with ExitStack() as stack:
            runs = []
            for endpoint in self.endpoints:
                limits = httpx.Limits(max_connections=endpoint.concurrency)
                http = httpx.Client(timeout=endpoint.timeout_s, limits=limits)
                runs.append(Run(endpoint, stack.enter_context(http)))
            each = [run for run in runs for _ in range(run.endpoint.concurrency)]
            with ThreadPoolExecutor(len(each)) as pool:
                working = [pool.submit(serve, run) for run in each]
            errors = {
                run.endpoint.url: error
                for run, future in zip(each, working, strict=True)
                if (error := future.exception())
            }
        # A server that is gone is no loss while another takes its requests.
        if len(errors) == len(runs) and LOST in said:
            raise next(iter(errors.values()))
        return said


def _completion(reply: Reply) -> Completion:
    if reply.text is not None and reply.why in ("", "truncated"):
        end = "length" if reply.why else "stop"
        return Completion(reply.text, reply.tokens, end)
    if reply.why.startswith("rejected") and NO_ROOM.search(reply.why):
        return TOO_LONG
    if reply.why == "refused":
        return Completion("", 0, "stop")
    return LOST

"""Sampling through OpenAI-compatible servers, many at once: for clusters.

Requests wait in one queue, and every server takes from it as fast as it answers. What
a server refuses because the prompt has no room is TOO_LONG; what no attempt could get
an answer to is LOST, so that the rest of a batch can be kept. Where the servers are
and how fast they are asked is in machine.yaml (`urls`, for all models or by name,
`concurrency` of each server, `attempts`); `model`, the name that they know the model
by, and `extra` are options of the recipe.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from typing import Any

from anyio.from_thread import start_blocking_portal

from pipeline.endpoint.http import (
    Budget,
    Endpoint,
    Http,
    Reply,
    Run,
    ask_each,
    fetch_reply,
)
from pipeline.engines import contract
from pipeline.engines.contract import (
    LOST,
    TOO_LONG,
    Completion,
    Request,
    Sampled,
    Sampling,
    single_samples,
)
from pipeline.errors import UserError
from pipeline.models import Model

# How servers say that a prompt is longer than the model's context.
NO_ROOM = re.compile(
    r"context|too (?:long|large)|maximum.{0,20}length|max_model_len", re.I
)


class Engine(contract.Engine):
    """A model behind the servers at `options["urls"]`."""

    def __init__(self, model: Model, options: dict[str, Any]) -> None:
        settings: dict[str, Any] = {"timeout_s": 3600.0, "model": model.name} | options
        self.concurrency = settings.pop("concurrency", 64)
        urls = settings.pop("urls", None)
        if isinstance(urls, dict):
            urls = urls.get(settings["model"])
        if not urls:
            raise UserError(
                f"engine server: there are no `urls` of {settings['model']}",
                hint="machine.yaml: engine: {urls: [http://host:8000/v1]}, or by the "
                "name of the model: {urls: {name: [http://host:8000/v1]}}",
            )
        self.endpoints = [Endpoint(url=url, **settings) for url in urls]

    def stream(
        self, requests: Iterable[Request], sampling: Sampling
    ) -> Iterator[Sampled]:
        todo = single_samples(requests)
        done: SimpleQueue[Sampled | None] = SimpleQueue()

        async def sample_by(run: Run) -> None:
            async def sample_one(http: Http, item: tuple[int, int, Request]) -> None:
                number, sample, request = item
                completion = LOST
                try:
                    body = _body(run.endpoint, request, sample, sampling)
                    completion = _completion(await fetch_reply(run, http, body))
                finally:
                    done.put((number, sample, completion))

            await ask_each(run, todo, sample_one)

        async def sample_by_all() -> None:
            runs = [
                Run(endpoint, self.concurrency, Budget(endpoint.max_requests))
                for endpoint in self.endpoints
            ]
            errors = await asyncio.gather(*map(sample_by, runs), return_exceptions=True)
            # A server that is gone is no loss while another takes its requests.
            if first := all(errors) and errors[0]:
                raise first

        with start_blocking_portal() as portal:
            working = portal.start_task_soon(sample_by_all)
            working.add_done_callback(lambda _: done.put(None))
            try:
                yield from iter(done.get, None)
                working.result()
            finally:  # who stops listening stops the servers' work
                working.cancel()


def _body(
    endpoint: Endpoint, request: Request, sample: int, sampling: Sampling
) -> dict[str, Any]:
    optional = {"stop": list(sampling.stop), "chat_template_kwargs": sampling.chat}
    return {
        "model": endpoint.model,
        "messages": request.prompt,
        # 63 bits are more than some servers take.
        "seed": (request.seed + sample) & 0x7FFFFFFF,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        **{name: value for name, value in optional.items() if value},
        **sampling.more,
        **endpoint.extra,
    }


def _completion(reply: Reply) -> Completion:
    if reply.text is not None and reply.why in ("", "truncated"):
        end = "length" if reply.why else "stop"
        return Completion(reply.text, reply.tokens, end)
    if reply.why.startswith("rejected") and NO_ROOM.search(reply.why):
        return TOO_LONG
    if reply.why == "refused":
        return Completion("", 0, "stop")
    return LOST

"""The routes of a server, as an ASGI application.

    POST /verdicts    {"rows": [...]} → {"verdicts": [{correct, extracted, why, score}]}
    GET  /health      is it ready, how many workers, how long is the queue; needs no key
    GET  /metrics     for Prometheus
    GET  /verifiers   their names, and what each takes as verify_info

What is refused is {"error", "hint"} and a status: 401 without the token, 413 and 422
for a body that is too large or of another form, 415 for one that is not JSON (no page
in a browser can send that unasked), 503 and 504 with Retry-After where there is no room
or no time, 500 for what the user of the server has to mend.
"""

import asyncio
import hmac
import json
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.errors import UserError
from pipeline.grading.cache import verifier_digest
from pipeline.grading.workers import Answer, Pools
from pipeline.serve.contract import MB, Limits, Refused
from pipeline.serve.desk import Desk
from pipeline.serve.metrics import Metrics
from pipeline.serve.rows import read_answers
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.details.contract import known_verifiers, load_info

Handler = Callable[[Request], Awaitable[Response]]


class Door:
    """What the routes share: the desk behind them, and who may come in."""

    def __init__(
        self, desk: Desk, metrics: Metrics, pools: Pools, limits: Limits, token: str
    ) -> None:
        self.desk, self.metrics, self.pools = desk, metrics, pools
        self.limits, self.token = limits, token
        self.held = 0  # bytes of bodies whose verdicts are not made

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                self._route("/verdicts", self.verdicts, "POST"),
                self._route("/health", self.health, "GET", is_open=True),
                self._route("/metrics", self.show_metrics, "GET"),
                self._route("/verifiers", self.verifiers, "GET"),
            ]
        )

    async def verdicts(self, request: Request) -> Response:
        start = time.perf_counter()
        self._check_head(request)
        async with self._read_body(request) as body:
            answers = await asyncio.to_thread(read_answers, body, self.limits)
            verdicts = await self._judge(request, answers)
        self.metrics.seconds.observe(time.perf_counter() - start)
        return _json({"verdicts": [asdict(verdict) for verdict in verdicts]})

    async def health(self, request: Request) -> Response:
        shown = {
            "ready": not self.desk.is_stopping,
            "workers": sum(pool.running for pool in self.pools),
            "queue": {"rows": self.desk.rows, "most": self.limits.queue},
        }
        return _json(shown, 503 if self.desk.is_stopping else 200)

    async def show_metrics(self, request: Request) -> Response:
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return Response(self.metrics.render(), media_type=kind)

    async def verifiers(self, request: Request) -> Response:
        return _json({"verifiers": await asyncio.to_thread(describe_verifiers)})

    def _route(
        self, path: str, handler: Handler, method: str, *, is_open: bool = False
    ) -> Route:
        async def answer(request: Request) -> Response:
            try:
                if not is_open:
                    self._check_token(request)
                response = await handler(request)
            except Refused as refused:
                response = _refuse(refused)
            except UserError as error:
                response = _refuse(Refused(500, str(error), error.hint))
            except ClientDisconnect:
                response = Response(status_code=499)  # nobody reads it; it is counted
            except Exception:
                traceback.print_exc(file=sys.stderr)
                response = _refuse(Refused(500, "a mistake of the server: see its log"))
            self.metrics.requests.labels(path, str(response.status_code)).inc()
            return response

        return Route(path, answer, methods=[method])

    def _check_token(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        expected = f"Bearer {self.token}"
        # In constant time: how long it takes says nothing about the token.
        is_right = hmac.compare_digest(given.encode(), expected.encode())
        if self.token and not is_right:
            raise Refused(401, "the token is wrong, or there is none")

    def _check_head(self, request: Request) -> None:
        """Refuse what can be refused before the body is read."""
        kind = request.headers.get("content-type", "").partition(";")[0]
        if kind.strip().lower() != "application/json":
            raise Refused(415, "expected a body with Content-Type: application/json")
        if self.desk.is_stopping:
            raise Refused(503, "the server is stopping")
        length = request.headers.get("content-length", "")
        self._check_size(int(length) if length.isdecimal() else 0)

    def _check_size(self, size: int) -> None:
        if size > self.limits.body_mb * MB:
            raise Refused(413, f"the body: {self.limits.body_mb} MB at most")

    @asynccontextmanager
    async def _read_body(self, request: Request) -> AsyncIterator[bytes]:
        """The body, whose bytes count as held until its verdicts are made."""
        parts, size = [], 0
        try:
            async with asyncio.timeout(self.limits.body_s):
                async for part in request.stream():
                    parts.append(part)
                    size += len(part)
                    self.held += len(part)
                    self._check_size(size)
                    if self.held > self.limits.held_mb * MB:
                        raise Refused(503, "the queue is full: too many bytes are here")
            yield b"".join(parts)
        except TimeoutError:
            most = f"{self.limits.body_s:g} s"
            raise Refused(408, f"the body did not arrive in {most}") from None
        finally:
            self.held -= size

    async def _judge(self, request: Request, answers: list[Answer]) -> list[Verdict]:
        """The verdicts, unless the client leaves or the time is up before."""
        judging = asyncio.ensure_future(self.desk.judge(answers))
        leaving = asyncio.ensure_future(request.receive())  # the body is behind us
        try:
            await asyncio.wait(
                {judging, leaving},
                timeout=self.limits.wait_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if judging.done():
                return judging.result()
            if leaving.done():
                raise ClientDisconnect
            raise Refused(504, f"no verdicts in {self.limits.wait_s:g} s: ask again")
        finally:
            judging.cancel()
            leaving.cancel()


def describe_verifiers() -> dict[str, Any]:
    """What each verifier takes as `verify_info`, and the digest of its code.

    Two machines whose digests are equal give equal verdicts.
    """
    return {
        name: {
            "digest": verifier_digest(name),
            "verify_info": {
                option: {"required": field.is_required(), "meaning": field.description}
                for option, field in load_info(name).model_fields.items()
            },
        }
        for name in known_verifiers()
    }


def _refuse(refused: Refused) -> Response:
    shown = {"error": str(refused), "hint": refused.hint}
    response = _json(shown, refused.status)
    response.headers.update(refused.headers)
    return response


def _json(value: Any, status: int = 200) -> Response:
    # In ASCII: what a client sent may be in a message, and have no UTF-8.
    return Response(json.dumps(value), status, media_type="application/json")

"""The bounds of time and room, at the application itself: they are too long to wait."""

import asyncio
import threading
from collections.abc import AsyncIterator

import httpx
import pytest

from pipeline.grading.workers import Answer
from pipeline.serve.app import Door
from pipeline.serve.contract import Limits
from pipeline.serve.desk import Desk
from pipeline.serve.metrics import Metrics
from pipeline.verifiers.contract import Verdict

ROW = b'{"rows": [{"verifier": "math", "answer": "4", "completion": "4"}]}'
JSON = {"Content-Type": "application/json"}


async def in_parts(*parts: bytes, pause_s: float = 0) -> AsyncIterator[bytes]:
    """A body that says nothing of its length."""
    for part in parts:
        yield part
        await asyncio.sleep(pause_s)


def ask(body: object, *, judge_s: float = 0, clients: int = 1, **limits: float) -> list:
    """Responses of an application whose grader takes `judge_s` for a call."""
    given = Limits(**limits)
    stay = threading.Event()

    def grade(batch: list[Answer]) -> list[Verdict]:
        stay.wait(judge_s)
        return [Verdict(True)] * len(batch)

    async def run() -> list[httpx.Response]:
        desk = Desk(grade, given, workers=1, record=lambda *each: None)
        door = Door(desk, Metrics((), lambda: desk.rows), (), given, "")
        transport = httpx.ASGITransport(door.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
            asked = [
                http.post("/verdicts", content=body() if callable(body) else body,
                          headers=JSON)
                for _ in range(clients)
            ]  # fmt: skip
            responses = await asyncio.gather(*asked)
        assert door.held == 0, "bytes are counted out again"
        stay.set()
        return responses

    return asyncio.run(run())


def test_a_body_in_parts_is_read_to_its_bound():
    (whole,) = ask(lambda: in_parts(ROW[:20], ROW[20:]))
    (large,) = ask(lambda: in_parts(*[b" " * (1 << 20)] * 3, ROW), body_mb=2)

    assert whole.json()["verdicts"][0]["correct"] is True
    assert (large.status_code, large.json()["error"]) == (413, "the body: 2 MB at most")


def test_a_body_that_drips_is_given_up():
    (late,) = ask(lambda: in_parts(ROW[:20], ROW[20:], pause_s=5), body_s=0.05)

    assert late.status_code == 408
    assert late.json()["error"] == "the body did not arrive in 0.05 s"


def test_verdicts_that_take_too_long_may_be_asked_for_again():
    (late,) = ask(ROW, judge_s=5, wait_s=0.05)

    assert late.status_code == 504
    assert late.headers["Retry-After"] == "1"
    assert late.json()["error"] == "no verdicts in 0.05 s: ask again"


def test_bodies_together_are_bounded():
    # Two of 40 MB where 64 MB may be here: who comes second is refused.
    padded = b" " * (40 << 20) + ROW
    statuses = sorted(
        response.status_code
        for response in ask(padded, clients=2, judge_s=0.2, held_mb=64)
    )

    assert statuses == [200, 503]


@pytest.mark.parametrize("path", ["/", "/verdict", "/docs"])
def test_there_is_nothing_else(path: str):
    async def get() -> int:
        desk = Desk(lambda batch: [], Limits(), workers=1, record=lambda *each: None)
        door = Door(desk, Metrics((), lambda: 0), (), Limits(), "")
        transport = httpx.ASGITransport(door.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
            return (await http.get(path)).status_code

    assert asyncio.run(get()) == 404

"""Who is judged next: rows of many requests wait here for one grader.

Rows of all clients go to the grader together, so that two hundred clients with one row
each cost hardly more than one client with two hundred. They wait in lanes, because a
program may run for minutes and an expression takes no time: `programs` are handed over
one by one, `rules` by the hundred, and answers that a model judges in one stream, whose
budget is one. Within a lane requests take turns, and nobody waits for another's batch
to end.

What a request loses is its own: one whose client has left is forgotten with what it has
in the queue, and a call that fails is made again row by row.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pipeline.errors import UserError
from pipeline.grading.workers import Answer, Grader
from pipeline.serve.contract import Limits, Refused
from pipeline.verifiers.contract import Verdict

BATCH = 512  # rows in one call of the grader
LANES = {"code": "programs", "judge": "models"}  # by verifier; the others are rules
Outcome = Verdict | Exception


@dataclass(eq=False)
class Request:
    """The rows of one request, and where their verdicts are awaited."""

    answers: list[Answer]
    done: "asyncio.Future[list[Verdict]]"
    verdicts: dict[int, Verdict] = field(default_factory=dict)


Ticket = tuple[Request, int]  # one row of a request


@dataclass(eq=False)
class Lane:
    """Rows that wait for `calls` calls of the grader at a time, `size` in each."""

    calls: int
    size: int
    waiting: deque[tuple[Request, deque[int]]] = field(default_factory=deque)
    busy: int = 0

    def take(self) -> list[Ticket]:
        """The next rows, some of each request that waits."""
        taken: list[Ticket] = []
        while self.waiting and len(taken) < self.size:
            request, numbers = self.waiting.popleft()
            if request.done.done():
                continue
            share = max(1, (self.size - len(taken)) // (len(self.waiting) + 1))
            count = min(share, len(numbers))
            taken += [(request, numbers.popleft()) for _ in range(count)]
            if numbers:
                self.waiting.append((request, numbers))
        return taken


class Desk:
    """A bounded queue before a grader; everything here is of one event loop.

    `record` is told every verdict that was made, with its verifier.
    """

    def __init__(
        self,
        grade: Grader,
        limits: Limits,
        *,
        workers: int,
        record: Callable[[str, Verdict], None],
    ) -> None:
        self.grade, self.limits, self.record = grade, limits, record
        self.is_stopping = False
        self.requests: set[Request] = set()
        self.lanes = {
            "rules": Lane(calls=workers + 1, size=BATCH),
            "programs": Lane(calls=2 * workers, size=1),
            "models": Lane(calls=1, size=BATCH),
        }
        calls = sum(lane.calls for lane in self.lanes.values())
        self._threads = ThreadPoolExecutor(calls)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def rows(self) -> int:
        """How many rows are here without a verdict."""
        return sum(len(r.answers) - len(r.verdicts) for r in self.requests)

    async def judge(self, answers: list[Answer]) -> list[Verdict]:
        """The verdicts, in order; Refused with 503 where there is no room."""
        if self.is_stopping:
            raise Refused(503, "the server is stopping")
        if (rows := self.rows) + len(answers) > self.limits.queue:
            most = f"{self.limits.queue:,}"
            raise Refused(503, f"the queue is full: {rows:,} of {most} rows are here")
        request = Request(answers, asyncio.get_running_loop().create_future())
        self.requests.add(request)
        try:
            if not answers:
                return []
            self._queue(request)
            return await request.done
        finally:
            request.done.cancel()  # where the client has left, nobody waits for it
            self.requests.discard(request)

    async def drain(self, seconds: float) -> None:
        """Take nothing new, and wait until what is here is done, or refuse the rest."""
        self.is_stopping = True
        waited = [request.done for request in self.requests]
        if waited:
            await asyncio.wait(waited, timeout=seconds)
        for request in self.requests:
            _fail(request, Refused(503, "the server is stopping"))

    def _queue(self, request: Request) -> None:
        numbers: dict[str, deque[int]] = {}
        for number, answer in enumerate(request.answers):
            lane = LANES.get(answer.verifier, "rules")
            numbers.setdefault(lane, deque()).append(number)
        for lane, own in numbers.items():
            self.lanes[lane].waiting.append((request, own))
            self._call(self.lanes[lane])

    def _call(self, lane: Lane) -> None:
        """Let the grader work on the lane, as far as it may."""
        while lane.busy < lane.calls and (tickets := lane.take()):
            lane.busy += 1
            task = asyncio.create_task(self._judge(lane, tickets))
            self._tasks.add(task)  # the loop itself keeps no task alive
            task.add_done_callback(self._tasks.discard)

    async def _judge(self, lane: Lane, tickets: list[Ticket]) -> None:
        answers = [request.answers[number] for request, number in tickets]
        loop = asyncio.get_running_loop()
        try:
            outcomes = await loop.run_in_executor(
                self._threads, grade_each, self.grade, answers
            )
        finally:
            lane.busy -= 1
        for ticket, outcome in zip(tickets, outcomes, strict=True):
            self._deliver(ticket, outcome)
        self._call(lane)

    def _deliver(self, ticket: Ticket, outcome: Outcome) -> None:
        request, number = ticket
        if isinstance(outcome, Exception):
            _fail(request, outcome)
            return
        self.record(request.answers[number].verifier, outcome)
        request.verdicts[number] = outcome
        count = len(request.answers)
        if len(request.verdicts) == count and not request.done.done():
            request.done.set_result([request.verdicts[n] for n in range(count)])


def grade_each(grade: Grader, answers: list[Answer]) -> list[Outcome]:
    """The verdicts on rows of several requests, or what went wrong with single ones.

    A UserError is about the machine: a worker that was killed while it started is worth
    a second try, and what fails twice fails for all.
    """
    for is_last_try in (False, True):
        try:
            return list(grade(answers))
        except UserError as error:
            if is_last_try:
                return [error] * len(answers)
        except Exception as error:
            if len(answers) == 1:
                return [error]
            return [grade_each(grade, [answer])[0] for answer in answers]
    raise AssertionError


def _fail(request: Request, error: Exception) -> None:
    if not request.done.done():
        request.done.set_exception(error)

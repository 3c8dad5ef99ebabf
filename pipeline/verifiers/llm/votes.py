"""Votes on each point until a quorum is reached or out of reach.

With `both_ways` a ballot is the answer to two questions that must agree. What cannot
be read, was cut off or was not paid for is no vote.
"""

from collections import Counter
from typing import NamedTuple

from pydantic import Field, model_validator

from pipeline.endpoint.client import Ask, Endpoint, Question
from pipeline.settings import Settings
from pipeline.verifiers.llm.prompts import SCHEMA, SYSTEM, Criterion
from pipeline.verifiers.llm.reply import Ballot, read_ballot


class Judge(Settings):
    """Which model judges, how often it is asked, and how many votes decide.

    `quorum` is a majority of `votes` unless it is given. The first vote is taken at
    the endpoint's temperature, the others at `vote_temperature`, each with a seed of
    its own.
    """

    endpoint: Endpoint = Endpoint()
    votes: int = Field(default=1, ge=1)
    quorum: int | None = Field(default=None, ge=1)
    vote_temperature: float = Field(default=0.7, ge=0)
    seed: int = 0
    both_ways: bool = False
    max_chars: int = Field(default=8_000, ge=100)

    @model_validator(mode="after")
    def _decides(self) -> "Judge":
        if self.quorum is not None and not self.votes / 2 < self.quorum <= self.votes:
            raise ValueError(
                f"a quorum of {self.quorum} of {self.votes} votes: "
                "expected more than half, and no more than there are"
            )
        return self

    @property
    def needed(self) -> int:
        return self.quorum or self.votes // 2 + 1


class Decision(NamedTuple):
    """What the votes on one criterion came to; `met` is None without a quorum."""

    met: bool | None
    why: str


def poll(criteria: list[Criterion], settings: Judge, ask: Ask) -> list[Decision]:
    """Vote after vote, each on the criteria that are not settled yet."""
    ballots: list[list[Ballot]] = [[] for _ in criteria]
    for vote in range(settings.votes):
        unsettled = [
            (criterion, cast)
            for criterion, cast in zip(criteria, ballots, strict=True)
            if not _is_settled(cast, settings)
        ]
        temperature = None if vote == 0 else settings.vote_temperature
        questions = [
            Question(prompt, SYSTEM, SCHEMA, temperature, settings.seed + vote)
            for criterion, _ in unsettled
            for prompt in criterion.prompts
        ]
        replies = iter(ask(questions))
        for (completion, prompts, token, _), cast in unsettled:
            ways = [read_ballot(next(replies), completion, token) for _ in prompts]
            cast.append(_merge_ways(ways))
    return [_decide(cast, settings) for cast in ballots]


def _merge_ways(ways: list[Ballot]) -> Ballot:
    """One ballot of the answers to one question put in several ways."""
    for ballot in ways:
        if not ballot.is_cast:
            return ballot
    if len({ballot.vote for ballot in ways}) > 1:
        return Ballot(None, "judge_both_ways: the order decides", is_cast=False)
    return ways[0]


def _is_settled(cast: list[Ballot], settings: Judge) -> bool:
    """Whether further votes change nothing: the quorum is reached, or out of reach."""
    most = max(sum(ballot.vote is side for ballot in cast) for side in (True, False))
    left = settings.votes - len(cast)
    return most >= settings.needed or most + left < settings.needed


def _decide(cast: list[Ballot], settings: Judge) -> Decision:
    for side in (True, False):
        reasons = [ballot.why for ballot in cast if ballot.vote is side]
        if len(reasons) >= settings.needed:
            return Decision(side, f"{len(reasons)} of {len(cast)}: {reasons[0]}")
    if any(ballot.why == "judge_budget" for ballot in cast):
        return Decision(None, "judge_budget")
    if settings.votes == 1:
        (ballot,) = cast
        why = f"judge_undecided: {ballot.why}" if ballot.is_cast else ballot.why
        return Decision(None, why)
    counts = Counter(map(_ballot_name, cast))
    counted = ", ".join(f"{count} {name}" for name, count in counts.items())
    return Decision(None, f"judge_no_quorum: {counted}")


def _ballot_name(ballot: Ballot) -> str:
    if not ballot.is_cast:
        return ballot.why.partition(":")[0]
    return {True: "correct", False: "incorrect", None: "undecided"}[ballot.vote]

"""Votes on each point until a quorum is reached or out of reach.

With `both_ways` a ballot is the answer to two questions that must agree. What cannot
be read, was cut off or was not paid for is no vote.
"""

from typing import NamedTuple

from pydantic import Field, model_validator

from pipeline.endpoint.client import Ask, Endpoint, Question
from pipeline.settings import Settings
from pipeline.verifiers.llm.prompts import SCHEMA, SYSTEM, Point
from pipeline.verifiers.llm.reply import Ballot, read


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


class Finding(NamedTuple):
    """What the votes on one point came to."""

    met: bool | None
    why: str


def poll(
    asked: list[Point], texts: list[str], settings: Judge, ask: Ask
) -> list[Finding]:
    """Vote after vote, each on the points that are not settled yet.

    `texts` are the completions that the points are about.
    """
    ballots: list[list[Ballot]] = [[] for _ in asked]
    for vote in range(settings.votes):
        still = [i for i, cast in enumerate(ballots) if not _settled(cast, settings)]
        questions = [
            _question(way, vote, settings) for i in still for way in asked[i].ways
        ]
        replies = iter(ask(questions))
        for i in still:
            point, text = asked[i], texts[i]
            ways = [read(next(replies), text, point.mark) for _ in point.ways]
            ballots[i].append(_agreed(ways))
    return [_finding(cast, settings) for cast in ballots]


def _question(prompt: str, vote: int, settings: Judge) -> Question:
    warmth = None if vote == 0 else settings.vote_temperature
    return Question(prompt, SYSTEM, SCHEMA, warmth, settings.seed + vote)


def _agreed(ways: list[Ballot]) -> Ballot:
    """One ballot of the answers to one question put in several ways."""
    for ballot in ways:
        if not ballot.is_cast:
            return ballot
    if len({ballot.vote for ballot in ways}) > 1:
        return Ballot(None, "judge_both_ways: the order decides", is_cast=False)
    return ways[0]


def _settled(cast: list[Ballot], settings: Judge) -> bool:
    """Whether further votes change nothing: the quorum is reached, or out of reach."""
    counts = [sum(one.vote is side for one in cast) for side in (True, False)]
    left = settings.votes - len(cast)
    return max(counts) >= settings.needed or max(counts) + left < settings.needed


def _finding(cast: list[Ballot], settings: Judge) -> Finding:
    for side in (True, False):
        agreeing = [one.why for one in cast if one.vote is side]
        if len(agreeing) >= settings.needed:
            return Finding(side, f"{len(agreeing)} of {len(cast)}: {agreeing[0]}")
    if any(one.why == "judge_budget" for one in cast):
        return Finding(None, "judge_budget")
    if settings.votes == 1:
        (only,) = cast
        return Finding(
            None, f"judge_undecided: {only.why}" if only.is_cast else only.why
        )
    told = [_named(one) for one in cast]
    counted = ", ".join(f"{told.count(name)} {name}" for name in dict.fromkeys(told))
    return Finding(None, f"judge_no_quorum: {counted}")


def _named(ballot: Ballot) -> str:
    if ballot.vote is None:
        return ballot.why.partition(":")[0] if not ballot.is_cast else "undecided"
    return "correct" if ballot.vote else "incorrect"

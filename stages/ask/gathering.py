"""Votes are gathered: each distinct text is asked about once, within the budget.

Replies are kept as they come in, so that a run that was killed goes on where it was.
How many questions there are, and how many may be sent, is said before the first.
"""

import sys
from collections import Counter
from collections.abc import Hashable

import polars as pl

from pipeline.console import progress
from pipeline.endpoint.client import Ask, Budget, Endpoint, Question, client
from pipeline.errors import UserError
from stages.ask.questions import Poll
from stages.ask.replies import SYSTEM, Texts, read_vote, write_prompt
from stages.ask.votes import Votes

CHUNK = 8_192  # votes of one model in memory at a time


def gather_votes(
    name: str,
    rows: pl.DataFrame,
    poll: Poll,
    endpoint: Endpoint,
    seed: int,
    budget: Budget,
) -> list[Votes]:
    """The votes about each of the `rows`: those of the first model, then the others'.

    Rows whose problems have one key, and whose other texts are equal, share them.
    """
    texts = _texts(name, rows, poll)
    identities = _identities(rows, texts)
    distinct: dict[Hashable, Texts] = {}
    for identity, shown in zip(identities, texts, strict=True):
        distinct.setdefault(identity, shown)
    endpoints = poll.endpoints(endpoint)
    _announce(name, len(distinct), len(endpoints), poll, budget)
    polled: list[Votes] = []
    with progress() as bar:
        total = len(distinct) * len(endpoints) * poll.votes
        task = bar.add_task(f"ask: {name}", total=total)

        def advance(replies: int) -> None:
            bar.advance(task, replies)

        models = [client(e, budget=budget, advance=advance) for e in endpoints]
        each, size = [*distinct.values()], max(1, CHUNK // poll.votes)
        for at in range(0, len(each), size):
            polled += _poll_chunk(each[at : at + size], poll, models, seed)
    _report_faults(name, polled)
    by_identity = dict(zip(distinct, polled, strict=True))
    return [by_identity[identity] for identity in identities]


def _texts(name: str, rows: pl.DataFrame, poll: Poll) -> list[Texts]:
    """What is shown of each row, by column."""
    first_solution = pl.col("solutions").list.first().struct.field("text")
    rows = rows.with_columns(solution=first_solution)
    known = [column for column, kind in rows.schema.items() if kind == pl.String]
    if unknown := [column for column in poll.about if column not in known]:
        raise UserError(
            f"ask.questions.{name}.about: there is no text {unknown[0]!r}",
            hint=f"the columns of text are {', '.join(known)}",
        )
    texts: list[Texts] = list(rows.select(poll.about).iter_rows(named=True))
    return texts


def _identities(rows: pl.DataFrame, texts: list[Texts]) -> list[Hashable]:
    """Equal for rows that are asked about together: a problem is known by its key."""
    return [
        tuple(
            {**shown, "problem": key}.values() if "problem" in shown else shown.values()
        )
        for key, shown in zip(rows["key"], texts, strict=True)
    ]


def _announce(
    name: str, problems: int, models: int, poll: Poll, budget: Budget
) -> None:
    total = problems * models * poll.votes
    line = f"{problems:,} distinct rows × {models} models × {poll.votes} votes: "
    line += f"{total:,} questions, less those answered before"
    if budget.most is not None:
        line += f"; at most {budget.most - budget.sent:,} requests"
    print(f"ask: {name}: {line}", file=sys.stderr)


def _poll_chunk(
    texts: list[Texts], poll: Poll, models: list[Ask], seed: int
) -> list[Votes]:
    """The votes of all `models` about each of the texts."""
    polled: list[Votes] = [[] for _ in texts]
    whole = [i for i, shown in enumerate(texts) if not _is_cut(shown, poll)]
    schema = poll.json_schema
    prompts = {i: write_prompt(texts[i], poll) for i in whole}
    for ask in models:
        questions = [
            Question(prompt, SYSTEM, schema, poll.temperature, number, poll.max_tokens)
            for prompt, _ in prompts.values()
            for number in range(seed, seed + poll.votes)
        ]
        replies = iter(ask(questions))
        for i, votes in enumerate(polled):
            if i not in prompts:
                votes += ["too long"] * poll.votes
                continue
            token = prompts[i][1]
            votes += [
                read_vote(next(replies), poll, texts[i], token)
                for _ in range(poll.votes)
            ]
    return polled


def _is_cut(texts: Texts, poll: Poll) -> bool:
    """Whether a rewrite would be of less than the whole text."""
    longest = max(len(text or "") for text in texts.values())
    return bool(poll.rewrite) and longest > poll.max_chars


def _report_faults(name: str, polled: list[Votes]) -> None:
    faults = Counter(
        vote for votes in polled for vote in votes if isinstance(vote, str)
    )
    total = sum(map(len, polled))
    for why, count in sorted(faults.items()):
        print(f"ask: {name}: {count:,} of {total:,} votes: {why}", file=sys.stderr)

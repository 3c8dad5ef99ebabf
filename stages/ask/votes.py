"""Votes about a row, summed up: how many could be read, and what they say.

An unreadable vote counts: shares are of all votes, so that silence never agrees.
"""

from collections import Counter
from typing import Any

import polars as pl

from pipeline.grading.voting import cast_votes, merge_equal_votes
from pipeline.grading.workers import Answer, Grader, verdict_columns
from stages.ask.questions import Kind, Poll
from stages.ask.replies import Vote

Votes = list[Vote | str]
POLARS = {"boolean": pl.Boolean, "number": pl.Float64, "integer": pl.Int64}


def summary_type(poll: Poll) -> pl.Struct:
    """The type of a summary (see `sum_up`): it is known before anyone is asked."""
    types: dict[str, Any] = {
        "votes": pl.Int64, "unreadable": pl.Int64, "fault": pl.String
    }  # fmt: skip
    for name, kind in poll.summary_fields.items():
        types[name] = POLARS.get(kind.type, pl.String)
        types[f"{name}_share"] = pl.Float64
        types |= {f"{name}_{what}": own for what, own in _own_types(kind).items()}
    return pl.Struct(types)


def _own_types(kind: Kind) -> dict[str, Any]:
    own: dict[str, dict[str, Any]] = {
        "boolean": {"yes": pl.Int64},
        "number": {"mean": pl.Float64},
        "integer": {"mean": pl.Float64},
        "answer": {"correct": pl.Int64, "undecided": pl.Int64},
    }
    return own.get(kind.type, {})


def sum_up(votes: Votes, poll: Poll) -> dict[str, Any]:
    """Of every field the mode, the first of equals, and its share of all votes.

    Beside it the count of true (`_yes`) and the mean of numbers; `fault` is the most
    frequent reason why a vote could not be read.
    """
    read = [vote for vote in votes if isinstance(vote, dict)]
    faults = Counter(vote for vote in votes if isinstance(vote, str))
    summary: dict[str, Any] = {
        "votes": len(read),
        "unreadable": len(votes) - len(read),
        "fault": faults.most_common(1)[0][0] if faults else None,
    }
    for name, kind in poll.summary_fields.items():
        values = [vote[name] for vote in read]
        mode, count = Counter(values).most_common(1)[0] if values else (None, 0)
        summary |= {name: mode, f"{name}_share": count / len(votes)}
        if kind.type == "boolean":
            summary[f"{name}_yes"] = sum(values)
        if kind.type in ("number", "integer"):
            mean = sum(values) / len(values) if values else None
            summary[f"{name}_mean"] = mean
    return summary


def grade_answers(
    rows: pl.DataFrame, polled: list[Votes], field: str, grade: Grader
) -> tuple[list[Votes], list[dict[str, int]]]:
    """The votes about `rows` with one spelling for equal answers, and verdicts counted.

    The spelling is the first that was given. Of every row `<field>_correct` and
    `<field>_undecided` are counted; rows without a verifier have no verdicts.
    """
    samples = _list_answers(rows, polled, field)
    samples = samples.with_columns(_grade(samples, grade))
    counts = [{f"{field}_correct": 0, f"{field}_undecided": 0} for _ in polled]
    for number, correct in samples.select("number", "correct").rows():
        if correct is not False:
            counts[number][f"{field}_{'correct' if correct else 'undecided'}"] += 1
    polled = [list(votes) for votes in polled]
    for number, sample, first in _first_spellings(samples, grade):
        vote = polled[number][sample]
        assert isinstance(vote, dict)
        polled[number][sample] = {**vote, field: first}
    return polled, counts


def _list_answers(rows: pl.DataFrame, polled: list[Votes], field: str) -> pl.DataFrame:
    """A row a readable vote: number of its row, of the vote, and what judges it."""
    given = [
        (number, sample, vote[field])
        for number, votes in enumerate(polled)
        for sample, vote in enumerate(votes)
        if isinstance(vote, dict)
    ]
    schema = {"number": pl.Int64, "sample": pl.Int64, "extracted": pl.String}
    samples = pl.DataFrame(given, schema=schema, orient="row")
    golds = rows.with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64)).select(
        "number", "verifier", "answer", "verify_info", "problem", "domain"
    )
    samples = samples.join(golds, on="number", how="left", maintain_order="left")
    has_verifier = samples.filter(pl.col("verifier").is_not_null())
    return has_verifier.with_columns(id=pl.col("number").cast(pl.String))


def _grade(samples: pl.DataFrame, grade: Grader) -> pl.Series:
    """Column correct (Boolean): the verdicts on what was given."""
    golds = samples.select("verifier", "answer", "verify_info", "problem", "domain")
    verdicts = grade(
        [
            Answer(verifier, answer, info, f"\\boxed{{{text}}}", problem, domain)
            for (verifier, answer, info, problem, domain), text in zip(
                golds.rows(), samples["extracted"], strict=True
            )
        ]
    )
    return verdict_columns(verdicts)[0]


def _first_spellings(
    samples: pl.DataFrame, grade: Grader
) -> list[tuple[int, int, str]]:
    """(number, sample, spelling) of the samples whose answer has several spellings."""
    votes = pl.len().alias("most")
    bounds = samples.group_by("id", maintain_order=True).agg(votes, least=pl.lit(1))
    voted = merge_equal_votes(cast_votes(samples), samples, bounds, grade)
    voted = voted.filter(pl.col("vote").is_not_null()).with_columns(
        first=pl.col("extracted").first().over("number", "vote")
    )
    return voted.select("number", "sample", "first").rows()

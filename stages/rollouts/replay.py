"""Completions that somebody recorded, as if they had been sampled here.

They are matched to problems by `key`: what counts is the text of the problem, and
not where it was found. Every recording of a problem is taken, for they are paid
for. Why one stopped and how many tokens it had is known where columns say so, and
null elsewhere; a value that cannot be read is null and counted. Seeds are null.

In the place of a recording, `solutions` stands for the traces that came with the rows
in their own column of that name: those that a model wrote, and neither people nor
somebody whom the source does not name.
"""

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any, ClassVar, Literal, NamedTuple

import polars as pl
from pydantic import Field, field_validator, model_validator

from pipeline.chats import Completion, read_completions, read_question
from pipeline.errors import UserError
from pipeline.locations import DataLocation
from pipeline.readers import Row, Unreadable
from pipeline.rows import nested, read_column
from pipeline.schema import REFERENCE_AUTHORS, ROLLOUT
from pipeline.surrogates import mend_surrogates
from pipeline.text import as_text, fingerprint
from stages.sources._load import read_problems

BATCH = 1000  # rows of a file held at once, for a row may hold megabytes
BESIDE = ("finish_reason", "is_complete", "n_tokens", "models")

# What engines and servers call the ends that ROLLOUT knows; whether one is complete.
STOPS = "stop", "eos", "eos_token", "end_turn", "stop_sequence", "true"
ENDS = {
    **dict.fromkeys(STOPS, "stop"),
    **dict.fromkeys(("length", "max_tokens", "false"), "length"),
    "prompt_too_long": "prompt_too_long",
}
NULL = (None, "")  # what CSV leaves empty is a text
ABSENT = object()


class Recording(DataLocation):
    """Recorded completions: files (`path`), or a Hub dataset at a pinned revision.

    Columns inside others are named with dots. `problem`: a column with a text or a chat
    of one user's turn, or several, whose texts are joined as a source joins them; with
    an `adapter`, what that reads from a row, its names in `columns`, as a source does.
    `pattern`: the problem is what the first group of this regular expression matches
    in that. `completions`: columns that hold a text, a chat, what a server gave back,
    or a list of such (`pipeline/chats.py`). `model` names who wrote them; without it,
    they do themselves, or else the column's first name.

    One column for each of `completions`, with lists in step where it holds lists:
    `finish_reason` (texts), `n_tokens` (whole numbers), `models` (who wrote each, asked
    before `model`), and `is_complete` (true or false), which is asked where no finish
    reason is recorded.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "problem", "columns", "completions", *BESIDE
    )  # fmt: skip

    problem: str | tuple[str, ...] = "problem"
    adapter: str = ""
    columns: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    pattern: re.Pattern[str] = re.compile("(.*)", re.DOTALL)
    completions: tuple[str, ...] = Field(default=("completion",), min_length=1)
    model: str = ""
    finish_reason: tuple[str, ...] = ()
    is_complete: tuple[str, ...] = ()
    n_tokens: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    @field_validator("pattern")
    @classmethod
    def _has_a_group(cls, pattern: re.Pattern[str]) -> re.Pattern[str]:
        if not pattern.groups:
            raise ValueError("expected a group (…) around the problem")
        return re.compile(pattern.pattern, re.DOTALL)

    @model_validator(mode="after")
    def _reads_problems_in_one_way(self) -> "Recording":
        if self.adapter and "problem" in self.model_fields_set:
            raise ValueError(
                "`adapter` reads the problems, or `problem` names a column"
            )
        if self.columns and not self.adapter:
            raise ValueError("`columns` are those of an `adapter`, which is missing")
        return self

    @model_validator(mode="after")
    def _one_beside_each(self) -> "Recording":
        for name in BESIDE:
            columns = len(getattr(self, name))
            if columns not in (0, len(self.completions)):
                raise ValueError(
                    f"`{name}` names {columns} columns, and `completions` "
                    f"{len(self.completions)}: give one for each, or none"
                )
        return self


class Recorded(NamedTuple):
    """A recorded completion."""

    key: str
    model: str
    completion: str
    finish_reason: str | None
    n_tokens: int | None


Replay = Recording | Literal["solutions"]


def read_recordings(
    recordings: tuple[Replay, ...], problems: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """ROLLOUT without ids and pass: the recorded completions of the problems, numbered.

    They come in tables of bounded size. A column that no row of a file has is a
    UserError. Rows and values that cannot be used are counted on stderr, by file and
    fault.
    """
    keys = frozenset(problems["key"])
    schema = {name: ROLLOUT[name] for name in Recorded._fields}
    counts = Counter[str]()
    every = chain.from_iterable(_read(each, problems, keys) for each in recordings)
    while batch := list(islice(every, BATCH)):
        numbers = []
        for recorded in batch:
            numbers.append(counts[recorded.key])
            counts[recorded.key] += 1
        yield pl.DataFrame(batch, schema=schema, orient="row").with_columns(
            sample=pl.Series(numbers, dtype=ROLLOUT["sample"]),
            seed=pl.lit(None, ROLLOUT["seed"]),
        )
    print(
        f"rollouts: {len(counts):,} of {problems.height:,} problems "
        f"have {counts.total():,} recorded completions",
        file=sys.stderr,
    )


def _read(
    recording: Replay, problems: pl.DataFrame, keys: frozenset[str]
) -> Iterator[Recorded]:
    if recording == "solutions":
        yield from _solutions(problems)
    else:
        for name, table in recording.tables():
            yield from _read_table(name, table, recording, keys)


def _solutions(problems: pl.DataFrame) -> Iterator[Recorded]:
    """What models wrote of the column `solutions`, in the order of the rows."""
    for key, solutions in problems.select("key", "solutions").iter_rows():
        for solution in solutions or ():
            if solution["model"] not in (None, *REFERENCE_AUTHORS):
                yield Recorded(key, solution["model"], solution["text"], None, None)


def _read_table(
    name: str,
    table: Iterator[Row | Unreadable],
    recording: Recording,
    keys: frozenset[str],
) -> Iterator[Recorded]:
    """The completions of the problems with `keys`, in the order of the table."""
    faulty = defaultdict[str, list[int]](list)
    beside = (name for kind in BESIDE for name in getattr(recording, kind))
    asked = () if recording.adapter else _names(recording.problem)
    absent = {*asked, *recording.completions, *beside}
    find_problem = _problem_finder(recording)
    columns: Iterable[str] = ()
    numbered = enumerate(table)
    while batch := list(islice(numbered, BATCH)):
        problems = [find_problem(row) for _, row in batch]
        texts = pl.DataFrame({"problem": problems}, {"problem": pl.String})
        digests = texts.select(fingerprint(pl.col("problem"))).to_series()
        for (number, row), problem, key in zip(batch, problems, digests, strict=True):
            faults: set[str] = set()
            if isinstance(row, Unreadable):
                faults.add("cannot be read")
            else:
                columns = row
                absent = {
                    name for name in absent if nested(row, name, ABSENT) is ABSENT
                }
                if problem is None:
                    where = "`, `".join(asked) or recording.adapter
                    how = "have no problem in" if asked else "are no problem to"
                    faults.add(f"{how} `{where}`")
                elif key in keys:
                    yield from _completions(key, row, recording, faults)
            for fault in faults:
                faulty[fault].append(number)
    if columns and absent:
        raise UserError(
            f"{name}: no row has the column {min(absent)!r}",
            hint=f"it has {', '.join(sorted(columns))}",
        )
    for fault, rows in sorted(faulty.items()):
        print(
            f"rollouts: {len(rows):,} rows of {name} {fault}; "
            f"the first is row {rows[0]}",
            file=sys.stderr,
        )


def _names(columns: str | tuple[str, ...]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else columns


def _problem_finder(recording: Recording) -> Callable[[Row | Unreadable], str | None]:
    """What finds the text of the problem in a row; UserError for no known adapter."""
    columns, adapter = recording.columns, recording.adapter
    read = read_problems(adapter, columns) if adapter else None

    def find(row: Row | Unreadable) -> str | None:
        if isinstance(row, Unreadable):
            return None
        whole = read(row) if read else read_column(row, recording.problem)
        text = whole if read else read_question(whole)
        match = text is not None and recording.pattern.search(text)
        return mend_surrogates(match[1]) if match else None

    return find


def _completions(
    key: str, row: Row, recording: Recording, faults: set[str]
) -> Iterator[Recorded]:
    for index, column in enumerate(recording.completions):
        found = read_completions(value := nested(row, column))
        if value not in (None, "", []) and all(each.text is None for each in found):
            faults.add(f"have no completion in `{column}`")
        ends, completes, counts, authors = (
            _align(row, getattr(recording, name)[index : index + 1], found, faults)
            for name in BESIDE
        )
        model = recording.model
        beside = zip(found, ends, completes, counts, authors, strict=True)
        for each, end, complete, count, by in beside:
            if each.text is not None:
                end = end if end not in NULL else each.end
                count = count if count not in NULL else each.n_tokens
                reason = _read_end(end, faults) or _read_end(complete, faults)
                author = as_text(by) or model or each.model or column.partition(".")[0]
                tokens = _read_count(count, faults)
                # JSON inside a text may hold half a pair that its file does not.
                author, text = mend_surrogates((author, each.text))
                yield Recorded(key, author, text, reason, tokens)


def _align(
    row: Row, column: tuple[str, ...], found: list[Completion], faults: set[str]
) -> list[Any]:
    """One value of `column` for each text; nulls where the lists are out of step."""
    value = nested(row, column[0]) if column else None
    values = _listed(value)
    if value is not None and len(values) == len(found):
        return values
    if value is not None and any(each.text is not None for each in found):
        faults.add(f"have more or fewer values in `{column[0]}` than completions")
    return [None] * len(found)


def _read_end(value: object, faults: set[str]) -> str | None:
    if value in NULL:
        return None
    end = ENDS.get(str(value).strip().lower())
    if end is None:
        faults.add(f"end in an unknown way: expected one of {', '.join(ENDS)}")
    return end


def _read_count(value: Any, faults: set[str]) -> int | None:
    """A number of tokens. Files that know no integers say 12.0, and CSV "12"."""
    if value in NULL:
        return None
    with suppress(OverflowError, TypeError, ValueError):
        number = -1.0 if isinstance(value, bool) else float(value)
        if 0 <= number < 2**31 and number.is_integer():
            return int(number)
    faults.add("have a count of tokens that is no whole number")
    return None


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]

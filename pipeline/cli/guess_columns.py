"""The columns of a file: their names, those inside of objects too, and kinds."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.readers import Row
from pipeline.rows import nested
from pipeline.text import as_text

LISTED = 20  # columns in a message
DEPTH = 3  # of names inside of objects
# What is said about a problem or a trace in a column of its own.
MEASURED = {
    "score", "reward", "rate", "difficulty", "level", "rating", "system", "role",
    "model", "language", "lang", "subject", "topic", "category", "split", "source",
}  # fmt: skip
# What is said about a problem or an answer, and is neither.
BESIDE = {"id", "type", "index", "idx", "start", "end", "length", "count", "source"}
# What people call what, the likeliest first.
NAMES: dict[str, tuple[str, ...]] = {
    "problem": (
        "problem", "question", "prompt", "query", "instruction", "task", "input",
        "messages", "conversations", "text",
    ),
    "answer": (
        "final_answer", "answer", "gold_answer", "gold", "expected_answer",
        "ground_truth", "target", "label", "answers", "solution", "output",
    ),
    "completions": (
        "completions", "completion", "responses", "response", "generations",
        "generation", "samples", "rollouts", "model_output", "predictions",
        "prediction", "generated", "attempts", "candidates", "outputs", "output",
        "choices",
    ),
}  # fmt: skip
# Where one text is not all of a problem: what goes in front of it, or behind it.
INTRODUCED = ("context", "passage", "body")
CONTINUED = {"instruction": ("input", "context")}


@dataclass(frozen=True)
class Column:
    """A column by its dotted name, with what it holds and its first value as text."""

    name: str
    kind: str
    filled: float
    length: int
    is_counted: bool
    example: str


class Context(NamedTuple):
    """The columns that are the problem together, in order, and why."""

    names: tuple[str, str]
    why: str


def find_context(problem: str, columns: list[Column]) -> Context | None:
    """The text beside the column `problem` that belongs to it, by its name."""
    parent, _, last = problem.rpartition(".")
    behind = CONTINUED.get(last.lower(), ())
    for column in columns:
        beside, _, name = column.name.rpartition(".")
        if column.kind != "text" or beside != parent or column.name == problem:
            continue
        if name.lower() in (*behind, *INTRODUCED):
            is_behind = name.lower() in behind
            pair = (problem, column.name) if is_behind else (column.name, problem)
            share = f"{column.filled:.0%} full"
            return Context(pair, f"{column.name!r}, {share}, belongs to it by its name")
    return None


def describe_columns(rows: list[Row]) -> list[Column]:
    """Every column of `rows`, in the order in which they come up."""
    return [_describe(name, rows) for name in _names(rows)]


def find_by_name(wanted: str, columns: list[Column]) -> Column | None:
    """The column that is called likeliest; a part of a name counts behind the whole."""
    for name in NAMES[wanted]:
        for column in columns:
            if column.name.rpartition(".")[2].lower() == name:
                return column
    for name in NAMES[wanted]:
        for column in columns:
            *_, last = parts = split_name(column.name)
            if name in parts and last not in BESIDE:
                return column
    return None


def split_name(name: str) -> list[str]:
    """The words of a name: `answerKey`, `answer_key` and `Answer key` have the same."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return re.split(r"[\W_]+", spaced.lower())


def list_names(columns: list[Column]) -> str:
    """The columns and what they hold, as many as can be read."""
    shown = ", ".join(f"{c.name} ({c.kind})" for c in columns[:LISTED])
    more = len(columns) - LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def _names(rows: list[Row]) -> list[str]:
    """Every name, with those inside of objects as `a.b`."""
    names = (name for row in rows for name in _inner_names(row, DEPTH))
    return list(dict.fromkeys(names))


def _inner_names(row: Row, depth: int) -> Iterator[str]:
    for name, value in row.items():
        yield name
        if isinstance(value, dict) and depth:
            yield from (f"{name}.{inner}" for inner in _inner_names(value, depth - 1))


def _describe(name: str, rows: list[Row]) -> Column:
    values = [v for row in rows if (v := nested(row, name)) not in (None, "", [], {})]
    texts = [as_text(value) or str(value) for value in values]
    lengths = sorted(map(len, texts))
    return Column(
        name,
        _kind(values),
        len(values) / len(rows),
        lengths[len(lengths) // 2] if lengths else 0,
        _is_counted(texts),
        " ".join(texts[0].split()) if texts else "",
    )


def _is_counted(texts: list[str]) -> bool:
    """Whether a column numbers its rows."""
    if len(texts) < 2 or not texts[0].isdecimal():
        return False
    return texts == [str(int(texts[0]) + number) for number in range(len(texts))]


def _kind(values: list[Any]) -> str:
    """What most values are, in a word or two."""
    kinds = [_kind_of(value) for value in values]
    return max(kinds, key=kinds.count, default="nothing")


def _kind_of(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "chat" if {"role", "from"} & value[0].keys() else "list of objects"
    if isinstance(value, list):
        return f"list of {_kind_of(value[0]).rstrip('s')}s" if value else "list"
    names = {str: "text", bool: "yes or no", int: "number", float: "number"}
    return names.get(type(value), "object" if isinstance(value, dict) else "value")

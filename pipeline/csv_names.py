"""Whether the first line of a CSV names its columns, and how they are called."""

import re
from collections.abc import Callable, Collection, Sequence

from pipeline.errors import shorten

NAME = re.compile(r"(?![\d.]+$)[^?!=\\]{0,60}")
# Where one of these stands in the first line, it is of names.
KNOWN = {
    "answer", "completion", "gold", "id", "index", "input", "instruction", "label",
    "output", "prediction", "problem", "prompt", "query", "question", "response",
    "solution", "target", "text",
}  # fmt: skip
MOST_WORDS = 6  # of a column's name
MOST_TOLD = 100  # characters of the first line


def is_head(
    first: list[str],
    rows: list[list[str]],
    named: Collection[str],
    tell: Callable[[str], None],
) -> bool:
    """Whether the first of the `rows` names the columns.

    What nothing decides, neither names that are known nor those that somebody asks for,
    is decided by how the line reads, and told.
    """
    names, numbers = list(map(_mend_name, first)), _numbers(first)
    asked = set(named) - set(numbers)
    known = sum(name.lower() in KNOWN for name in names)
    if names == numbers or known > 1 or not asked.isdisjoint(names):
        return True
    if len(asked) < len(set(named)):
        return False
    is_head = _are_names(first, rows)
    line = shorten(", ".join(first), MOST_TOLD)
    if not is_head:
        tell(
            f"the first line, {line!r}, is read as a row, and columns are called "
            f"{numbers[0]} to {numbers[-1]}; name one by its text there if it has names"
        )
    elif not known:
        tell(
            f"the first line, {line!r}, is read as the names of the columns; name them "
            'by their numbers, such as `problem: "0"` or --column problem=0, if it is '
            "a row"
        )
    return is_head


def name_columns(first: list[str], rows: list[list[str]]) -> list[str]:
    """The names; R writes none above the numbers of its rows."""
    is_numbered = [row[0] for row in rows[1:]] == _numbers(rows)[1:]
    is_short = {len(row) for row in rows[1:]} == {len(first) + 1}
    return [*[""] * (is_short and is_numbered), *map(_mend_name, first)]


def _numbers(record: Sequence[object]) -> list[str]:
    return list(map(str, range(len(record))))


def _mend_name(name: str) -> str:
    """A column's name; bytes in it that are no UTF-8 are U+FFFD."""
    return name.strip().encode(errors="surrogateescape").decode(errors="replace")


def _are_names(first: list[str], rows: list[list[str]]) -> bool:
    """Whether the first record names the columns, and is no row like the next ones."""
    if not all(map(is_name, first)) or are_known(first):
        return all(map(is_name, first))
    rows = [row for row in rows if len(row) == len(first)]
    columns = list(zip(*rows[1:], strict=True))
    if len(rows) < 3:
        return True
    pairs = [pair for pair in zip(first, columns, strict=True) if pair[0].strip()]
    is_phrase = any(len(field.split()) > 2 for field in first)
    if is_phrase and all(_is_as_long(*pair) for pair in pairs):
        return False
    return not any(_is_repeated(*pair) for pair in pairs)


def _is_as_long(field: str, column: tuple[str, ...]) -> bool:
    lengths = sorted(map(len, column))
    return lengths[0] <= len(field) <= lengths[-1]


def _is_repeated(field: str, column: tuple[str, ...]) -> bool:
    """Whether a field stands in other rows too, or most of them begin with its word."""
    word, *others = field.split()
    alike = sum(text.split()[:1] == [word] for text in column)
    return field in column or bool(others and alike * 2 > len(column))


def are_known(fields: list[str]) -> bool:
    return any(field.strip().lower() in KNOWN for field in fields)


def is_name(field: str) -> bool:
    """Whether a field of the first line may be a column's name: short, no number."""
    words = field.split()
    is_sentence = len(words) > 2 and field.rstrip().endswith((".", "。", ":"))
    is_short = bool(NAME.fullmatch(field.strip())) and len(words) <= MOST_WORDS
    return is_short and not is_sentence

"""Rows of CSV and TSV, and a way on behind a quote that nobody closes.

The first line names the columns, unless it reads like a row: then they are called 0,
1, 2. Where a record is broken, or swallows lines and has the wrong number of fields,
its first line alone is lost, and reading goes on at the second; a line that has ends of
another kind inside is several, and one whose quotes have backslashes before them is
read.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator

from pipeline.rows import Row, Unreadable, check_row, unique_names, unreadable
from pipeline.streams import UntilBroken, split_lines
from pipeline.surrogates import is_text

MOST_LINES = 5_000  # of a record: a quote may be open for no longer
DELIMITERS = ",;\t|"
NAME = re.compile(r"(?![\d.]+$)[^\n?!=\\]{0,60}")
SEPARATOR = re.compile(r"(?i)sep=(.)")  # what Excel writes above the names
LINE_END = re.compile(r"\r\n?|\n")
MOST_WORDS = 6  # of a column's name
csv.field_size_limit(1 << 30)


def read_csv(pieces: Iterator[bytes], delimiter: str) -> Iterator[Row | Unreadable]:
    """Rows by the names of their columns.

    `delimiter` gives way to another that the first line has instead. Raises
    BrokenStream behind the last row where `pieces` do.
    """
    whole = UntilBroken(split_lines(pieces))
    lines = _Lines(line.decode(errors="surrogateescape") for line in whole)
    first = lines.peek()
    if separator := SEPARATOR.fullmatch(first):
        next(lines)
        delimiter = separator[1]
    elif delimiter not in first:
        delimiter = max(DELIMITERS, key=lambda sign: (first.count(sign), sign == ","))
    names: list[str] | None = None
    number = 0
    for record in _records(lines, delimiter):
        if names is None and isinstance(record, list):
            numbers = list(map(str, range(len(record))))
            if all(map(_is_name, record)) or record == numbers:
                names = unique_names(map(_mend_name, record))
                continue
            names = numbers
        yield _read_record(number, record, names or [])
        number += 1
    whole.check()


class _Lines(Iterator[str]):
    """Lines with their ends, of which some may be put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []

    def peek(self) -> str:
        """The first line; "" where there is none."""
        line = next(self._lines, "")
        self._waiting.append(line)
        return line

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise csv.Error(f"a quote is open for more than {MOST_LINES:,} lines")
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.taken.append(line)
        return f"{line}\n"

    def retry(self) -> str:
        """Put back all that was taken but the first line, and give that.

        Where it has line ends inside, they are that, and what follows is put back too.
        """
        first, *others = self.taken
        first, *inside = LINE_END.split(first)
        self._waiting.extendleft(reversed(inside + others))
        self.taken = []
        return first


def _records(lines: _Lines, delimiter: str) -> Iterator[list[str] | Unreadable]:
    """Fields of every record; a broken one is the line that it begins with."""
    width = 0
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    at = 1
    while True:
        lines.taken = []
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            detail = f"not CSV: {error}, in the record from line {at:,} on"
        else:
            width = width or len(fields)
            if len(lines.taken) < 2 or len(fields) == width:
                at += len(lines.taken)
                if fields:
                    yield fields
                continue
            detail = f"expected {width} columns, found {len(fields)}, from line {at:,}"
        line = lines.retry()
        at += 1
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        fields = _read_alone(line, delimiter)
        width = width or len(fields)
        if fields and len(fields) == width:
            yield fields
        else:
            yield unreadable(0, detail, line)


def _read_alone(line: str, delimiter: str) -> list[str]:
    r"""The fields of a line that is broken as the first of a record; [] for none.

    In a TSV a quote is most often only a quote. Elsewhere it may be written as \".
    """
    if delimiter == "\t":
        return line.split(delimiter)
    doubled = line.replace('\\"', '""')
    try:
        return next(csv.reader([doubled], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _read_record(
    number: int, record: list[str] | Unreadable, names: list[str]
) -> Row | Unreadable:
    if isinstance(record, Unreadable):
        return Unreadable(number, record.detail, record.excerpt)
    detail = f"expected {len(names)} columns, found {len(record)}"
    if len(record) == len(names):
        if all(map(is_text, record)):
            return dict(zip(names, record, strict=True))
        return check_row(number, dict(zip(names, record, strict=True)))
    return unreadable(number, detail, ",".join(record))


def _mend_name(name: str) -> str:
    """A column's name; bytes in it that are no UTF-8 are U+FFFD."""
    return name.strip().encode(errors="surrogateescape").decode(errors="replace")


def _is_name(field: str) -> bool:
    """Whether a field of the first line may be a column's name: short, no number."""
    words = field.split()
    is_sentence = len(words) > 2 and field.rstrip().endswith((".", "。", ":"))
    is_short = bool(NAME.fullmatch(field.strip())) and len(words) <= MOST_WORDS
    return is_short and not is_sentence

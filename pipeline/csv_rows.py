"""Rows of CSV and TSV, and a way on behind a quote that nobody closes.

The first line names the columns, unless it reads like a row, by itself or beside the
next ones: then they are called 0, 1, 2. A column that the reader asks for decides it,
and what nothing decides is told (`csv_names`). A title or comments above it are told,
too. Where a record is broken, or swallows lines and has the wrong number of fields, its
first line alone is lost, and reading goes on at the second; a line that has ends of
another kind inside is several, and one whose quotes have backslashes before them is
read.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Collection, Iterator
from itertools import chain, dropwhile, islice

from pipeline.csv_names import are_known, is_head, is_name, name_columns
from pipeline.rows import Row, Unreadable, check_row, unique_names, unreadable
from pipeline.streams import UntilBroken, split_lines
from pipeline.surrogates import is_text

MOST_LINES = 5_000  # of a record: a quote may be open for no longer
DELIMITERS = ",;\t|"
NO_DELIMITER = "\x1f"
HEAD = 20  # lines, and records, that tell the layout
SEPARATOR = re.compile(r'(?i)"?sep=(.)"?')  # what Excel writes above the names
LINE_END = re.compile(r"\r\n?|\n")
csv.field_size_limit(1 << 30)


def read_csv(
    pieces: Iterator[bytes],
    delimiter: str,
    named: Collection[str],
    tell: Callable[[str], None],
) -> Iterator[Row | Unreadable]:
    """Rows by the names of their columns.

    `delimiter` gives way to another that the first line has instead. The first line is
    of names where one of the `named` columns stands in it, and a row where one is a
    number; `tell` is told what is taken for granted. Raises BrokenStream behind the
    last row where `pieces` do.
    """
    whole = UntilBroken(split_lines(pieces))
    lines = _Lines(line.decode(errors="surrogateescape") for line in whole)
    titles = list(_take_titles(lines))
    yield from map(_tell_title, range(len(titles)), titles)
    delimiter = _find_delimiter(lines, delimiter)
    records = _records(lines, delimiter)
    head = list(islice(records, HEAD))
    names: list[str] | None = None
    number = len(titles)
    for record in chain(head, records):
        if names is None and isinstance(record, list):
            rows = [row for row in head if isinstance(row, list)]
            if is_head(record, rows, named, tell):
                names = unique_names(name_columns(record, rows))
                continue
            names = list(map(str, range(len(record))))
        yield _read_record(number, record, names or [])
        number += 1
    whole.check()


def looks_like_table(start: bytes) -> bool:
    """Whether a text begins with a line of names and one of as many fields."""
    lines = start.decode(errors="replace").splitlines()[:2]
    sign = _most_frequent(lines[0]) if lines else ","
    fields = [_read_alone(line, sign) for line in lines]
    widths = set(map(len, fields))
    is_table = len(lines) == 2 and len(widths) == 1 and widths != {1}
    return is_table and all(map(is_name, fields[0]))


def _find_delimiter(lines: "_Lines", delimiter: str) -> str:
    """What stands between fields: Excel's choice, or what the first line has."""
    first, *others = lines.look(HEAD) or [""]
    if separator := SEPARATOR.fullmatch(first):
        next(lines)
        return separator[1]
    if delimiter in first:
        sign = _most_frequent("".join(others))
        is_in_all = others and all(sign in line for line in (first, *others))
        return delimiter if delimiter in "".join(others) or not is_in_all else sign
    if not any(sign in first for sign in DELIMITERS):
        counts = {len(_read_alone(line, delimiter)) for line in others if line.strip()}
        if len(counts) > 1:
            return NO_DELIMITER  # a single column, whose texts have commas at times
    return _most_frequent(first)


def _most_frequent(line: str) -> str:
    return max(DELIMITERS, key=lambda sign: (line.count(sign), sign == ","))


def _take_titles(lines: "_Lines") -> Iterator[str]:
    """The lines above the names of the columns: a title, or comments."""
    while len(head := list(filter(str.strip, lines.look(HEAD)))) > 2:
        first, *others = head
        others = list(dropwhile(_is_title, others))[:2]
        sign = _most_frequent(others[0] if others else "")
        title, *table = (_read_alone(line, sign) for line in (first, *others))
        if SEPARATOR.fullmatch(first) or are_known(title) or len(table) < 2:
            return
        names, row = table
        is_comment = first.startswith("#") and not all(map(is_name, row))
        are_names = all(map(is_name, names)) and _fits(row, len(names))
        is_alone = len(title) == 1 < len(names)
        is_no_row = first.startswith("#") and is_alone and len(row) == len(names)
        if not ((are_names and (is_comment or is_alone)) or is_no_row):
            return
        while (line := next(lines).rstrip("\n")) != first:
            pass
        yield line


def _is_title(line: str) -> bool:
    return line.startswith("#") or not any(sign in line for sign in DELIMITERS)


def _tell_title(number: int, line: str) -> Unreadable:
    return unreadable(number, "a line above the names of the columns", line)


class _Lines(Iterator[str]):
    """Lines with their ends, of which some may be put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self.taken: list[str] = []

    def look(self, count: int) -> list[str]:
        """The next lines, which stay."""
        missing = max(count - len(self._waiting), 0)
        self._waiting.extend(islice(self._lines, missing))
        return list(islice(self._waiting, count))

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
            if len(lines.taken) < 2 or _fits(fields, width):
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
        if fields and _fits(fields, width):
            yield fields
        else:
            yield unreadable(0, detail, line)


def _read_alone(line: str, delimiter: str) -> list[str]:
    r"""The fields of a line that is broken as the first of a record; [] for none.

    In a TSV a quote is most often only a quote. Elsewhere it may be written as \", or
    have spaces behind it that are no text.
    """
    if delimiter == "\t":
        return line.split(delimiter)
    doubled = re.sub(
        rf'(?<!")" +(?={re.escape(delimiter)}|$)', '"', line.replace('\\"', '""')
    )
    try:
        return next(csv.reader([doubled], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _read_record(
    number: int, record: list[str] | Unreadable, names: list[str]
) -> Row | Unreadable:
    if isinstance(record, Unreadable):
        return check_row(number, record)
    detail = f"expected {len(names)} columns, found {len(record)}"
    if _fits(record, len(names)):
        record = record[: len(names)]
        if all(map(is_text, record)):
            return dict(zip(names, record, strict=True))
        return check_row(number, dict(zip(names, record, strict=True)))
    return unreadable(number, detail, ",".join(record))


def _fits(record: list[str], width: int) -> bool:
    """Whether a record has so many fields, and behind them at most empty ones."""
    return len(record) == width or (len(record) > width and not any(record[width:]))

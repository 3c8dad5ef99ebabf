"""Rows of JSON in every layout that people store tables in.

Lines with an object each; objects that follow each other, pretty-printed or glued; an
array; one object that holds tables (`json_tables`). A value is decoded as soon as its
text is there. What is broken costs the row or the line
that it stands in; reading goes on at the next line that opens an object.
"""

import codecs
import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from pipeline.json_tables import unfold
from pipeline.rows import Row, Unreadable, check_row, unreadable
from pipeline.streams import PIECE, UntilBroken, split_lines
from pipeline.surrogates import is_text

DECODER = json.JSONDecoder(strict=False)  # a raw tab in a text does no harm
BETWEEN = re.compile(r"[\s,\ufeff]*")
OPENS_OBJECT = re.compile(rb'\s*(\[\s*)?\{\s*"')
LINE_OF_VALUE = re.compile(r"\n([ \t]*)(?=[\[{])")
LINE_OF_OBJECT = re.compile(r"\n([ \t]*)(?=\{)")
HEAD = 20  # lines that tell the layout
NEAR_END = 16  # what is broken this near to the end may only be cut there
LONGEST_START = 16 << 20  # bytes: a longer line that opens a list is a list of rows
LONGEST_VALUE = 1 << 29  # characters; a table in one object may be as long
LARGEST_VALUE = 3 << 29  # bytes of memory, as `_size` bounds them: a small compressed
# file may hold a value of a hundred million empty objects
TOO_LARGE = f"it may take more than {LARGEST_VALUE >> 20} MB of memory"


def read_lines(pieces: Iterator[bytes]) -> Iterator[Row | Unreadable]:
    """Rows of JSON lines, or of another layout.

    It is another where the first line goes on in the second, or no line is a whole row.
    Raises BrokenStream behind the last row where `pieces` do.
    """
    first, pieces = _read_start(UntilBroken(pieces))
    if first.removeprefix(codecs.BOM_UTF8)[:1] == b"[" and len(first) >= LONGEST_START:
        yield from read_values(pieces)
        return
    whole = UntilBroken(split_lines(pieces))
    lines = (line for line in whole if line.strip())
    head = list(_take_head(lines))
    is_open = head[:1] and head[0].rstrip().endswith((b"[", b"{", b",", b":"))
    if len(head) == 1 or is_open or not any(map(_is_row, head)):
        yield from read_values(_join_lines(chain(head, lines)))
    else:
        yield from _rows_of_lines(chain(head, lines))
    whole.check()


def read_values(pieces: Iterator[bytes]) -> Iterator[Row | Unreadable]:
    """Rows of an array, of values in a row, or of one object that holds a table.

    Raises BrokenStream behind the last row where `pieces` do.
    """
    whole = UntilBroken(pieces)
    text = _Text(whole)
    values = _values(text)
    head = list(islice(values, 2))
    if len(head) == 1 and isinstance(head[0], dict) and not text.has_array:
        head = unfold(head[0])
    for number, value in enumerate(chain(head, values)):
        yield check_row(number, value, suspect=text.is_suspect)
    whole.check()


def _read_start(pieces: UntilBroken) -> tuple[bytes, Iterator[bytes]]:
    """The first line, or as much of it as is looked at, and all `pieces` again."""
    seen, start = list[bytes](), b""
    while len(start) < LONGEST_START and (piece := next(pieces, None)) is not None:
        seen.append(piece)
        if b"\n" in piece or b"\r" in piece:
            break
        start += piece
    return start, _read_again(seen, pieces)


def _read_again(seen: list[bytes], pieces: UntilBroken) -> Iterator[bytes]:
    yield from seen
    yield from pieces
    pieces.check()


def _take_head(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The first lines; fewer where they are very long."""
    taken = 0
    for line in islice(lines, HEAD):
        yield line
        if (taken := taken + len(line)) > LONGEST_START:
            return


def _join_lines(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield from (line[at : at + PIECE] for at in range(0, len(line), PIECE))
        yield b"\n"


def _rows_of_lines(lines: Iterator[bytes]) -> Iterator[Row | Unreadable]:
    number = 0
    for line in lines:
        try:
            text = line.removeprefix(codecs.BOM_UTF8).decode()
            if _is_too_large(text):
                values = [unreadable(0, TOO_LARGE, text)]
            else:
                values = [DECODER.decode(text)]
        except UnicodeDecodeError as error:
            values = [unreadable(0, f"not UTF-8: {error}", line.decode("latin-1"))]
        except (ValueError, RecursionError):
            values = list(_glued(text))
            if values and not any(isinstance(each, dict | list) for each in values):
                detail = getattr(values[-1], "detail", "expected an object")
                values = [unreadable(0, detail, text)]
        for value in values:
            yield check_row(number, value, suspect=rb"\ud" in line.lower())
            number += 1


def _glued(line: str) -> Iterator[Any]:
    """The values that follow each other in a line, and what is broken behind them."""
    at = 0
    while (at := BETWEEN.match(line, at).end()) < len(line):  # type: ignore[union-attr]
        try:
            value, at = DECODER.raw_decode(line, at)
        except (ValueError, RecursionError) as error:
            yield unreadable(0, f"not JSON: {error}", line[at:])
            return
        yield value


def _is_row(line: bytes) -> bool:
    """Whether a line is a whole object or list; one that is indented is inside one."""
    line = line.removeprefix(codecs.BOM_UTF8)
    if line[:1] not in (b"{", b"["):
        return False
    try:
        text = line.decode()
        if not _is_too_large(text):
            json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_json(start: bytes, *, is_alone: bool) -> bool:
    """Whether a text that begins with `start` holds objects.

    `is_alone`: its first line has to be a value, or to open one, and hold nothing else,
    as a table may have JSON in its first cell.
    """
    first = start.lstrip().partition(b"\n")[0].rstrip()
    if is_alone and not (_is_row(first) or first in (b"[", b"{", b"[{")):
        return False
    return bool(OPENS_OBJECT.match(start))


def _is_too_large(text: str) -> bool:
    return len(text) > LONGEST_START and _size(text) > LARGEST_VALUE


def _size(text: str) -> int:
    """Bytes that the values in `text` may take: each has a comma or a bracket."""
    return len(text) + 80 * sum(map(text.count, "[{,"))


class _Text:
    """Text that grows while it is read, and forgets what is behind."""

    def __init__(self, pieces: UntilBroken) -> None:
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._at = 0
        self._forgotten = 0
        self._indent = 0
        self.is_whole = False
        self.is_suspect = False
        self.has_array = False

    @property
    def place(self) -> int:
        """Characters that are behind."""
        return self._forgotten + self._at

    def excerpt(self) -> str:
        return self._text[self._at :]

    def peek(self) -> str:
        """The next character that is no space or comma; "" at the end."""
        while True:
            between = BETWEEN.match(self._text, self._at)
            if between and between[0]:
                self._at = between.end()
                self._indent = len(between[0].rpartition("\n")[2])
            if self._at < len(self._text) or self.is_whole:
                return self._text[self._at : self._at + 1]
            self._grow()

    def skip(self) -> None:
        self._at += 1

    def decode(self) -> Any:
        """The next value; ValueError or RecursionError where it is broken."""
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                may_be_cut = error.msg.startswith("Unterminated")
                may_be_cut |= error.pos > len(self._text) - NEAR_END
                if self.is_whole or not may_be_cut:
                    raise
            else:
                if end < len(self._text) or self.is_whole:
                    self._at = end
                    if end > LONGEST_START:
                        self._cut()
                    return value
            self._grow()

    def go_to_next(self, opening: re.Pattern[str]) -> bool:
        """Go to the next line that opens a value; False where there is none.

        A line that is indented further than the last value is inside it.
        """
        while True:
            for line in opening.finditer(self._text, self._at):
                if len(line[1]) <= self._indent:
                    self._at = line.end()
                    return True
            if self.is_whole:
                return False
            self._forget_lines()
            self._grow()

    def _forget_lines(self) -> None:
        """Forget all but the beginning of a line that may still open an object."""
        at = self._text.rfind("\n", max(self._at, len(self._text) - PIECE))
        may_open = at >= 0 and not self._text[at:].strip()
        self._at = at if may_open else len(self._text)

    def is_cut(self) -> bool:
        """Whether it ends here, and should not."""
        return self.is_whole and self._pieces.error is not None

    def _grow(self) -> None:
        """Read on: as much again as is there, so that all costs twice its length."""
        self._cut()
        if len(self._text) >= LONGEST_VALUE:
            raise ValueError(f"it is longer than {LONGEST_VALUE >> 20} MB")
        parts, self._text = [self._text], ""
        wanted = min(max(PIECE, len(parts[0])), LONGEST_VALUE - len(parts[0]))
        size = _size(parts[0])
        while wanted > 0 and size <= LARGEST_VALUE and not self.is_whole:
            parts.append(self._next())
            wanted -= len(parts[-1])
            size += _size(parts[-1])
            self.is_suspect |= r"\ud" in parts[-1].lower() or not is_text(parts[-1])
        self._text = "".join(parts)
        if size > LARGEST_VALUE:
            raise ValueError(TOO_LARGE)

    def _cut(self) -> None:
        """Forget what is behind."""
        self._forgotten += self._at
        self._text, self._at = self._text[self._at :], 0

    def _next(self) -> str:
        piece = next(self._pieces, None)
        self.is_whole = piece is None
        return self._decoder.decode(piece or b"", final=self.is_whole)


def _values(text: _Text) -> Iterator[Any]:
    """Values in a row, and those of arrays; Unreadable for what is broken."""
    in_array = False
    while sign := text.peek():
        if sign == ("]" if in_array else "["):
            text.skip()
            in_array = sign == "["
            text.has_array = True
            continue
        try:
            yield text.decode()
        except (ValueError, RecursionError) as error:
            if not text.is_cut():
                detail = f"truncated or broken at character {text.place:,}: {error}"
                yield unreadable(0, detail, text.excerpt())
            if not text.go_to_next(LINE_OF_OBJECT if in_array else LINE_OF_VALUE):
                return
    if in_array and not text.is_cut():
        detail = f"truncated at character {text.place:,}: no ] closes it"
        yield unreadable(0, detail, "")

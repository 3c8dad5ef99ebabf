"""The bytes of a file as UTF-8 text, whatever compresses and encodes them.

What a file is, its first bytes say, not its name: gzip, Zstandard, xz, bzip2, or a zip
with one file in it; UTF-8 or, by a byte order mark or the zeros of its first
characters, UTF-16 or UTF-32. A file is read in pieces and never stands in memory as a
whole. One that is cut off, has other bytes behind its compressed ones, or a line that
no row has, gives all that can be had and then raises `BrokenStream`.
"""

import bz2
import codecs
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

import zstandard

PIECE = 1 << 20  # bytes
LONGEST_LINE = 1 << 28  # bytes; a few that are compressed may hold gigabytes
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ZSTD = b"\x28\xb5\x2f\xfd"  # of a byte, thirty thousand may come
SKIPPED = tuple(bytes([0x50 + n, 0x2A, 0x4D, 0x18]) for n in range(16))  # zstd's frames
MOST_LAYERS = 3  # of compression: some files are compressed twice
WINDOW = 1 << 31  # bytes that zstd may look back, as with --long=31
# What opens a stream, and what reads it.
DECOMPRESSORS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    (ZSTD, lambda: zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
    (b"BZh", bz2.BZ2Decompressor),
)
ZIP = b"PK\x03\x04", b"PK\x05\x06"
ERRORS = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError,
    zipfile.BadZipFile, NotImplementedError, RuntimeError,
)  # fmt: skip


class BrokenStream(Exception):
    """What was given is all that can be had of the file, and not all of it."""


class UntilBroken(Iterator[bytes]):
    """`parts` up to where they raise BrokenStream, which `check` raises later."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self.error: BrokenStream | None = None

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except BrokenStream as error:
            self.error = error
            raise StopIteration from None

    def check(self) -> None:
        if self.error:
            raise self.error


def read_text(path: Path) -> Iterator[bytes]:
    """`path` as UTF-8 without a byte order mark, piece by piece.

    Half a surrogate pair in UTF-16 becomes bytes that are no UTF-8, and what is no
    UTF-8 in a file stays as it is. Raises BrokenStream at the end of what is whole.
    """
    pieces = read_bytes(path)
    first = b""
    while len(first) < 4 and (piece := next(pieces, None)) is not None:
        first += piece
    for mark, encoding in MARKS:
        if first.startswith(mark):
            # Programs that put one where one is leave two.
            first = first[len(mark) :].removeprefix(mark)
            yield from _decode(first, pieces, encoding)
            return
    yield from _decode(first, pieces, _guess_by_zeros(first[:4]))


def read_bytes(path: Path) -> Iterator[bytes]:
    """The decompressed bytes of `path`; BrokenStream where it is cut or damaged."""
    try:
        with path.open("rb") as file:
            head = file.read(6)
            file.seek(0)
            if head.startswith(ZIP):
                yield from _unzip(path)
                return
            size = PIECE
            if is_compressed(head):
                size >>= 7 if head.startswith((ZSTD, *SKIPPED)) else 4
            pieces = iter(lambda: file.read(size), b"")
            for _ in range(MOST_LAYERS):
                first = b""
                while len(first) < 6 and (piece := next(pieces, None)) is not None:
                    first += piece
                pieces = chain([first], pieces)
                if not is_compressed(first) or first.startswith(ZIP):
                    break
                pieces = _decompress(pieces)
            yield from pieces
    except ERRORS as error:
        raise BrokenStream(f"cannot be decompressed any further: {error}") from None


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins so is compressed."""
    return head.startswith((*(magic for magic, _ in DECOMPRESSORS), *SKIPPED, *ZIP))


def list_zip(path: Path) -> list[str]:
    """The names of the files in a zip; none where it is damaged, or no zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _members(archive)
    except ERRORS:
        return []


def is_hidden(name: str) -> bool:
    """Whether a file of an archive is one that macOS and others keep for themselves."""
    parts = [part for part in PurePosixPath(name).parts if part != ".."]
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _decompress(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Streams one behind the other, as `cat a.gz b.gz` leaves them."""
    rest = b""
    while rest := rest.lstrip(b"\0") or next(pieces, b""):
        if len(rest) < 8:
            rest += next(pieces, b"")
        if rest.startswith(SKIPPED):
            left = int.from_bytes(rest[4:8], "little") + 8
            while left > len(rest) and (piece := next(pieces, b"")):
                left, rest = left - len(rest), piece
            if left > len(rest):
                raise BrokenStream("the compressed file is cut off")
            rest = rest[left:]
            continue
        start = (make for magic, make in DECOMPRESSORS if rest.startswith(magic))
        if (make := next(start, None)) is None:
            if rest.strip(b"\0"):
                raise BrokenStream("other bytes follow the compressed ones")
            continue
        stream = make()
        yield from _unpack(stream, rest)
        while not stream.eof:
            if not (piece := next(pieces, b"")):
                raise BrokenStream("the compressed file is cut off")
            yield from _unpack(stream, piece)
        rest = stream.unused_data


def _unpack(stream: Any, piece: bytes) -> Iterator[bytes]:
    """What comes out of a piece; bit by bit where a few bytes may hold gigabytes."""
    if not isinstance(stream, bz2.BZ2Decompressor | lzma.LZMADecompressor):
        yield stream.decompress(piece)
        return
    yield stream.decompress(piece, PIECE)
    while not (stream.eof or stream.needs_input):
        yield stream.decompress(b"", PIECE)


def _unzip(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        names = _members(archive)
        if len(names) != 1:
            raise BrokenStream(
                f"a zip of {len(names)} files, one expected: {names[:5]}"
            )
        with archive.open(names[0]) as file:
            yield from iter(lambda: file.read(PIECE), b"")


def _members(archive: zipfile.ZipFile) -> list[str]:
    names = archive.namelist()
    return [name for name in names if not (name.endswith("/") or is_hidden(name))]


def _guess_by_zeros(head: bytes) -> str:
    """The encoding of a text that begins with two characters of ASCII."""
    zeros = tuple(byte == 0 for byte in head)
    if zeros in ((False, True, True, True), (True, True, True, False)):
        return "utf-32-be" if zeros[0] else "utf-32-le"
    if zeros == (False, True, False, True):
        return "utf-16-le"
    return "utf-16-be" if zeros == (True, False, True, False) else "utf-8"


def _decode(first: bytes, rest: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    pieces = chain([first] if first else [], rest)
    if encoding == "utf-8":
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for piece in pieces:
        yield _encode(decoder, piece)
    yield _encode(decoder, b"", final=True)


def _encode(
    decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False
) -> bytes:
    try:
        return decoder.decode(piece, final).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise BrokenStream(f"not {error.encoding}: {error.reason}") from None


def split_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    r"""Lines without their ends: \n, \r\n, or \r in a text that has no other.

    Raises what `pieces` raises, after the lines that are whole; what was left of a
    line then is none.
    """
    parts: list[bytes] = []
    end, length = b"", 0
    for piece in pieces:
        end = end or _line_end(piece)
        first, *others = piece.split(end or b"\n")
        parts.append(first)
        for other in others:
            yield b"".join(parts).removesuffix(b"\r")
            parts, length = [other], 0
        if (length := length + len(piece)) > LONGEST_LINE:
            raise BrokenStream(f"a line is longer than {LONGEST_LINE >> 20} MB")
    if last := b"".join(parts):
        yield last.removesuffix(b"\r")


def _line_end(piece: bytes) -> bytes:
    if b"\n" in piece:
        return b"\n"
    return b"\r" if b"\r" in piece.rstrip() else b""

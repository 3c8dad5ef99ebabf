"""Eight bytes of text at a time, as one number."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy import uint64

from pipeline.kernels.shards import Array, compiled

ONES = uint64(0x0101010101010101)
HIGH = uint64(0x8080808080808080)
BITS = uint64(0x7F7F7F7F7F7F7F7F)
PIECE = uint64(0x9FB21C651E98DF25)  # parts of a word are multiplied by it


@intrinsic  # type: ignore[untyped-decorator]
def eight_at(context: Any, data: Any, place: Any) -> Any:
    """The eight bytes of `data` from `place` on, as they stand in memory."""

    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, given[0])
        where = builder.gep(array.data, [given[1]])
        word = ir.IntType(64)
        return builder.load(builder.bitcast(where, word.as_pointer()), align=1)

    return types.uint64(data, types.int64), made


@intrinsic  # type: ignore[untyped-decorator]
def zeros(context: Any, value: Any) -> Any:
    """How many bits below the lowest one of `value` there are; 64 for 0."""

    def made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), made


@compiled
def loaded(data: Array, place: int) -> uint64:
    """As `eight_at`, with zeros behind the end of `data`."""
    value: uint64 = uint64(0)
    if place + 8 <= len(data):
        value = eight_at(data, place)
        return value
    for step in range(len(data) - place):
        value |= uint64(data[place + step]) << uint64(8 * step)
    return value


@compiled
def lowered(eight: uint64) -> uint64:
    """Eight bytes with A to Z in lower case."""
    low = eight & BITS
    from_a = low + ONES * uint64(0x80 - 65)
    after_z = low + ONES * uint64(0x80 - 91)
    capital = from_a & ~after_z & ~eight & HIGH
    return eight | (capital >> uint64(2))


@compiled
def next_high(data: Array, place: int, end: int) -> int:
    """The first byte from `place` on that is not ASCII, or `end`."""
    while place + 32 <= end:
        some = eight_at(data, place) | eight_at(data, place + 8)
        some |= eight_at(data, place + 16) | eight_at(data, place + 24)
        if some & HIGH:
            break
        place += 32
    while place < end:
        high = loaded(data, place) & HIGH
        if high:
            return min(place + int(zeros(high) >> uint64(3)), end)
        place += 8
    return end

"""Eight bytes of text at a time, as one number (SIMD within a register).

Text is read as little-endian uint64: the first byte is the lowest. Tests of all eight
bytes at once leave their answer in the highest bit of each.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy import uint64

from pipeline.kernels.shards import Array, compiled

ONES = uint64(0x0101010101010101)
HIGH = uint64(0x8080808080808080)
BITS = uint64(0x7F7F7F7F7F7F7F7F)
PIECE = uint64(0x9FB21C651E98DF25)  # parts of a word are multiplied by it


@intrinsic  # type: ignore[untyped-decorator]
def eight_at(context: Any, data: Any, position: Any) -> Any:
    """The eight bytes of `data` uint8 from `position` on, which must all be there."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, values[0])
        pointer = builder.gep(array.data, [values[1]])
        word = ir.IntType(64)
        return builder.load(builder.bitcast(pointer, word.as_pointer()), align=1)

    return types.uint64(data, types.int64), emit


@intrinsic  # type: ignore[untyped-decorator]
def copy_run(
    context: Any, target: Any, place: Any, source: Any, begin: Any, count: Any
) -> Any:
    """Copy `count` bytes of `source` from `begin` on to `place` in `target`.

    Both are uint8 and not one array. An assignment of slices takes ten times as long.
    """

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        into, place, data, begin, count = values
        pointers = [
            builder.gep(context.make_array(kind)(context, builder, array).data, [at])
            for kind, array, at in (
                (signature.args[0], into, place),
                (signature.args[2], data, begin),
            )
        ]
        cgutils.raw_memcpy(builder, *pointers, count, 1)
        return context.get_dummy_value()

    number = types.int64
    return types.void(target, number, source, number, number), emit


@intrinsic  # type: ignore[untyped-decorator]
def trailing_zeros(context: Any, value: Any) -> Any:
    """How many bits below the lowest one of `value` there are; 64 for 0."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), emit


@intrinsic  # type: ignore[untyped-decorator]
def bits_between(
    context: Any, data: Any, position: Any, fold: Any, low: Any, count: Any
) -> Any:
    """A bit for each of the 64 bytes from `position` on, the first byte's lowest.

    It is set where the byte, with the bits of `fold`, is one of `count` from `low` on.
    All of the bytes must be there.
    """

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, values[0])
        byte, bits = ir.IntType(8), ir.IntType(64)
        vector = ir.VectorType(byte, 64)
        nothing = ir.Constant(vector, ir.Undefined)
        first = ir.Constant(ir.VectorType(ir.IntType(32), 64), [0] * 64)

        def repeat(value: Any) -> Any:
            one = builder.trunc(value, byte) if value.type != byte else value
            one = builder.insert_element(nothing, one, ir.Constant(ir.IntType(32), 0))
            return builder.shuffle_vector(one, nothing, first)

        pointer = builder.gep(array.data, [values[1]])
        pointer = builder.bitcast(pointer, vector.as_pointer())
        read = builder.or_(builder.load(pointer, align=1), repeat(values[2]))
        place = builder.sub(read, repeat(values[3]))
        return builder.bitcast(
            builder.icmp_unsigned("<", place, repeat(values[4])), bits
        )

    numbers = [types.int64] * 4
    return types.uint64(data, *numbers), emit


@intrinsic  # type: ignore[untyped-decorator]
def count_ones(context: Any, value: Any) -> Any:
    """How many bits of `value` are set."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.ctpop(values[0])

    return types.int64(types.uint64), emit


@compiled
def first_bits(count: int) -> uint64:
    """The lowest `count` bits, one or more; 64 at most."""
    return ~uint64(0) >> uint64(64 - min(count, 64))


@compiled
def load_eight(data: Array, position: int) -> uint64:
    """As `eight_at`, with zeros behind the end of `data`."""
    value: uint64 = uint64(0)
    if position + 8 <= len(data):
        value = eight_at(data, position)
        return value
    for step in range(len(data) - position):
        value |= uint64(data[position + step]) << uint64(8 * step)
    return value


@compiled
def first_bytes(count: int) -> uint64:
    """A mask of the first `count` bytes, one to eight."""
    return ~uint64(0) >> uint64(64 - 8 * count)


@compiled
def at_least(ascii: uint64, byte: int) -> uint64:
    """The high bit of each byte that is no less than `byte`; `ascii` has none set."""
    return ascii + ONES * uint64(0x80 - byte)


@compiled
def equal_bytes(eight: uint64, byte: int) -> uint64:
    """The high bit of the first byte that is `byte`; 0 where there is none."""
    apart = eight ^ (ONES * uint64(byte))
    return (apart - ONES) & ~apart & HIGH


@compiled
def lowercase(eight: uint64) -> uint64:
    """Eight bytes with A to Z in lower case."""
    ascii = eight & BITS
    capital = at_least(ascii, 65) & ~at_least(ascii, 91) & ~eight & HIGH
    return eight | (capital >> uint64(2))


@compiled
def alphanumeric(low: uint64) -> uint64:
    """The high bit of each byte that is a digit or a letter, in lower case."""
    ascii = low & BITS
    letter = at_least(ascii, 97) & ~at_least(ascii, 123)
    digit = at_least(ascii, 48) & ~at_least(ascii, 58)
    return (letter | digit) & ~low & HIGH


@compiled
def skip_letters(data: Array, position: int, end: int) -> int:
    """Behind the ASCII letters from `position` on, `end` at most."""
    while position + 64 <= len(data):
        letters = bits_between(data, position, 0x20, 97, 26)
        run: Any = np.int64(trailing_zeros(~letters))
        position += run
        if run < 64:
            return min(position, end)
    while position < end and 97 <= (data[position] | 0x20) <= 122:
        position += 1
    return min(position, end)


@compiled
def next_non_ascii(data: Array, position: int, end: int) -> int:
    """The first byte from `position` on that is not ASCII, or `end`."""
    while position + 32 <= end:
        block = eight_at(data, position) | eight_at(data, position + 8)
        block |= eight_at(data, position + 16) | eight_at(data, position + 24)
        if block & HIGH:
            break
        position += 32
    while position < end:
        high = load_eight(data, position) & HIGH
        if high:
            return min(position + int(trailing_zeros(high) >> uint64(3)), end)
        position += 8
    return end


@compiled
def hold_non_ascii(data: Array, begins: Array, ends: Array) -> Array:
    """Whether there is a byte beyond ASCII from `begins[i]` to `ends[i]` (bool)."""
    out = np.zeros(len(begins), np.bool_)
    for row in range(len(begins)):
        out[row] = next_non_ascii(data, begins[row], ends[row]) < ends[row]
    return out

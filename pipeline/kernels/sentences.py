"""Sentences: where one begins, and whether two texts have the same in any order."""

import numpy as np
from numpy import uint64

from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.shards import Array, compiled

NEWLINE, EXCLAMATION, POINT = b"\n!."
COLON, SEMICOLON, QUESTION, CLOSE = b":;?]"
FULL_STOP = (0xE3, 0x80, 0x82)  # of Chinese and Japanese


@compiled
def sentence_bag(
    data: Array, begins: Array, codes: Array, ends: Array, starts: Array, stops: Array
) -> Array:
    """A uint64 for the sentences of each text, equal for equal bags of sentences.

    The tokens are those of `Tokens`, with spans; text i begins at `begins[i]` in
    `data`.
    """
    out = np.zeros(len(ends) - 1, uint64)
    for text in range(len(ends) - 1):
        bag, sentence = uint64(0), uint64(0)
        for token in range(ends[text], ends[text + 1]):
            if token > ends[text] and _is_break(
                data, begins[text] + stops[token - 1], begins[text] + starts[token]
            ):
                bag += fmix64(sentence)
                sentence = uint64(0)
            sentence = sentence * STEP + fmix64(codes[token])
        out[text] = bag + fmix64(sentence)
    return out


@compiled
def _is_break(data: Array, start: int, stop: int) -> bool:
    """Whether a sentence ends between two tokens."""
    for position in range(start, stop):
        byte = data[position]
        if byte in (NEWLINE, EXCLAMATION, POINT, SEMICOLON, QUESTION):
            return True
        if (
            byte == FULL_STOP[0]
            and position + 2 < stop
            and data[position + 1] == FULL_STOP[1]
            and data[position + 2] == FULL_STOP[2]
        ):
            return True
    return False


@compiled
def begins_sentence(data: Array, begin: int, start: int) -> bool:
    """Whether nothing, or the end of a sentence, is before the word at `start`.

    The text begins at `begin` in `data`.
    """
    position = start - 1
    while position >= begin and (
        data[position] <= 47 and data[position] not in (NEWLINE, POINT, EXCLAMATION)
    ):
        position -= 1
    if position < begin or data[position] in (NEWLINE, POINT, EXCLAMATION):
        return True
    return bool(data[position] in (QUESTION, COLON, CLOSE))

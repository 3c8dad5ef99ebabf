"""Brackets are counted 64 bytes at a time as they are one by one."""

from random import Random

import numpy as np
import pytest

from pipeline.kernels.differences import _open_brackets


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 127, 128, 300])
def test_open_brackets(size: int) -> None:
    draw = Random(size)
    text = "".join(draw.choice("()[]{}\\ab ") for _ in range(size))
    step = dict(zip("([{)]}", (1, 1, 1, -1, -1, -1), strict=True))
    opened = sum(
        step.get(sign, 0)
        for place, sign in enumerate(text)
        if sign in "{}" or place == 0 or text[place - 1] != "\\"
    )
    for behind in (b"", b")" * 64):  # with and without bytes to read ahead
        data = np.frombuffer(b"((" + text.encode() + behind, np.uint8)
        assert _open_brackets(data, 2, 2 + size) == opened

"""Arrays and numbers of numpy, where that is loaded: they cross as their bytes.

Runs in the sandbox and imports nothing of ours but its neighbours. An array can change,
and is one thing on both sides as a list is. One of objects crosses member by member;
one of records does not cross.
"""

import sys
from typing import Any

from pipeline.sandbox.guest.wire import LETTERS, MUTABLES

NUMPY: Any = sys.modules.get("numpy")
ARRAY = "na"


def list_bytes(array: Any) -> list[Any]:
    """What an array consists of: its bytes, or its objects."""
    if array.dtype.kind == "V":
        raise TypeError("an array of records")
    flat = array.ravel()
    return flat.tolist() if array.dtype.kind == "O" else [flat.tobytes()]


def fill_array(array: Any, parts: list[Any]) -> None:
    if array.dtype.kind == "O":
        array[...] = NUMPY.array([*parts, None], dtype=object)[:-1].reshape(array.shape)
    else:
        array[...] = NUMPY.frombuffer(*parts, array.dtype).reshape(array.shape)


def describe_array(array: Any) -> list[Any]:
    return [array.shape, array.dtype.str]


def encode_scalar(value: Any) -> Any:
    """A number of numpy; None for anything else."""
    if NUMPY is None or not isinstance(value, NUMPY.generic):
        return None
    return {"ng": [value.dtype.str, value.tobytes().hex()]}


def decode_scalar(inner: Any) -> Any:
    kind, content = inner
    return NUMPY.frombuffer(bytes.fromhex(content), kind)[0]


if NUMPY is not None:
    MUTABLES[ARRAY] = (NUMPY.ndarray, list_bytes, describe_array, fill_array)
    LETTERS[NUMPY.ndarray] = ARRAY

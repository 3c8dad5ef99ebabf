r"""Halves of surrogate pairs: text that JSON can spell and no file can hold.

`"\ud800"` is valid JSON, models and recordings have it, and Python reads it as a
string that cannot be encoded. It is U+FFFD in everything that is kept.
"""

from typing import Any, TypeVar

Value = TypeVar("Value")


def mend_surrogates(value: Value) -> Value:
    """`value` with U+FFFD for every half of a pair, in texts, lists and objects.

    Two halves that make a pair become their character. RecursionError where lists or
    objects are nested hundreds deep.
    """
    mended: Any = value
    if value is None:
        return value
    if isinstance(value, str):
        if not is_text(value):
            units = value.encode("utf-16-le", "surrogatepass")
            mended = units.decode("utf-16-le", "replace")
    elif isinstance(value, dict):
        pairs = value.items()
        mended = {mend_surrogates(name): mend_surrogates(part) for name, part in pairs}
    elif isinstance(value, list):
        mended = [mend_surrogates(part) for part in value]
    elif isinstance(value, tuple):
        mended = tuple(mend_surrogates(part) for part in value)
    result: Value = mended
    return result


def is_text(text: str) -> bool:
    """Whether `text` can be encoded: no half of a surrogate pair is in it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

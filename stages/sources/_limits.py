"""The limits of time and memory that sets publish with a problem, in our units.

They come as numbers, as texts with a unit ("2.0 seconds", "256 megabytes"), or as
seconds and nanoseconds. A bare number is in the largest unit in which it is one that a
contest sets: 2 and 2000 are two seconds, 256 and 262144 are 256 megabytes. What cannot
be read is no limit of the row's, and the verifier has its own.
"""

import re
from typing import Any

from stages.sources._fields import Row, is_number

WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]?)", re.I)
# By the first letter of the unit, the largest first.
SECONDS = {"s": 1.0, "m": 1e-3}
BYTES = {"b": 2.0**-20}
MEGABYTES = {"m": 1.0, "k": 2.0**-10} | BYTES
LONGEST_S, MOST_MB, LEAST_MB = 60, 1 << 14, 4
UNBOUNDED = 10**15  # more than any limit, in any unit


def read_limits(row: Row) -> Row:
    """`timeout_s` and `memory_mb` of a row, where it says them.

    The row has `time_limit`, and `memory_limit` or `memory_limit_bytes`.
    """
    seconds = _read(row.get("time_limit"), SECONDS, LONGEST_S)
    memory = _read(row.get("memory_limit"), MEGABYTES, MOST_MB)
    memory = memory or _read(row.get("memory_limit_bytes"), BYTES, MOST_MB)
    limits = {"timeout_s": seconds} if seconds else {}
    return limits | ({"memory_mb": memory} if memory and memory >= LEAST_MB else {})


def _read(limit: Any, units: dict[str, float], most: int) -> float | None:
    """The limit in the unit whose factor is 1; None where it is none."""
    match limit:
        case {"seconds": int() | None as seconds, "nanos": int() | None as nanos}:
            limit = (seconds or 0) + min(nanos or 0, UNBOUNDED) / 1e9
        case str() if found := WRITTEN.match(limit):
            limit = float(found[1])
            units = {k: v for k, v in units.items() if found[2].lower() in (k, "")}
    if not is_number(limit) or limit > UNBOUNDED:
        return None
    values = (limit * factor for factor in units.values())
    return next((value for value in values if 0 < value <= most), None)

"""Addresses of the page: all of its state is in them, so a link can be shared."""

from collections.abc import Mapping
from urllib.parse import urlencode

Values = Mapping[str, object]


def link(path: str, values: Values | None = None, **changes: object) -> str:
    """The address `path` with `values` after `changes`; None and "" are left out."""
    both = {**(values or {}), **changes}
    query = {
        name: str(value) for name, value in both.items() if value not in (None, "")
    }
    return f"{path}?{urlencode(query)}" if query else path

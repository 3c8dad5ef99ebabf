"""How values read on a page."""

import json

from markupsafe import Markup


def number(count: float | None) -> str:
    """12,345; a fraction with three digits that count; nothing for what is missing."""
    if count is None:
        return ""
    if isinstance(count, float) and not count.is_integer():
        return f"{count:,.3g}"
    return f"{count:,.0f}"


def share(part: float, whole: float) -> str:
    """A part in percent of the whole."""
    return f"{part / whole:.1%}" if whole else "0%"


def value(of: object) -> str | Markup:
    """Any value of a table, as text; a missing one is a sign that says so."""
    if of is None:
        return Markup('<span class="none" title="missing">∅</span>')
    if isinstance(of, bool):
        return "yes" if of else "no"
    if isinstance(of, int | float):
        return number(of)
    if isinstance(of, str):
        return of
    return json.dumps(of, ensure_ascii=False, default=str, indent=1)


def label(name: str) -> str:
    """The name of a column or a reason, in words."""
    return name.replace("_", " ")


CHOICES = {
    ("correct", "true"): "right",
    ("correct", "false"): "wrong",
    ("correct", "∅"): "undecided",
    ("dropped", "true"): "dropped",
    ("dropped", "false"): "left in",
    ("stage", "∅"): "kept",
    ("reason", "∅"): "kept",
}


def choice(of: str, column: str) -> str:
    """A value by which a list is filtered, in words."""
    return CHOICES.get((column, of), "none" if of == "∅" else of)

"""LaTeX as MathML, which browsers draw themselves.

latex2mathml reads the formula; what it gives is not trusted, since it puts links,
styles and even tags of the formula into its tree. So the tree is written out anew: the
elements and attributes of a list, every text and value escaped.
"""

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST = 2_000  # characters of a formula that is drawn
DEEPEST = 60  # brackets within each other
ELEMENTS = {
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover",
    "mpadded", "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt",
    "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder",
    "munderover", "none",
}  # fmt: skip
ATTRIBUTES = {
    "accent", "accentunder", "columnalign", "columnlines", "depth", "display",
    "displaystyle", "fence", "form", "height", "largeop", "linethickness", "lspace",
    "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowlines",
    "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "width",
}  # fmt: skip

# Environments that it does not know and that are drawn as one that it does.
SAME = re.compile(r"\\(begin|end)\{(?:aligned|gathered)\}")
UNKNOWN = re.compile(r"<mi>(?:\\|&amp;</mi>)")


@lru_cache(maxsize=4096)
def draw_formula(latex: str, *, is_block: bool = False) -> Markup | None:
    """The formula as MathML; None where it cannot be read, or is too long."""
    if (
        len(latex) > LONGEST
        or latex.count("{") > DEEPEST * 4
        or _depth(latex) > DEEPEST
    ):
        return None
    from latex2mathml.converter import convert_to_element

    try:
        known = SAME.sub(r"\\\1{split}", latex)
        tree = convert_to_element(known, display="block" if is_block else "inline")
        drawn = Markup("").join(_write(tree))
    except Exception:  # it raises its own errors, and IndexError, KeyError, …
        return None
    # A command, or an environment with columns, that it does not know.
    return None if UNKNOWN.search(drawn) else drawn


def _depth(latex: str) -> int:
    depth = deepest = 0
    for sign in latex:
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
    return deepest


def _write(element: "Element") -> Iterator[Markup]:
    """The element and what is in it, of which only known parts are left."""
    is_known = element.tag in ELEMENTS
    if is_known:
        yield Markup(f"<{element.tag}")
        for name, value in element.attrib.items():
            if name in ATTRIBUTES:
                yield Markup(' {}="{}"').format(Markup(name), html.unescape(value))
        yield Markup(">")
    # latex2mathml writes signs as entities, which its own output undoes.
    yield escape(html.unescape(element.text or ""))
    for child in element:
        yield from _write(child)
        yield escape(html.unescape(child.tail or ""))
    if is_known:
        yield Markup(f"</{element.tag}>")

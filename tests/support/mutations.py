"""Spellings of an answer that are right, and near misses that are wrong.

A near miss changes one thing: a digit, a sign, a relation, the order of two members, a
term, a letter's case, a bracket; or it restates or hedges. What a mutation leaves equal
by accident (a tuple with equal members) is for the caller to see.
"""

import random
import re
from collections.abc import Callable, Iterator

from tests.support.replacements import LOOK_ALIKES, REPLACEMENTS, SPELLINGS

# Where another digit or sign leaves the value: exponents of -1, terms that are 0.
SAME_VALUE = re.compile(r"\(-1\)\^|\{0\}")
Mutation = Callable[[str, random.Random], str | None]


def near_misses(gold: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """(kind, text) of every near miss that the answer has room for."""
    for kind, mutate in MUTATIONS.items():
        if kind in ("change_digit", "flip_sign") and SAME_VALUE.search(gold):
            continue
        text = mutate(gold, rng)
        if text is not None and bare(text) != bare(gold):
            yield kind, text
    for kind, (pattern, into) in REPLACEMENTS.items():
        if match := _pick(pattern, gold, rng):
            text = _replace(match, match.expand(into))
            if text is not None and bare(text) != bare(gold):
                yield kind, text


def respellings(gold: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of other spellings that say the same."""
    for kind, (pattern, into) in SPELLINGS.items():
        text = re.sub(pattern, into, gold)
        if text != gold:
            yield kind, text
    yield "dollars", f"${gold.strip('$')}$"
    yield "spaces", re.sub(r"(?<![\\{])([=+]|,(?![\d\\]))", r" \1 ", gold)


def bare(text: str) -> str:
    """The text without spaces and dollar signs."""
    return re.sub(r"[\s$]|\\[,;:! ]", "", text)


def _pick(pattern: str, text: str, rng: random.Random) -> re.Match[str] | None:
    found = list(re.finditer(pattern, text))
    return rng.choice(found) if found else None


def _replace(match: re.Match[str] | None, into: str) -> str | None:
    if match is None:
        return None
    return match.string[: match.start()] + into + match.string[match.end() :]


def change_digit(text: str, rng: random.Random) -> str | None:
    """Another digit, not a leading zero's and none of an index."""
    match = _pick(r"(?<![_{.\d])[1-9](?!\d*_)", text, rng)
    return match and _replace(match, str(1 + (int(match[0]) + rng.randrange(8)) % 9))


def flip_sign(text: str, rng: random.Random) -> str | None:
    """A plus for a minus within a sum, or a minus before everything."""
    match = _pick(r"(?<=[\w)}])\s*[+-]\s*(?=[\w(\\])", text, rng)
    if match:
        return _replace(match, "-" if "+" in match[0] else "+")
    bare = text.strip("$")
    return (
        f"-{bare}" if re.fullmatch(r"[1-9][\d./]*|\\frac\{\d+\}\{\d+\}", bare) else None
    )


def flip_relation(text: str, rng: random.Random) -> str | None:
    """The other direction, or strict for not strict."""
    match = _pick(r"<=?|>=?|\\leq?(?![a-z])|\\geq?(?![a-z])", text, rng)
    if match is None:
        return None
    others = ["<", ">", r"\le ", r"\ge "]
    same = {"<": "<", ">": ">", "<=": r"\le ", ">=": r"\ge "}.get(match[0])
    same = same or (r"\le " if "le" in match[0] else r"\ge ")
    return _replace(match, rng.choice([other for other in others if other != same]))


def swap_members(text: str, rng: random.Random) -> str | None:
    """Two neighbours of a tuple in the other order."""
    match = re.search(r"(?<!gcd)(?<!max)(?<!min)\(([^(),]+),([^(),]+)\)", text)
    if match is None or bare(match[1]) == bare(match[2]):
        return None
    return _replace(match, f"({match[2]},{match[1]})")


def drop_term(text: str, rng: random.Random) -> str | None:
    """A sum without its last term."""
    match = re.search(r"(?<=[\w)}])\s*[+-]\s*[\w.]+\$?$", text)
    return match and _replace(match, "")


def change_case(text: str, rng: random.Random) -> str | None:
    """A symbol in the other case."""
    match = _pick(r"(?<![A-Za-z\\{])[A-Za-z](?![A-Za-z}])", text, rng)
    if match is None or match[0] in "eidxyEI" or "text" in text:
        return None
    # What a function is called is nobody's answer, nor is the case of a.m.
    if re.match(r"[A-Za-z]\(|[A-Za-z]\)?\s*=|\.? ?[mM]\b", text[match.start() :]):
        return None
    return _replace(match, match[0].swapcase())


def change_bracket(text: str, rng: random.Random) -> str | None:
    """An end that is no member for one that is."""
    match = re.search(r"(?<!\\)[\[(](?=[^()\[\]]+,[^()\[\]]+[\])])", text)
    return match and _replace(match, "(" if match[0] == "[" else "[")


def hedge(text: str, rng: random.Random) -> str | None:
    """One of two."""
    bare = text.strip("$")
    other = rng.randrange(1_000, 2_000)
    return rf"{bare} \text{{ or }} {other + (str(other) == bare)}"


def negate(text: str, rng: random.Random) -> str | None:
    """Not the answer."""
    return rf"\text{{not }} {text.strip('$')}"


def bound(text: str, rng: random.Random) -> str | None:
    """At least the answer."""
    return rf"\ge {text.strip('$')}" if re.fullmatch(r"\$?-?[\d.]+\$?", text) else None


def scale(text: str, rng: random.Random) -> str | None:
    """A thousand times the answer."""
    bare = text.strip("$")
    is_number = re.fullmatch(r"-?[\d.]*[1-9]", bare)
    return (
        rf"{bare} \text{{ {rng.choice(('thousand', 'million'))}}}"
        if is_number
        else None
    )


def glue(text: str, rng: random.Random) -> str | None:
    r"""Digits with a sign of multiplication between them."""
    match = re.fullmatch(r"\$?([1-9])(\d+)\$?", text)
    return rf"{match[1]} \cdot {match[2]}" if match else None


def invert(text: str, rng: random.Random) -> str | None:
    """A fraction upside down."""
    match = re.fullmatch(r"\$?\\[dt]?frac\{([^{}]+)\}\{([^{}]+)\}\$?", text)
    if match is None or bare(match[1]) == bare(match[2]):
        return None
    return rf"\frac{{{match[2]}}}{{{match[1]}}}"


def swap_operands(text: str, rng: random.Random) -> str | None:
    """`b - a` for `a - b` and `b/a` for `a/b`, where these stand for themselves."""
    match = re.search(
        r"(?:^|[=(,{])\s*([\w.]+)\s*([-/])\s*([\w.]+)\s*(?=$|[),}])", text
    )
    if (
        match is None
        or match[1] == match[3]
        or re.match(r"[)}]\s*[\^|]", text[match.end() :])
    ):
        return None
    swapped = f"{match[3]} {match[2]} {match[1]}"
    return f"{text[: match.start(1)]}{swapped}{text[match.end(3) :]}"


def drop_brackets(text: str, rng: random.Random) -> str | None:
    """A factor or a subtracted sum without its brackets."""
    sums = r"(?<!\\left)\(([^()]*[\w}]\s*[+-][^()]*)\)"
    match = _pick(rf"(?<=[\w)}}/-]){sums}|{sums}(?=\s*[\w(^\\])", text, rng)
    if match is None or re.match(r"[fgPQ]", text[match.start() - 1 : match.start()]):
        return None
    return _replace(match, match[1] or match[2])


def lose_member(text: str, rng: random.Random) -> str | None:
    """A list or set without its last member."""
    match = re.fullmatch(r"(\$?(?:\\\{)?[^()\[\]]+),([^()\[\],]+?)((?:\\\})?\$?)", text)
    if match is None or bare(match[2]) in map(bare, match[1].split(",")):
        return None
    return (
        None
        if re.search(r"[=\\]in|mathbb|text|\d,\d{3}", text)
        else match[1] + match[3]
    )


def add_member(text: str, rng: random.Random) -> str | None:
    """A list, set or solution with one more."""
    body = text.strip("$")
    other = str(rng.randrange(1_000, 9_999))
    if re.fullmatch(r"\\\{[^{}]+\\\}", body):
        return f"{body[:-2]}, {other}\\}}"
    return None if re.search(r"[(\[{]|text", body) else f"{body}, {other}"


def list_guesses(text: str, rng: random.Random) -> str | None:
    """The answer among the numbers beside it."""
    bare_text = text.strip("$")
    if not re.fullmatch(r"\d{1,6}", bare_text):
        return None
    value = int(bare_text)
    first, second = rng.sample([value + n for n in (-2, -1, 1, 2)], 2)
    return rng.choice(
        (f"{first}, {value}", f"{value}, {first} \\text{{ or }} {second}",
         f"{first}/{value}", f"{value};{second}", f"\\{{{first}, {value}\\}}",
         f"{value} \\text{{ or maybe }} {first}", f"{value}-{first + 9}")
    )  # fmt: skip


def restate(text: str, rng: random.Random) -> str | None:
    """What was asked for, or everything at once."""
    return rng.choice(
        (r"\text{the answer}", "x", r"\mathbb{R}", r"(-\infty, \infty)", "?", r"\dots",
         r"\text{any value}", r"\text{as required}")
    )  # fmt: skip


def use_look_alike(text: str, rng: random.Random) -> str | None:
    """A Cyrillic letter for the Latin one that looks the same."""
    match = _pick(r"(?<![A-Za-z\\{])[acepxyHKMBTO](?![A-Za-z}])", text, rng)
    if (
        match is None
        or "text" in text
        or re.match(r"\w\s*(?:=|\()", text[match.start() :])
    ):
        return None
    return _replace(match, LOOK_ALIKES[match[0]])


MUTATIONS: dict[str, Mutation] = {
    function.__name__: function
    for function in (
        change_digit, flip_sign, flip_relation, swap_members, drop_term, change_case,
        change_bracket, hedge, negate, bound, scale, glue, invert, swap_operands,
        drop_brackets, lose_member, add_member, list_guesses, restate, use_look_alike,
    )
}  # fmt: skip

r"""Edits of maths problems for held-out tests: numbers, formatting, light rewording.

Every edit takes the problem and a `random.Random`, and gives the same text for the
same seed. A formatting edit gives its input back where it finds nothing to edit.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from random import Random

Edit = Callable[[str, Random], str]
Repl = str | Callable[[re.Match[str]], str]

# ---- where a problem is text, where it is maths, and what is left alone ----

_REGION = re.compile(
    r"(?P<code>\[asy\].*?(?:\[/asy\]|\Z)|```.*?```|\\begin\{(?P<t>tabular|verbatim)\*?\}"
    r".*?\\end\{(?P=t)\*?\}|\\\\|\\\$)"
    r"|(?P<o>\\begin\{(?P<e>(?:align|equation|gather|multline|eqnarray|array|cases"
    r"|[a-zA-Z]?matrix)\*?)\}|\$\$|\\\[|\\\(|\$)",
    re.S,
)
_CLOSE = {"$$": "$$", "$": "$", "\\[": "\\]", "\\(": "\\)"}
_PROSE = re.compile(
    r"[A-Za-z]{2,}[,.;:]? +[A-Za-z]{2,}|(?<=\s)[a-z]{3,}(?=\s)"
    r"|[A-Za-z]{2}.*\s\Z|\b(?:and|or|for|each|per|an|the|of|to)\b"
)
_KEEP = {
    "text": re.compile(r"\\(?:begin|end)\{[^{}]*\}|\\[A-Za-z]+|\\.|https?://\S+", re.S),
    "math": re.compile(
        r"\\(?:text\w*|mbox|operatorname|hspace|vspace|tag|label|begin|end|color)\*?"
        r"\{[^{}]*\}(?:\{[clr|]*\})?"
    ),
    "raw": re.compile(r"(?!)"),
}


def _regions(problem: str) -> list[tuple[str, int, int, int, int]]:
    """(kind, start, body start, body end, end) of each stretch of text and maths."""
    regions: list[tuple[str, int, int, int, int]] = []
    last = at = 0
    while hit := _REGION.search(problem, at):
        kind, body, end = "code", hit.start(), hit.end()
        if mark := hit["o"]:
            close = _CLOSE.get(mark) or f"\\end{{{hit['e']}}}"
            body, stop = end, problem.find(close, end)
            while stop > 0 and problem[stop - 1] == "\\" and close == "$":
                stop = problem.find(close, stop + 1)  # an escaped dollar
            inner = re.sub(r"\\[a-z]+\{[^{}]*\}|\\[A-Za-z]+", "", problem[body:stop])
            money = inner[:1] in "0123456789." and _PROSE.search(inner)
            after = problem[stop + 1 : stop + 2]
            if stop <= body or (
                mark == "$" and (money or "\n\n" in inner or "0" <= after <= "9")
            ):
                at = hit.end()
                continue
            kind, end = "math", stop + len(close)
        regions += [("text", last, last, hit.start(), hit.start())]
        regions += [(kind, hit.start(), body, stop if mark else end, end)]
        last = at = end
    regions += [("text", last, last, len(problem), len(problem))]
    return [region for region in regions if region[1] < region[4]]


def _hits(problem: str, where: str, pattern: str) -> list[re.Match[str]]:
    """Matches within text, math, both, or raw (math, nothing in it protected)."""
    hits: list[re.Match[str]] = []
    for kind, _, at, end, _ in _regions(problem):
        if kind == "code" or where not in (kind, "both", "raw"):
            continue
        if where == "raw" and kind != "math":
            continue
        kept = _KEEP["raw" if where == "raw" else kind].finditer(problem, at, end)
        for low, high in [*(k.span() for k in kept), (end, end)]:
            hits += re.compile(pattern, re.M).finditer(problem, at, low)
            at = high
    return hits


def _sub(
    problem: str, where: str, pattern: str, repl: Repl, rng: Random, whole: bool
) -> str:
    """Replace all the matches, or by chance (unless whole) only some of them."""
    swaps = [
        (hit, hit.expand(repl) if isinstance(repl, str) else repl(hit))
        for hit in _hits(problem, where, pattern)
    ]
    swaps = [(hit, new) for hit, new in swaps if hit[0] != new]
    if swaps and not whole and rng.random() < 0.5:
        some = sorted(rng.sample(range(len(swaps)), rng.randint(1, len(swaps))))
        swaps = [swaps[index] for index in some]
    for hit, new in reversed(swaps):
        problem = problem[: hit.start()] + new + problem[hit.end() :]
    return problem


def _rules(*rules: tuple[str, str, Sequence[Repl]], whole: bool = False) -> Edit:
    """An edit that takes the first rule, in random order, that changes something."""

    def edit(problem: str, rng: Random) -> str:
        for where, pattern, options in rng.sample(rules, len(rules)):
            for option in rng.sample(options, len(options)):
                new = _sub(problem, where, pattern, option, rng, whole)
                if new != problem:
                    return new
        return problem

    return edit


# ---- numbers ----

_NUMBER = re.compile(
    r"(?P<n>(?:(?<=frac)|(?<=frac )|(?<=frac[0-9])|(?<=[\^_])|(?<=\\sqrt))[0-9]"
    r"|[0-9]{1,3}(?:(?:,\\!|\{,\}|,)[0-9]{3})+(?![0-9])(?:\.[0-9]+)?"
    r"|[0-9]+(?:\.[0-9]+)?)(?P<o>(?:st|nd|rd|th)\b)?"
)
_KIN = """two three four five six seven eight nine ten eleven twelve
thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety
third fourth fifth sixth seventh eighth ninth tenth"""
_WORDS = [line.split() for line in _KIN.splitlines()]
_WORD = re.compile(rf"(?<![\\\w])(?:{'|'.join(_KIN.split())})(?!\w)", re.I)


def _draw_number(old: str, avoid: set[str], rng: Random) -> str:
    """Another number written like this one, outside `avoid` where there is one."""
    digits = re.sub(r"[^0-9]", "", old)
    zeros = min(len(digits) - len(digits.lstrip("0")), len(digits) - 1)
    tail = len(digits) - len(digits.rstrip("0")) if "." not in old else 0
    for attempt in range(200):
        size = len(digits) - zeros
        new = str(rng.randint(2, 9)) if size == 1 else str(rng.randint(1, 9))
        new += "".join(rng.choice("0123456789") for _ in range(size - 1))
        if size > tail > 0 and attempt < 20:  # 300 for 200, if one is to be had
            new = new[:-tail] + "0" * tail
        fresh = iter(digits[:zeros] + new)
        text = "".join(next(fresh) if "0" <= c <= "9" else c for c in old)
        if text != old and (text not in avoid or attempt > 150):
            return text
    return old  # pragma: no cover (two hundred equal draws)


def _new_number(hit: re.Match[str], avoid: set[str], rng: Random) -> str:
    if hit.re is _WORD:
        kin = next(words for words in _WORDS if hit[0].lower() in words)
        free = [w for w in kin if w not in avoid] or kin
        new = rng.choice([w for w in free if w != hit[0].lower()] or kin)
        return new.capitalize() if hit[0][0].isupper() else new
    return _draw_number(hit["n"], avoid, rng)


def _ordinal(number: str) -> str:
    if number[-2:] in ("11", "12", "13"):
        return "th"
    return {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")


def _replace(problem: str, hits: list[re.Match[str]], all_: bool, rng: Random) -> str:
    avoid = {hit["n"] if hit.re is _NUMBER else hit[0].lower() for hit in hits}
    chosen = hits if all_ else [rng.choice(hits)]
    new: dict[str, str] = {}
    for hit in chosen:
        key = hit["n"] if hit.re is _NUMBER else hit[0]
        if key not in new:
            new[key] = _new_number(hit, avoid | set(new.values()), rng)
    for hit in sorted(chosen, key=re.Match.start, reverse=True):
        text = new[hit["n"] if hit.re is _NUMBER else hit[0]]
        text += _ordinal(text) if hit.re is _NUMBER and hit["o"] else ""
        problem = problem[: hit.start()] + text + problem[hit.end() :]
    return problem


def renumber(problem: str, rng: Random, words: bool = True) -> str | None:
    """Change every number, equal ones alike and unequal ones apart; None if none."""
    hits = [*_NUMBER.finditer(problem), *(_WORD.finditer(problem) if words else [])]
    return _replace(problem, hits, True, rng) if hits else None


def renumber_one(problem: str, rng: Random) -> str | None:
    """Change a number in one place, no index, none of a drawing; words if no digits."""
    code = [(r[1], r[4]) for r in _regions(problem) if r[0] == "code"]
    hits = [
        hit
        for hit in _NUMBER.finditer(problem)
        if not any(low <= hit.start() < high for low, high in code)
        and not re.search(r"_\{?$", problem[: hit.start()])
    ]
    hits = hits or [*_WORD.finditer(problem)]
    return _replace(problem, hits, False, rng) if hits else None


# ---- formatting: the problem stays the same ----

_SYMBOLS = [
    {r"\times", "×"}, {r"\cdot", "·"}, {r"\le", r"\leq", "≤"}, {r"\ge", r"\geq", "≥"},
    {r"\ne", r"\neq", "≠"}, {r"\pi", "π"}, {r"\infty", "∞"}, {r"\alpha", "α"},
    {r"\theta", "θ"}, {r"\angle", "∠"}, {r"\triangle", "△"}, {r"\pm", "±"},
    {r"\ldots", r"\dots", "…"}, {r"\div", "÷"}, {r"\in", "∈"}, {r"\to", r"\rightarrow"},
]  # fmt: skip
_SYMBOL = "|".join(
    re.escape(s) + (r"(?![A-Za-z])" if s[0] == "\\" else "")
    for s in sorted(set().union(*_SYMBOLS))
)


def _respell_symbols(problem: str, rng: Random) -> str:
    def other(hit: re.Match[str]) -> str:
        kin = next(sorted(k - {hit[0]}) for k in _SYMBOLS if hit[0] in k)
        new = rng.choice(kin)
        after = hit.string[hit.end() : hit.end() + 1]
        return new + " " if new[0] == "\\" and after.isalpha() else new

    degree = ("math", r"\^ ?(?:\{\\circ\}|\\circ(?![A-Za-z]))", ["°"])
    return _rules(("math", _SYMBOL, [other]), degree)(problem, rng)


def _respell_delimiters(problem: str, rng: Random) -> str:
    swap = {"$": (r"\(", r"\)"), r"\(": "$$", "$$": (r"\[", r"\]"), r"\[": ("$$", "$$")}
    maths = [r for r in _regions(problem) if problem[r[1] : r[2]] in swap]
    if maths and rng.random() < 0.3:
        maths = sorted(
            rng.sample(maths, rng.randint(1, len(maths))), key=lambda r: r[1]
        )
    for _, start, body, stop, end in reversed(maths):
        left, right = swap[problem[start:body]]
        problem = problem[:start] + left + problem[body:stop] + right + problem[end:]
    return problem


def _pad_ends(problem: str, rng: Random) -> str:
    left, right = rng.choice(
        [("", " "), ("", "\n\n"), (" ", ""), ("\n", " \n"), ("\t", "")]
    )
    return left + problem + right


def _respell_final_mark(problem: str, rng: Random) -> str:
    body = problem.rstrip()
    if re.search(r"(?<!\.)[.?]$", body):
        return rng.choice([body[:-1], body[:-1] + " " + body[-1]])
    return body + rng.choice([".", " ."]) if body else problem


def _decompose(problem: str, rng: Random) -> str:
    new = unicodedata.normalize("NFD", problem)
    return new if new != problem else unicodedata.normalize("NFC", problem)


def _curl_quotes(left: str, right: str) -> Callable[[re.Match[str]], str]:
    """Opening or closing quotes by the sign before."""

    def new(hit: re.Match[str]) -> str:
        before = hit.string[: hit.start()][-1:]
        return left if not before or before.isspace() or before in "([{—" else right

    return new


def _widen(hit: re.Match[str]) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in hit[0])


def _raise_digits(hit: re.Match[str]) -> str:
    return (hit[1] or hit[2]).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _group_thousands(comma: str) -> Callable[[re.Match[str]], str]:
    return lambda hit: f"{int(hit[0]):,}".replace(",", comma)


def _ungroup(hit: re.Match[str]) -> str:
    return re.sub(r"[^0-9]", "", hit[0])


_LIG = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
_W = r"(?<![\\A-Za-z'’])[A-Za-z]{2,}"  # a word; single letters may be variables
_PLAIN = r"(?<![\\A-Za-z'’])(?![A-Z]{2,4}\b)[A-Za-z]{2,}"  # AB, ABCD stay
_GAP = r"(?<=\S) (?=\S)"
_OP = r"(?<![\^_&<>=!])(?<!\\not) *([=+<>]|(?<=\w)-(?=\w)|(?<=\w )-(?= ))(?![<>=]) *"
_THOUSAND = r"(?<![Ii]n )(?<!year )(?<![0-9.,}_\^!])[1-9][0-9]{3,14}(?![0-9])"
_STOP = r"(?<=[a-z0-9$)][a-z0-9$)])(?<!Mrs)\.(?= [A-Z]|\s*\Z)"

FORMATS: dict[str, Edit] = {
    "double_spaces": _rules(("text", _GAP, ["  ", "   "])),
    "newlines": _rules(("text", _GAP, ["\n"]), ("text", "(?<=[.?!]) ", ["\n", "\n\n"])),
    "odd_spaces": _rules(("text", _GAP, ["\u00a0", "\u2009", "\u202f", "\u2003"])),
    "end_spaces": _pad_ends,
    "operator_spaces": _rules(("math", _OP, [r" \1 ", r"\1", r"  \1 "])),
    "upper": _rules(("text", _W, [lambda m: m[0].upper()]), whole=True),
    "lower": _rules(("text", _PLAIN, [lambda m: m[0].lower()]), whole=True),
    "title": _rules(("text", _PLAIN, [lambda m: m[0].capitalize()]), whole=True),
    "fractions": _rules(
        ("math", r"\\frac(?![a-z])", [r"\\dfrac", r"\\tfrac"]),
        ("math", r"\\[dt]frac(?![a-z])", [r"\\frac"]),
    ),
    "left_right": _rules(
        ("math", r"(?<!left)(?<!ig)(?<!igg)(?<![lgr\\])\(([^(){}&\\]*)\)",
         [r"\\left(\1\\right)"]),
        ("math", r"\\left *\(([^(){}&]*)\\right *\)", [r"(\1)"]),
    ),
    "math_space": _rules(
        ("math", _OP, [r"\\,\1\\,", r"\\;\1 ", r"~\1~", r"\\!\1\\!", r" \1\\ "]),
        ("math", r"(?<=[a-zA-Z0-9)}], )(?=[a-zA-Z0-9(])", [r"\\quad ", r"\\, ", "~"]),
        ("math", r"(?<=[^\\&]) ?\Z", [r"\\,", r"\\;", "~"]),
    ),
    "delimiters": _respell_delimiters,
    "text_commands": _rules(
        ("raw", r"\\text(\{[ \w]*\})", [r"\\textbf\1", r"\\textrm\1", r"\\mbox\1"]),
        ("raw", r"\\text\{(\w+)\}", [r"\\mathrm{\1}"]),
        ("raw", r"\\(?:mathrm|textbf|textrm|mbox)\{([ \w]*)\}", [r"\\text{\1}"]),
    ),
    "symbols": _respell_symbols,
    "braces": _rules(
        ("math", r"([\^_])([A-Za-z0-9])", [r"\1{\2}"]),
        ("math", r"([\^_])\{([A-Za-z0-9])\}", [r"\1\2"]),
        ("math", r"(frac) ?([0-9])([0-9])", [r"\1{\2}{\3}"]),
        ("math", r"(frac)\{([0-9])\}\{([0-9])\}", [r"\1\2\3", r"\1 \2\3"]),
    ),
    "final_mark": _respell_final_mark,
    "comma_and": _rules(("text", r",? and (?=\S)", [" and ", ", and "])),
    "marks": _rules(
        ("text", _STOP, ["!", ";", " ."]),
        ("text", r"\?", ["??", "?!", " ?"]),
        ("text", r"\b(Find|Compute|Evaluate|Determine|Simplify)(?= )", [r"\1:"]),
    ),
    "labels": _rules(
        ("text", r"(?<!\S)\(([A-Ea-e1-9]|i{1,3}|iv)\)(?= )", [r"\1)", r"[\1]", r"\1."]),
        ("raw", r"(?<=bf\{)\(([A-E])\)", [r"\1)", r"[\1]", r"\1."]),
        ("raw", r"(?<=bf\{) ?\(([A-E])\) ?", [r"\1)", r"[\1]", r"\1."]),
    ),
    "quotes": _rules(
        ("text", r'(?<![0-9])"', [_curl_quotes("“", "”"), _curl_quotes("``", "''")]),
        ("text", r"``|''|[“”]", ['"']),
        ("text", r"(?<=[A-Za-z])'(?!')", ["’"]),
        ("text", r"[‘’]", ["'"]),
        whole=True,
    ),
    "nfd": _decompose,
    "full_width": _rules(
        ("text", _W, [_widen]),
        ("text", "[0-9]", [_widen]),
        ("text", "[,?!;()]", [_widen]),
    ),
    "ligatures": _rules(("text", "ffi|ffl|ff|fi|fl", [lambda m: _LIG[m[0]]])),
    "dashes": _rules(
        ("text", r"(?<=\w)-(?=\w)", ["\u2011", "\u2010", "–"]),
        ("math", r"(?<!\[)-", ["−", "–"]),
        ("both", r"[\u2011\u2010–−]", ["-"]),
        ("text", r" - |---?|—", [" — ", " – "]),
    ),
    "times": _rules(("both", r"(?<![\^*]) ?\*(?!\*) ?", ["×", " × "])),
    "dots": _rules(
        ("both", r"\.\.\.", ["…"]),
        ("both", r"…|\\[lc]?dots(?![a-z])", ["..."]),
    ),
    "superscripts": _rules(
        ("both", r"(?<=[A-Za-z0-9)\]}])\^(?:\{([0-9]+)\}|([0-9]))", [_raise_digits])
    ),
    "thousands": _rules(
        ("text", _THOUSAND, [_group_thousands(",")]),
        ("math", _THOUSAND, [_group_thousands("{,}"), _group_thousands(r",\!")]),
        ("text", r"(?<![0-9,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])", [_ungroup]),
        ("math", r"[0-9]{1,3}(?:(?:\{,\}|,\\!)[0-9]{3})+(?![0-9])", [_ungroup]),
    ),
}  # fmt: skip


def _apply_edits(problem: str, edits: dict[str, Edit], count: int, rng: Random) -> str:
    """That many edits that each change something, `instruct` applied last."""
    wrap = False
    for name in rng.sample(list(edits), len(edits)):
        new = problem if name == "instruct" or not count else edits[name](problem, rng)
        wrap |= name == "instruct" and count > 0
        count -= new != problem or (name == "instruct" and count > 0)
        problem = new
    return edits["instruct"](problem, rng) if wrap else problem


def reformat(problem: str, rng: Random) -> str:
    """One to three formatting edits, drawn at random."""
    return _apply_edits(problem, FORMATS, rng.randint(1, 3), rng)


# ---- light edits: other words for the same problem ----

_NAMES = """
Natalia Betty Julie Alexa Joy Sarah Mary Anna Emily Emma Olivia Sophia Mia Ava Amy
Alice Lisa Laura Linda Jane Jennifer Jessica Julia Kate Katie Karen Kim Kelly Lily
Lucy Maria Marie Martha Megan Melissa Michelle Mila Molly Nancy Natalie Nicole Nina
Pam Rachel Rebecca Rita Ruth Sally Samantha Sandra Sara Sharon Stella Sue Susan Tanya
Teresa Tina Tracy Vanessa Wendy Zoe Claire Carol Cindy Chloe Bella Barbara Beth Brenda
Diana Donna Ella Ellen Erica Eva Hannah Helen Isabella Jill|
James John Robert Michael David Tom Tim Bob Ben Adam Alan Albert Alex Andrew Andy
Anthony Arthur Brian Bobby Bruce Carl Carlos Charles Charlie Chris Daniel Dan Danny
Dave Dennis Donald Ed Eddie Edward Elliot Eric Ethan Frank Fred Gary George Greg Harry
Henry Ian Isaac Jack Jacob Jake Jason Jeff Jeremy Jerry Jim Jimmy Joe Joseph Josh Juan
Justin Ken Kevin Kyle Larry Leo Liam Louis Luke Marcus Martin Matt Max Mike Nathan
Nick Noah Oliver Oscar Patrick Paul Pedro Peter Philip Ralph Ray Richard Rick Roger
Ron Ryan Sam Scott Sean Simon Steve Ted Thomas Toby Tony Tyler|
The This That There These Those She They What When Where Which Who How Each Every One
Two Three Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February
March April May June July August September October November December Christmas Today
Tomorrow Yesterday Find Let Line Point Circle Triangle Square Problem English Chinese
Also His Her Its Their Our Your But And Now Then Everyone Nobody Somebody Mr Mrs Dr"""
_WOMEN, _MEN, _NOT_NAMES = (part.split() for part in _NAMES.split("|"))
_DOES = (
    r"(?:['’]s|can|is|was|ha[sd]|(?:want|buy|sell|earn|make|need|eat|get|weigh|work|take|pay"
    r"|decide|spend|give|run)s|wanted|bought|sold|made|went|gave|took|spent)"
)


def _rename(problem: str, rng: Random) -> str:
    words = {hit[0] for hit in _hits(problem, "text", r"\b[A-Z][a-z]+\b")}
    other = {
        name
        for name in re.findall(rf"\b([A-Z][a-z]{{2,}}) ?(?={_DOES}\b)", problem)
        if name not in _NOT_NAMES
        and (problem.count(name) > 1 or re.search(r"\b(?:[Ss]?he|his)\b", problem))
    }
    people = sorted(words & ({*_WOMEN, *_MEN} | other))
    new: dict[str, str] = {}
    for person in people:
        she = person in _WOMEN or (
            person not in _MEN and bool(re.search(r"\b(?:[Ss]he|[Hh]er)\b", problem))
        )
        taken = {*words, *new.values()}
        new[person] = rng.choice(
            [n for n in (_WOMEN if she else _MEN) if n not in taken]
        )
    pattern = rf"\b(?:{'|'.join(people) or '(?!)'})\b"
    for hit in reversed(_hits(problem, "text", pattern)):
        problem = problem[: hit.start()] + new[hit[0]] + problem[hit.end() :]
    return problem


_UNITS = """cm centimeters|mm millimeters|km kilometers|kg kilograms|lbs pounds|ft feet
oz ounces|mph miles per hour|min minutes|hrs hours|sec seconds|mL milliliters|mi miles
ml milliliters|hr hour|lb pound|yd yards|km/h kilometers per hour|in inches|g grams
m meters|L liters"""
_PAIRS = [pair.split(" ", 1) for pair in re.split(r"[|\n]", _UNITS)]
_SHORT = {short: long for short, long in _PAIRS}
_LONG = {long: short for short, long in reversed(_PAIRS)}
for _word in ("in", "g", "m", "L"):  # too often a word or a variable to be spelled out
    del _SHORT[_word]
# a number, maybe in $..$, and a space
_AFTER = r"(?P<b>[0-9.,]*)(?P<a>[0-9](?:\$|\\\))?)(?P<s>\s+|~|-)"


def _spell_out_unit(hit: re.Match[str]) -> str:
    word, is_alone = (
        _SHORT[hit["u"]],
        re.search(r"(?<![0-9.,])1\$?\Z", hit["b"] + hit["a"]),
    )
    space = hit["s"] or ("" if hit["a"] == "{" else " ")
    return (
        hit["b"] + hit["a"] + space + (word[:-1] if is_alone or space == "-" else word)
    )


def _spell_out_dollars(hit: re.Match[str]) -> str:
    return f"{hit['n']} dollar" + ("" if hit["n"] == "1" else "s")


def _any_of(units: dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, units), key=len, reverse=True))


def _respell_units(problem: str, rng: Random) -> str:
    """Spell the units of quantities longer, or if not shorter."""
    maths = any(region[0] == "math" for region in _regions(problem))
    amount = r"(?P<n>[0-9]+(?:,[0-9]{3})*(?:\.[0-9]{2})?)"
    single = r"(?![0-9.,]*[0-9]|[- ]?(?:million|billion|thousand|bill|gift|coupon))"
    sign = rf"(?:\$(?=\\\$[0-9.,]+\$))?\\\${amount}(?:(?<=[0-9])\$(?=\W|\Z)|{single})"
    longer: list[tuple[str, Repl]] = [
        (rf"{_AFTER}(?P<u>{_any_of(_SHORT)})(?![\w/$^('’])", _spell_out_unit),
        (
            r"(?P<b>)(?P<a>[0-9]|\{)(?P<s>\s*)(?P<u>cm|mm|km|kg|mph|ft)(?=[}^ .,?])",
            _spell_out_unit,
        ),
        (r"\bmph\b", "miles per hour"),
        (r"\\?%\$", "$ percent"),
        (r"(?<=[0-9])(\$|\\\))? ?\\?%", r"\1 percent"),
        (sign if maths else rf"(?<![$0-9])\${amount}{single}", _spell_out_dollars),
    ]
    shorter: list[tuple[str, Repl]] = [
        (rf"{_AFTER}(?P<u>{_any_of(_LONG)})(?!\w)",
         lambda m: m["b"] + m["a"] + m["s"] + _LONG[m["u"]]),
        (r"\bmiles per hour\b", "mph"),
        (r"(?<=[0-9])(\$?) percent\b", r"\1\\%" if maths else r"\1%"),
        (rf"(?<![$0-9,.]){amount}[ -]dollars?\b", r"\\$\g<n>" if maths else r"$\g<n>"),
    ]  # fmt: skip
    parts = re.split(r"(\[asy\].*?\[/asy\])", problem, flags=re.S)
    for rules in rng.sample([longer, shorter], 2):
        new = parts.copy()
        for pattern, repl in rules:
            new[::2] = [re.sub(pattern, repl, part) for part in new[::2]]
        if new != parts:
            return "".join(new)
    return problem


_ASKS = re.compile(
    r"\?|^\s*(?:If|Find|Compute|Determine|Evaluate|Calculate|What|How|Prove|Express|Give)\b"
)
_END = (
    r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bvs)(?<!\b[A-Z])(?<!\.[a-z])"
    r"[.!?][\"”'’)]*(\s+)(?=[A-Z“\"$\\]|\Z)"
)


def _reorder(problem: str, rng: Random) -> str:
    """Swap two sentences that ask nothing; the last one stays last."""
    cuts = [hit.span(1) for hit in _hits(problem, "text", _END)]
    starts, ends = [0, *(c[1] for c in cuts)], [*(c[0] for c in cuts), len(problem)]
    spans = list(zip(starts, ends, strict=True))
    free = [
        span for span in spans[:-1]
        if (part := problem[slice(*span)]) and not _ASKS.search(part)
        and part.count("(") == part.count(")")
    ]  # fmt: skip
    if len(free) < 2 or "[asy]" in problem:
        return problem
    (a, b), (c, d) = sorted(rng.sample(free, 2))
    return problem[:a] + problem[c:d] + problem[b:c] + problem[a:b] + problem[d:]


_BEFORE = [
    "Solve the following problem carefully.", "Solve the following math problem.",
    "You are a helpful math tutor. Answer the student's question.", "Question:",
    "Here is a problem from a competition.", "### Problem", "Q:",
    "Read the problem below and work out the answer.", "Please answer this question:",
]  # fmt: skip
_BEHIND = [
    "Let's think step by step.", "Show your work.", "Explain your reasoning.",
    r"Please reason step by step, and put your final answer within \boxed{}.",
    "Answer:", "Give only the final answer.",
    'Write your answer after "The answer is".',
]  # fmt: skip


def _instruct(problem: str, rng: Random) -> str:
    gap, way = rng.choice([" ", "\n", "\n\n"]), rng.choice(["before", "behind", "both"])
    before = rng.choice(_BEFORE) + gap if way != "behind" else ""
    return before + problem + (gap + rng.choice(_BEHIND) if way != "before" else "")


def _write_slashes(problem: str, rng: Random) -> str:
    r"""Write \frac{a}{b} as a/b, in brackets where they are needed or by chance."""
    always = rng.random() < 0.5

    def new(hit: re.Match[str]) -> str:
        text, before = hit.string, hit.string[: hit.start()][-1:]
        up, low = (
            part if re.fullmatch(r"\w+|\\[a-z]+", part) and not always else f"({part})"
            for part in (hit[1], hit[2])
        )
        if before and before in "^_":
            return f"{{{up}/{low}}}"
        if before.isdigit() and hit[1].isdigit():
            return f" {up}/{low}"  # a mixed number
        tight = before.isalnum() or re.match(r" ?[\w\\(^{]", text[hit.end() :])
        return f"({up}/{low})" if tight else f"{up}/{low}"

    problem = _FRAC_SHORT.sub(r"\\frac{\1}{\2}", problem)
    while (outer := _FRAC.sub(new, problem)) != problem:
        problem = outer
    return problem


_FRAC_SHORT = re.compile(r"\\[dt]?frac ?([0-9])([0-9])")
_FRAC = re.compile(r"\\[dt]?frac ?\{([^{}]*)\} ?\{([^{}]*)\}")


def _strip_dollars(problem: str, rng: Random) -> str:
    for kind, start, body, stop, end in reversed(_regions(problem)):
        if kind == "math" and body - start <= 2:
            left = " " * problem[:start][-1:].isalnum()
            right = " " * problem[end : end + 1].isalnum()
            problem = (
                problem[:start] + left + problem[body:stop] + right + problem[end:]
            )
    return problem


_LATEX = ("fractions", "left_right", "math_space", "delimiters", "symbols", "braces",
          "text_commands", "superscripts", "operator_spaces")  # fmt: skip


def _respell_latex(problem: str, rng: Random) -> str:
    edits = [
        _strip_dollars,
        _write_slashes,
        *rng.sample([FORMATS[n] for n in _LATEX], 2),
    ]
    for edit in rng.sample(edits, len(edits))[: rng.randint(2, 4)]:
        problem = edit(problem, rng)
    return problem


LIGHT: dict[str, Edit] = {
    "rename": _rename,
    "units": _respell_units,
    "reorder": _reorder,
    "instruct": _instruct,
    "latex": _respell_latex,
}


def light_edit(problem: str, rng: Random) -> str:
    """Two or three edits of different kinds (fewer where no more apply)."""
    return _apply_edits(problem, LIGHT, rng.randint(2, 3), rng)

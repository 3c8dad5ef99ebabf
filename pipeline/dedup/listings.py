"""One form of lists, of what labels them, and of how a text is asked.

Options are the same behind (A), a), 1. or ①, in a list of Python and in an object of
JSON; "True or false: …" is "… (True/False)".
"""

import json
import re
from collections.abc import Callable
from itertools import islice

from pipeline.kernels.spelled_words import split

Found = re.Match[str]
Rewrite = tuple[tuple[str, ...], str, str | Callable[[Found], str]]
ASKED = (
    r"(?:is (?:the following|this) (?:statement|claim|sentence) )?[(\[]?"
    r"(?:true[ ]?(?:or|/)[ ]?false|t/f)[?.:)\]]*"
)
TRUE_OR_FALSE = rf"(?is)\A\s*{ASKED}\s*(.{{12,}})\Z|\A(.{{12,}}?)\s+{ASKED}\s*\Z"
YES_OR_NO = (
    r"(?i)\A\s*(?:answer )?yes or no[:.]\s*"
    r"|\s*[(]?(?:answer )?(?:with )?(?:just )?yes or no[.?)]*\s*\Z"
)
# How people ask others to "find …".
POLITE = (
    r"(?i)(?:(?<=^)|(?<=[.!?:\n] ))(?:(?:can|could|would|will) (?:you|some(?:one|body)"
    r"|any(?:one|body))(?: please| kindly)?|please|kindly"
    r"|your (?:task|job|goal) is|you (?:need|have|are (?:asked|required)))"
    r"(?: help(?: me)?)?(?: to)?"
    r"[ ]+(?=(?:find|compute|calculate|solve|evaluate|determine|prove|show|simplify"
    r"|write|implement|return|create|design|explain|tell|give|list|work out)\b)"
)
# How people ask for a program, whatever they call it.
PROGRAM_ASKED = (
    r"(?i)(?:(?<=^)|(?<=[.!?:\n] )|(?<=\n)|(?<=please ))"
    r"(?:write|implement|create|develop|design|build|define|code|construct)[ ]"
    r"(?:(?:me )?(?:an?|the|some)[ ](?:(?:simple|short|single|small|new)[ ])?"
    r"((?:python|java|javascript|c\+\+|rust|go)[ ])?"
    r"(?:function|program|script|method|routine|procedure|code)\b[:,]?"
    r"(?: (?:in ((?:python|java|javascript|c\+\+|rust|go)\b)))?"
    r"(?: (?:named|called|with the name))?|(?=`|\w+\())"
)
RETURN_IT = r"(?i)(?<=[.!?\n] )return (?=(?:the|its|all|an?)\b)|(?<=, )return (?=the\b)"
# What stands in front of a part, or alone on its line, and says what the part is.
NAMED = (
    r"(?:(?:problem )?(?:context|passage|question|statement|problem|instructions?|task|"
    r"input|response|solution|answers?)|(?:answer )?(?:choices|options)|examples?)"
)
LABEL = (
    rf"(?im)^[ \t]*[#>]*[ \t]*[*_-]*(?:(?:{NAMED}|q|a)[ \t]*[*_]*[:：][ \t*_]*"
    rf"|{NAMED}[ \t]*[*_-]*[ \t]*$)"
)
LISTED = (
    r"(?im)^([ \t#*_]*(?:answer )?(?:choices|options)[ \t*_]*:)?[ \t]*"
    r"\[((?:[\"'][^\[\]\n\"']+[\"'](?:, *|(?=\]))){2,})\][ \t]*$"
)
BULLET = r"^[ \t]*[-•*–‣◦][ \t]+"
BULLETS = rf"(?m)(?:{BULLET}\S.*\n+){{1,40}}{BULLET}\S"  # one may be a minus
COMMENT = r"(?m)[ \t]+(?:#|//)[ \t]+[^\n\"']*$"
FENCE = r"(?ms)^[ \t]*```[^\n`]+\n.*?^[ \t]*```"
ITEM = re.compile(
    r"(?<![^\s*{(（\[)])(?:\\(?:text|math)[a-z]*[ ]*\{[ ]*)?\*{0,2}[(（\[]?[ ]*"
    r"([A-Za-z]|\d{1,2}|[ivx]{2,4}|[IVX]{2,4})[ ]*[)）\].．、:]\.?\*{0,2}[ ]*\}?"
    r"(?:\\[ ]|~)?(?=[\s\S])|([①-⑳])"
)
FIRST_ITEM = re.compile(r"(?<!\w)[Aa1Ii][ ]?[)）\].．、:]|①")
SET_OFF = re.compile(r"[:：\n#]")
ROMAN = split("i ii iii iv v vi vii viii ix x xi xii")
MOST_ITEMS = 200
LEAST_INLINE = 3  # items that need not be on lines of their own


def list_plainly(text: str) -> str:
    r"""`text` without the labels of its items and parts, an item a line.

    >>> list_plainly("Question: Which? (A) Mars (B) Venus (C) Io").split("\n")
    ['Which? ', 'Mars ', 'Venus ', 'Io']
    """
    text = _flatten(text)
    for signs, pattern, change in REWRITES:
        if any(sign in text for sign in signs):
            text = re.sub(pattern, change, text)
    if FIRST_ITEM.search(text):
        text = _leave_out_item_labels(text)
    return re.sub(LABEL, "", text) if SET_OFF.search(text) else text


def _flatten(text: str) -> str:
    """The texts in an object of JSON, a line each; any other text as it is."""
    if not (text.lstrip().startswith("{") and text.rstrip().endswith("}")):
        return text
    try:
        values = json.loads(text)
    except ValueError:
        return text
    parts = [
        each
        for value in values.values()
        for each in (value if isinstance(value, list) else [value])
    ]
    return "\n".join(parts) if all(isinstance(part, str) for part in parts) else text


def _list_items(found: Found) -> str:
    items = re.split(r",[ ]*", found[2])
    return "\n".join([found[1] or "", *(item.strip("'\"“”‘’ ") for item in items)])


def _leave_out_item_labels(text: str) -> str:
    """`text` less the labels of lists that count from A, 1 or I on."""
    found = [*islice(ITEM.finditer(text), MOST_ITEMS)]
    numbers = [_number_label(one[1] or one[2]) for one in found]
    out = text
    cut: list[Found] = []
    for start, labels in enumerate(numbers):
        if cut and found[start].start() <= cut[-1].start():
            continue
        for kind, number in labels:
            if number != 1:
                continue
            run = [found[start]]
            for one, others in zip(
                found[start + 1 :], numbers[start + 1 :], strict=True
            ):
                if (kind, len(run) + 1) in others:
                    run.append(one)
            on_lines = all(_begins_line(text, one) for one in run[1:])
            if len(run) >= (2 if on_lines else LEAST_INLINE):
                cut += run
                break
    for one in reversed(cut):
        out = f"{out[: one.start()]}\n{out[one.end() :]}"
    return out


def _begins_line(text: str, item: Found) -> bool:
    return not text[: item.start()].rpartition("\n")[2].strip(" \t*(（[")


def _number_label(label: str) -> list[tuple[str, int]]:
    """Which item of what kinds of lists a label names: i is the ninth and the first."""
    if label >= "①":
        return [("circled", ord(label) - 0x245F)]
    if label.isdecimal():
        return [("digit", int(label))]
    kind, small = "small" if label.islower() else "capital", label.lower()
    letters = [(kind, ord(small) - 96)] if len(small) == 1 else []
    roman = [(f"{kind} roman", ROMAN.index(small) + 1)] if small in ROMAN else []
    return letters + roman


def _leave_out_bullets(found: Found) -> str:
    return re.sub(f"(?m){BULLET}", "", found[0])


def _ask_truth(found: Found) -> str:
    return f"True or false: {(found[1] or found[2]).strip(' (')}"


def _drop_comments(found: Found) -> str:
    return re.sub(COMMENT, "", found[0])


# Signs without any of which a text has nothing of the pattern; and what it becomes.
REWRITES: tuple[Rewrite, ...] = (
    (("```",), FENCE, _drop_comments),
    (("es or no",), YES_OR_NO, ""),
    (
        (
            "an you",
            "ould",
            "ill ",
            "lease",
            "indly",
            "one",
            "body",
            " is to ",
            "ou need",
            "ou are ",
            "ou have ",
        ),
        POLITE,
        "",
    ),
    (
        (" function", "rogram", " script", " method", "rocedure", " code ", "mplement"),
        PROGRAM_ASKED,
        lambda found: f"write {found[1] or found[2] or ''} ",
    ),
    (("eturn",), RETURN_IT, "find "),
    (("rue", "RUE", "T/F"), TRUE_OR_FALSE, _ask_truth),
    (("']", '"]'), LISTED, _list_items),
    (("\n- ", "\n* ", "•", "\n– ", "‣", "◦"), BULLETS, _leave_out_bullets),
)

r"""Ways in which a benchmark item stands in a pool word for word, and light edits.

A wrapper takes a problem and a `Random`, and gives what a crawler, a converter or a
prompt template makes of it; no word, number or sign of the problem is lost.
"""

import html
import json
import re
from collections.abc import Callable
from random import Random

Wrapper = Callable[[str, Random], str]

INSTRUCTIONS = (
    "Solve the following maths problem carefully, showing every step.",
    "You are a helpful tutor. Read the task below and reply with the result alone.",
    "Please think it through and put the final answer in \\boxed{}.",
)
PREAMBLES = (
    "Lies die folgende Aufgabe genau und gib am Ende nur das Ergebnis an.",
    "Résolvez le problème suivant et donnez seulement la réponse finale.",
    "Lee con atención el siguiente problema y escribe solo la respuesta.",
    "请仔细阅读下面的题目，最后只写出答案。",
)
SHOTS = (
    "Q: A tram holds 48 people and 19 get off. How many are left?\nA: 29\n\n"
    "Q: What is the product of 12 and 11?\nA: 132\n\nQ: "
)
NEXT = (
    "\nA:\n\nQ: The sides of a kite are 7 and 10. What is its perimeter?\nA: 34",
    "\nA:\n\nQ: Which fraction of an hour are 25 minutes?\nA: 5/12",
)
INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad")
TAGS = ("(2024 AIME)", "[HMMT 2021]", "(2023 AMC 12A #14)")


def invisible(text: str, rng: Random) -> str:
    """A character without width in every third word of prose."""

    def insert(match: re.Match[str]) -> str:
        word = match[0]
        middle = rng.randrange(1, len(word))
        return word[:middle] + rng.choice(INVISIBLE) + word[middle:]

    return _in_prose(r"[A-Za-z]{4,}", insert, text, rng, 0.34)


def hyphenate(text: str, rng: Random) -> str:
    """Words of prose broken at line ends."""

    def break_word(match: re.Match[str]) -> str:
        word = match[0]
        middle = rng.randrange(2, len(word) - 2)
        return f"{word[:middle]}-\n{word[middle:]}"

    return _in_prose(r"[A-Za-z]{6,}", break_word, text, rng, 0.15)


def _in_prose(
    pattern: str, change: Callable[[re.Match[str]], str], text: str, rng: Random,
    share: float,
) -> str:  # fmt: skip
    """`change` made to a share of the words outside formulas, drawings and commands."""
    formula = r"\[asy\].*?\[/asy\]|\$\$.*?\$\$|\$.*?\$|\\\[.*?\\\]|\\\(.*?\\\)"
    formula += r"|\\begin\{.*?\\end\{\w+\*?\}|\\[A-Za-z]+(?:\{[^{}]*\})?"

    def turn(match: re.Match[str]) -> str:
        if match.lastgroup == "formula" or rng.random() > share:
            return match[0]
        return change(match)

    word = rf"(?P<formula>{formula})|(?<![A-Za-z\\]){pattern}(?![A-Za-z])"
    return re.sub(word, turn, text, flags=re.DOTALL)


def shout(text: str, rng: Random) -> str:
    """Prose in capitals."""
    return _in_prose(r"[A-Za-z]+", lambda match: match[0].upper(), text, rng, 1.0)


def squeeze(text: str, rng: Random) -> str:
    """No white space around formulas and in them; texts about money stay."""
    if re.search(r"\$\d[^$]*[a-z]{2,} [a-z]{2,}", text):
        return text
    text = re.sub(r"\s*(\$[^$]+\$)\s*", lambda match: match[1], text)
    inside = re.compile(r"(?<=[=+<>,]) | (?=[=+<>,])")
    return re.sub(r"\$[^$]+\$", lambda match: inside.sub("", match[0]), text)


def quote(text: str, rng: Random) -> str:
    return "> " + text.replace("\n", "\n> ")


def chat(text: str, rng: Random) -> str:
    return rng.choice(
        (
            f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n",
            f"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{text}<|eot_id|>",
            f"[INST] {text} [/INST]",
            f"### Instruction:\n{text}\n\n### Response:\n",
            f"<start_of_turn>user\n{text}<end_of_turn>",
        )
    )


def tag(text: str, rng: Random) -> str:
    return f"{text} {rng.choice(TAGS)}"


def table_cell(text: str, rng: Random) -> str:
    inside = text.replace("\n", "<br>")
    return f"| No. | Problem | Points |\n|---|:---|---:|\n| 3 | {inside} | 5 |"


WRAPPERS: dict[str, Wrapper] = {
    "as it is": lambda text, rng: text,
    "bold": lambda text, rng: f"**{text}**",
    "italics": lambda text, rng: f"*{text}*" if rng.random() < 0.5 else f"_{text}_",
    "heading": lambda text, rng: f"## Problem\n\n### {text}",
    "bullet": lambda text, rng: f"- {text}",
    "numbered": lambda text, rng: f"{rng.randint(2, 40)}. {text}",
    "block quote": quote,
    "table cell": table_cell,
    "<p>": lambda text, rng: f"<p>{text}</p>",
    "<div><b>": lambda text, rng: f'<div class="problem"><b>{text}</b></div>',
    "entities": lambda text, rng: html.escape(text).replace("  ", "&nbsp; "),
    "quotes": lambda text, rng: f"“{text}”" if rng.random() < 0.5 else f'"{text}"',
    "chat markers": chat,
    "code fence": lambda text, rng: f"```text\n{text}\n```",
    "JSON string": lambda text, rng: json.dumps({"question": text}),
    "few-shot prompt": lambda text, rng: f"{SHOTS}{text}{rng.choice(NEXT)}",
    "hyphenated lines": hyphenate,
    "zero width": invisible,
    "tag": tag,
    "instruction": lambda text, rng: f"{rng.choice(INSTRUCTIONS)}\n\n{text}",
    "preamble, translated": lambda text, rng: f"{rng.choice(PREAMBLES)}\n\n{text}",
    "capitals": shout,
    "no spaces in maths": squeeze,
    "points": lambda text, rng: f"{text} [{rng.randint(2, 12)} points]",
}

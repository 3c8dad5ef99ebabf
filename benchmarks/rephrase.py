"""Rephrasings of real word problems by rule: what stays the same is the problem.

Each edit is a function of a text and a random generator; it gives None where it has
nothing to change. `HEAVY` makes three of them at once.
"""

import re
from collections.abc import Callable
from random import Random

from pipeline.kernels.latex_vocabulary import split

Edit = Callable[[str, Random], str | None]
END = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
SYNONYMS = {
    "buys": "purchases", "bought": "purchased", "gets": "receives", "got": "received",
    "has": "owns", "had": "owned", "costs": "is priced at", "needs": "requires",
    "need": "require", "wants to": "would like to", "total": "overall amount",
    "in total": "altogether", "each": "every single", "makes": "produces",
    "gave": "handed", "gives": "hands", "starts": "begins", "started": "began",
    "kids": "children", "store": "shop", "trip": "journey", "remaining": "left over",
    "large": "big", "small": "little", "per": "for every", "money": "cash",
    "day": "24-hour day", "earns": "is paid", "spends": "pays out", "spent": "paid out",
    "left": "remaining", "works": "is employed", "house": "home", "picks": "gathers",
    "Find": "Determine", "Compute": "Work out", "What is": "Determine",
    "positive": "non-zero positive",
    "number of": "count of", "equal to": "the same as", "integer": "whole number",
    "integers": "whole numbers", "value of": "number that equals",
    "such that": "for which",
}  # fmt: skip
NAMES = split(
    "Aiyana Bogdan Chidera Dagny Emeka Farrokh Gulnara Hiroshi Isolde Jadwiga Kwame "
    "Leilani Mbali Ngozi Oisin Petra Quillon Ruslan Sunniva Thandiwe"
)
OBJECTS = {
    "apples": "pears", "eggs": "shells", "books": "magazines", "cookies": "biscuits",
    "cars": "vans", "dogs": "goats", "cats": "rabbits", "pencils": "crayons",
    "students": "trainees", "flowers": "ferns", "balls": "discs", "candy": "fruit",
    "shirts": "scarves", "shoes": "gloves", "bags": "sacks", "boxes": "crates",
    "toys": "puzzles", "cake": "pie", "water": "juice", "tickets": "passes",
    "trees": "bushes", "pages": "sheets", "teacher": "coach", "school": "club",
    "class": "team", "farm": "estate", "dollars": "dollars", "fish": "turtles",
}  # fmt: skip
FILLERS = (
    "It was a cold and windy week.", "Nobody had expected this.",
    "The radio was playing in the background.", "Everyone was in a good mood.",
    "A neighbour looked on with interest.", "This happened some time ago.",
)  # fmt: skip
ONES = split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
TENS = split("twenty thirty forty fifty sixty seventy eighty ninety")
NOT_NAMES = split(
    "The She He It They If How What In On At For After When Each Every His Her There "
    "This That Their Then Find Monday Tuesday Wednesday Thursday Friday Saturday "
    "Sunday January February March April May June July August September October "
    "November December Of And But From With To As Mr Mrs Ms Dr Let Compute A An"
)


def use_synonyms(text: str, rng: Random) -> str | None:
    """Other words of the list, wherever one stands."""
    pattern = rf"\b({'|'.join(sorted(SYNONYMS, key=len, reverse=True))})\b"
    return _changed(text, re.sub(pattern, lambda m: SYNONYMS[m[0]], text))


def ask_first(text: str, rng: Random) -> str | None:
    """The question in front of what is known."""
    sentences = END.split(text.strip())
    if len(sentences) < 2:
        return None
    return " ".join([sentences[-1], "Here is what we know.", *sentences[:-1]])


def spell_numbers(text: str, rng: Random) -> str | None:
    """Whole numbers below a hundred in words, and words in digits."""
    swapped = re.sub(
        r"(?<![\d.,/$^_{])\b\d{1,2}\b(?![\d.,/%}^]\d|%|[}^/])", _spell, text
    )
    if swapped != text:
        return swapped
    words = "|".join(ONES[2:])
    return _changed(
        text, re.sub(rf"\b({words})\b", lambda m: str(ONES.index(m[0])), text)
    )


def rename(text: str, rng: Random) -> str | None:
    """Other names and other objects, each for one."""
    found = dict.fromkeys(re.findall(r"(?<![\\$])\b[A-Z][a-z]{2,}\b", text))
    names = [name for name in found if name not in NOT_NAMES]
    swaps = dict(zip(names, rng.sample(NAMES, min(len(names), 20)), strict=False))
    swaps |= OBJECTS
    pattern = rf"\b({'|'.join(map(re.escape, swaps))})\b"
    return _changed(text, re.sub(pattern, lambda m: swaps[m[0]], text))


def convert_units(text: str, rng: Random) -> str | None:
    """Hours as minutes, feet as inches, weeks as days, meters as centimeters."""
    for unit, (size, smaller) in UNITS.items():
        pattern = rf"\b(\d+) {unit}s?\b"
        if match := re.search(pattern, text):
            converted = f"{int(match[1]) * size} {smaller}"
            return text[: match.start()] + converted + text[match.end() :]
    return None


UNITS = {
    "hour": (60, "minutes"), "feet": (12, "inches"), "week": (7, "days"),
    "meter": (100, "centimeters"), "kg": (1000, "grams"), "minute": (60, "seconds"),
    "yard": (3, "feet"), "km": (1000, "meters"), "liter": (1000, "milliliters"),
}  # fmt: skip


def add_filler(text: str, rng: Random) -> str | None:
    """Two sentences that say nothing."""
    sentences = END.split(text.strip())
    for filler in rng.sample(FILLERS, 2):
        sentences.insert(rng.randrange(len(sentences)), filler)
    return " ".join(sentences)


def use_passive(text: str, rng: Random) -> str | None:
    """`Ann bought 3 pens` as `3 pens were bought by Ann`."""
    pattern = (
        r"\b([A-Z][a-z]+) (bought|sold|ate|made|baked|picked|collected|read|planted|"
        r"buys|sells|eats|makes|bakes|picks|collects|reads|plants) "
        r"((?:\$?\d+|two|three|four|five|six|seven|eight|nine|ten) [a-z]+ ?[a-z]*)"
    )
    return _changed(
        text,
        re.sub(pattern, lambda m: f"{m[3].strip()} {PASSIVE[m[2]]} by {m[1]}", text),
    )


PASSIVE = {
    "bought": "were bought", "sold": "were sold", "ate": "were eaten",
    "made": "were made", "baked": "were baked", "picked": "were picked",
    "collected": "were collected", "read": "were read", "planted": "were planted",
    "buys": "are bought", "sells": "are sold", "eats": "are eaten", "makes": "are made",
    "bakes": "are baked", "picks": "are picked", "collects": "are collected",
    "reads": "are read", "plants": "are planted",
}  # fmt: skip
EDITS: dict[str, Edit] = {
    "synonyms": use_synonyms, "question first": ask_first,
    "numbers spelt": spell_numbers,
    "names, objects": rename, "units": convert_units, "filler": add_filler,
    "passive": use_passive,
}  # fmt: skip


def rephrase_heavily(text: str, rng: Random) -> str | None:
    """Four edits, one after the other."""
    chosen = ["names, objects", "synonyms", "question first"]
    chosen.append(rng.choice(["numbers spelt", "units", "filler", "passive"]))
    rephrased = text
    for name in chosen:
        rephrased = EDITS[name](rephrased, rng) or rephrased
    return _changed(text, rephrased)


EDITS["heavy: four at once"] = rephrase_heavily


def change_numbers(text: str, rng: Random) -> str | None:
    """A sibling: every number in digits or in a word is another one."""
    words = "|".join(ONES[3:])

    def other(match: re.Match[str]) -> str:
        if not match[0].isdigit():
            return rng.choice([word for word in ONES[3:] if word != match[0]])
        value = int(match[0])
        return str(value + rng.choice([1, 2, 3, 5, 7, 10]))

    return _changed(text, re.sub(rf"\d+|\b(?:{words})\b", other, text))


def _spell(match: re.Match[str]) -> str:
    value = int(match[0])
    if value < 20:
        return ONES[value]
    tens, ones = TENS[value // 10 - 2], value % 10
    return f"{tens}-{ONES[ones]}" if ones else tens


def _changed(text: str, edited: str) -> str | None:
    return edited if edited != text else None

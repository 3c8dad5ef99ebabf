"""Words that values and units are written in, and what each may begin in a text."""

from pathlib import Path


def split(words: str) -> list[str]:
    """The words of a list that is easier to read as text."""
    return words.split()


def read_list(name: str) -> str:
    """The text of a file of words, as the reader of texts spells it: е for ё."""
    text = Path(__file__).with_name(name).read_text("utf-8")
    return text.replace("ё", "е").replace("Ё", "Е")


# What may be in a text, as bits.
(SCALE, PART, ORDINAL, GROUP, TIMES, PER, CENT, HOURLY, AREA, POWER, SPEED) = (
    1 << bit for bit in range(11)
)
# What a unit is: a length, any amount; what stands behind "per", or a slash.
IS_LENGTH, IS_AMOUNT, IS_SHARE, IS_SHORT, IS_CENT = (1 << bit for bit in range(5))
BELOW_TWENTY = split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
TENS_WORDS = split("twenty thirty forty fifty sixty seventy eighty ninety")
SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9}
PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
PARTS |= {f"{word}s": value for word, value in PARTS.items() if value > 2}
ORDINALS = split(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh "
    "twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth "
    "nineteenth"
)
# Units: what is measured per unit, by time, and in squares and cubes.
LENGTHS = split("km cm mm m mi ft mile miles feet foot inch inches yard yards")
LENGTHS += [
    f"{much}met{end}"
    for much in ("kilo", "", "centi", "milli")
    for end in split("er ers re res")
]
AMOUNTS = LENGTHS + split(
    "kg g l ml liter liters litre litres gallon gallons gram grams kilogram kilograms"
)
SHARES = split("hour minute second day week month year min sec hr") + AMOUNTS
SHORT_TIMES = split("h hr s sec")
# Words of three letters or more that may stand in the middle of a value or a rate.
JOINTS = split(
    "and per kilo meter metre mile feet foot liter litre gallon gram inch yard centi "
    "milli cent"
)


def mark_words() -> dict[str, int]:
    return {
        "per": PER | HOURLY,  # 60 km per hr is 60 km/hr, and so 60 km/hour
        **dict.fromkeys(split("square sq cubic"), AREA),
        **dict.fromkeys(SCALES, SCALE),
        **dict.fromkeys(PARTS, PART),
        **dict.fromkeys(split("mph kph kmh kmph"), SPEED),
        **dict.fromkeys(split("squared cubed"), POWER),
    }


def unit_words() -> dict[str, int]:
    units: dict[str, int] = {"cent": IS_CENT}
    for bit, words in (
        (IS_LENGTH, LENGTHS),
        (IS_AMOUNT, AMOUNTS),
        (IS_SHARE, SHARES),
        (IS_SHORT, SHORT_TIMES),
    ):
        units |= {word: units.get(word, 0) | bit for word in words}
    return units

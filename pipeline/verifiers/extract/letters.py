r"""Letters of multiple choice: which ones a text names, and which it commits itself to.

A letter counts where it is boxed, tagged, announced ("the answer is", 故选) or stands
alone; letters that are only discussed or ruled out ("it can't be A", 不是 A) do not.
Letters of other scripts are read by their place in their own alphabet.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pipeline.verifiers.extract.clauses import is_misled, is_ruled_out, is_supposed
from pipeline.verifiers.extract.markup import plain
from pipeline.verifiers.extract.phrases import find_announcements

ALPHABETS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
LATIN = "ABCDEFGHIJ"
UNCLEAR = "?"
CYRILLIC = ALPHABETS["cyrillic"]
IN_LATIN = {
    sign: LATIN[place]
    for alphabet in ALPHABETS.values()
    for place, sign in enumerate(alphabet)
}
# They look like B, C, E, H, which their places do not say.
IN_LATIN |= dict.fromkeys("ВСЕН", UNCLEAR)
LETTER = rf"[{LATIN}{''.join(IN_LATIN)}]"
FREE = "".join(
    ALPHABETS[name]
    for name in ("heavenly_stems", "katakana", "circled_digits", "wide_letters")
)
BOUND = "".join(sign for sign in IN_LATIN if sign not in FREE)
MENTION = re.compile(
    rf"(?<![A-Za-z0-9_'’\\^])\(?([{LATIN}{FREE}]|(?<![^\W_])[{BOUND}](?![^\W_]))\)?"
    r"(?![A-Za-z0-9_'’^]|\s?[-+*/=<>^])"
)
STANDING_CYRILLIC = re.compile(rf"(?<!\w)[{CYRILLIC}](?!\w)")
NO_LETTER = re.compile(
    r"A (?!(?:and|or|is|because|since|but|as|not|with)\b)[a-z]|I\s+[a-z]"
)
HELD_RIGHT = re.compile(
    r"\(?\b([A-J])\)?\s*[:–—-]\s*(?:yes|correct|true|right)\b", re.I
)
HEADS = re.compile(r"(?:^|[\s(])([A-J])[.):](?=\s)", re.M)
COMMITTED = re.compile(
    r"\b(?:only|answer|choice|option|choose|select|pick|go with|must be|it'?s|it is|so"
    r"|thus|hence|therefore|leaves|leaving|r[ée]ponse|antwort|respuesta|ответ|opción)\b"
    r"|答案|故选|应选|选|正解|答え|정답|الإجابة|الجواب|उत्तर|উত্তর",
    re.I,
)
SENTENCE_END = re.compile(r"[.。\n]\s")
OPTION = r"[\s*\"'\[]*(?:(?i:option|choice|answer) )?"
SHORT = re.compile(
    rf"{OPTION}(?:({LETTER})(?:(?<=['\"].)['\"])?|\(({LETTER}|[a-h])\))[\s*\"\].]*"
)
SEVERAL = re.compile(
    rf"\W*(?:both |either )?\(?{LETTER}\)?"
    rf"(?:\W*(?:and|or|und|oder|et|ou|и|или|y|o)?\W*{LETTER}\)?)+\W*"
)
OFFERED = re.compile(r"^\W*(?:or\b|,\s*\d)|\?$")
LEADING = re.compile(
    rf"{OPTION}(?:\(({LETTER}|[a-h])\)|({LETTER})(?:[.):。．、]|$)"
    rf"|([A-J])(?=\s?[^\x00-\x7f])"
    rf"|({LETTER})(?=\s+(?:[A-Z][a-z]|\d|non\b|not\b|because\b|since\b)))"
)


def read_letters(text: str) -> tuple[str, ...]:
    """The letters that a short text is, starts with or lists: in Latin, sorted.

    >>> read_letters("(C) 12"), read_letters("ب"), read_letters("both A and C")
    (('C',), ('B',), ('A', 'C'))
    """
    short = plain(text).strip(" *\\{}.").strip()
    if len(short) > 300:
        return ()
    if lone := SHORT.fullmatch(short):
        return (to_latin(lone[1] or lone[2]),)
    if len(short) < 60 and SEVERAL.fullmatch(short):
        return tuple(sorted(map(to_latin, re.findall(LETTER, short))))
    leading = None if NO_LETTER.match(short) else LEADING.match(short)
    behind = short[leading.end() :] if leading else ""
    if leading is None or is_misled("", behind) or OFFERED.search(behind):
        return ()
    return (to_latin(next(filter(None, leading.groups()))),)


def to_latin(letter: str) -> str:
    """A letter of any alphabet as the Latin one in its place; `?` where ambiguous."""
    return IN_LATIN.get(letter) or letter.upper()


def transliterate(text: str) -> str:
    """`text` with the Cyrillic letters that stand alone as the Latin in their place."""
    return STANDING_CYRILLIC.sub(lambda letter: LATIN[CYRILLIC.index(letter[0])], text)


def find_committed_letter(text: str) -> str | None:
    """The letter named after the last announcement, or the last one not ruled out."""
    for sentence in _committing_sentences(text):
        if sign := _first_mention(sentence):
            return to_latin(sign)
    return None


def is_one_option(text: str) -> bool:
    """Whether a text is one line and does not list the options."""
    return "\n" not in text.strip() and len(set(HEADS.findall(text))) < 2


def _committing_sentences(text: str) -> Iterator[str]:
    """What follows announcements, then other words of decision, from the last on."""
    for announcement in find_announcements(text):
        rest = text[announcement.end() : announcement.end() + 200]
        yield SENTENCE_END.split(rest.lstrip(" \n*:："))[0]
    for verdict in reversed(list(HELD_RIGHT.finditer(text))):
        yield verdict[1]
    for cue in reversed(list(COMMITTED.finditer(text))):
        before = text[: cue.start()]
        if not (is_ruled_out(before) or is_supposed(before)):
            yield SENTENCE_END.split(text[cue.end() : cue.end() + 60])[0]


def _first_mention(sentence: str) -> str | None:
    """The first letter that a sentence names and does not rule out."""
    for mention in MENTION.finditer(sentence):
        is_word = NO_LETTER.match(sentence, mention.start(1))
        is_denied = is_misled("", sentence[mention.end() :])
        if not (is_word or is_denied or is_ruled_out(sentence[: mention.start()])):
            return mention[1]
    return None

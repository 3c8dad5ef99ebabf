r"""Letters of multiple choice: which one a text commits itself to.

A letter counts where it is boxed, tagged, announced ("the answer is", 故选) or stands
alone; letters that are only discussed or ruled out ("it can't be A", 不是 A) do not.
Letters of other scripts are read by their place in their own alphabet.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pipeline.verifiers.extract.boxes import TAIL
from pipeline.verifiers.extract.clauses import is_disowned
from pipeline.verifiers.extract.final import boxed_or_tagged, strip_thinking
from pipeline.verifiers.extract.markup import plain
from pipeline.verifiers.extract.phrases import find_announcements

ALPHABETS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
CYRILLIC = "АБВГДЕЖЗ"
LOOK_ALIKES = set("ВСЕН")  # they look like B, C, E, H, which their places do not say
LATIN = "ABCDEFGH"
IN_LATIN = {
    sign: LATIN[position]
    for alphabet in ALPHABETS.values()
    for position, sign in enumerate(alphabet)
} | {"ا": "A", "А": "A", "Б": "B", "Г": "D", "Д": "E"}
SIGNS = "".join(IN_LATIN)
LETTER = rf"[A-JＡ-Ｊ{SIGNS}{CYRILLIC}]"
# Letters of scripts that write words without spaces may touch their neighbours.
FREE = ALPHABETS["heavenly_stems"] + ALPHABETS["katakana"] + ALPHABETS["circled_digits"]
BOUND = "".join(sign for sign in SIGNS + CYRILLIC if sign not in FREE)
MENTION = re.compile(
    rf"(?<![A-Za-z0-9_'’\\^])\(?([A-JＡ-Ｊ{FREE}]|(?<![^\W_])[{BOUND}](?![^\W_]))\)?"
    r"(?![A-Za-z0-9_'’^]|\s?[-+*/=<>^])"
)
STANDING_CYRILLIC = re.compile(rf"(?<!\w)[{CYRILLIC}](?!\w)")
ARTICLE = re.compile(
    r"A (?!and\b|or\b|is\b|because\b|since\b|but\b|as\b|not\b|with\b)[a-z]"
)
NEGATED = re.compile(
    r"(?:\bnot|n't|n’t|\bcannot|\bneither|\bnor|\bexcept|\brather than|\binstead of"
    r"|\beliminate|\brul(?:e|es|ed|ing) out|\bexclude|\bwrong|\bincorrect|\bunlike"
    r"|\bnon"
    r"|\bpas|\bnicht|\bне|不是|不选|不選|非|排除|不能|ではな|아니)[\w\s,，、()'’/]{0,24}$",
    re.I,
)
OFFERED = re.compile(r"\bor\b")
PRONOUN = re.compile(r"I\s+[a-z]")
REJECTED = re.compile(
    r"\W{0,2}(?:is|was|are)\s+(?:the |an? )?"
    r"(?:distractor|wrong|incorrect|not|false|too)\b",
    re.I,
)
HELD_RIGHT = re.compile(
    r"\(?\b([A-J])\)?\s*[:–—-]\s*(?:yes|correct|true|right)\b", re.I
)
HEADS = re.compile(r"(?:^|[\s(])([A-J])[.):](?=\s)", re.M)
CLAUSE = re.compile(
    r"[.;。！？!?\n]|,\s*(?:so|thus|hence|therefore|but|it|that|which)\b|[，,]"
)
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
LEADING = re.compile(
    rf"{OPTION}(?:\(({LETTER}|[a-h])\)|({LETTER})(?:[.):。．、]|$)"
    rf"|([A-J])(?=\s?[^\x00-\x7f])"
    rf"|({LETTER})(?=\s+(?:[A-Z][a-z]|\d|non\b|not\b|because\b|since\b)))"
)


def read_letter(text: str) -> str | None:
    """The letter that a short text is or starts with, in Latin; None for another text.

    >>> read_letter("(C) 12"), read_letter("Ｂ"), read_letter("ب"), read_letter("CD")
    ('C', 'B', 'B', None)
    """
    short = _shorten(text)
    if len(short) > 300:
        return None
    if lone := SHORT.fullmatch(short):
        return to_latin(lone[1] or lone[2])
    leading = LEADING.match(short)
    if leading is None or ARTICLE.match(short):
        return None
    return to_latin(next(filter(None, leading.groups())))


def read_letters(text: str) -> tuple[str, ...]:
    """All letters of `A, C`, `AC` or `both A and C`, sorted; () where it is no list."""
    short = _shorten(text)
    if re.fullmatch(r"[A-H]{2,6}", short) and len(set(short)) == len(short):
        return tuple(sorted(short))
    if len(short) >= 60 or not SEVERAL.fullmatch(short):
        return ()
    signs = re.findall(LETTER, re.sub(r"both|either|and|or|und|oder|et|ou", "", short))
    return tuple(sorted(filter(None, map(to_latin, signs))))


@lru_cache(10_000)
def _shorten(text: str) -> str:
    if len(text) == 1:
        return text
    return plain(text).strip(" *\\{}.").strip()


def to_latin(letter: str) -> str | None:
    """A letter of any alphabet as the Latin one in its place; None where ambiguous."""
    if letter in IN_LATIN:
        return IN_LATIN[letter]
    if letter in LOOK_ALIKES:
        return None
    return unicodedata.normalize("NFKC", letter).upper()


def transliterate(text: str) -> str:
    """`text` with the Cyrillic letters that stand alone as the Latin in their place."""
    return STANDING_CYRILLIC.sub(lambda letter: LATIN[CYRILLIC.index(letter[0])], text)


def find_chosen_letter(completion: str) -> str | None:
    """The letter that the completion commits itself to, or None."""
    text = strip_thinking(completion)
    if marked := boxed_or_tagged(text):
        if OFFERED.search(marked) or is_disowned(marked):
            return None
        return read_letter(marked) or find_committed_letter(marked)
    return find_committed_letter(text[-TAIL:])


def find_committed_letter(text: str) -> str | None:
    """The letter named after the last announcement, or the last one not ruled out."""
    text = text.replace("**", "")
    if is_one_option(text) and (letter := read_letter(text)):
        return letter
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
        clause = CLAUSE.split(text[: cue.start()][-40:])[-1]
        if not NEGATED.search(clause):
            yield SENTENCE_END.split(text[cue.end() : cue.end() + 60])[0]


def _first_mention(sentence: str) -> str | None:
    """The first letter that a sentence names and does not rule out."""
    for mention in MENTION.finditer(sentence):
        if mention[0] == "A" and ARTICLE.match(sentence, mention.start()):
            continue
        if mention[0] == "I" and PRONOUN.match(sentence, mention.start()):
            continue
        if REJECTED.match(sentence, mention.end()):
            continue
        if not NEGATED.search(CLAUSE.split(sentence[: mention.start()])[-1]):
            return mention[1]
    return None

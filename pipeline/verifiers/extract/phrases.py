r"""How an answer is announced, in the languages that models write.

An announcement is a word for "answer" and what ties it to the answer: a verb, a colon,
an equals sign ("The answer is", "Antwort:", "答案是"). A strong one names the final or
the correct answer and so outweighs a box before it.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pipeline.verifiers.extract.boxes import TAIL
from pipeline.verifiers.extract.clauses import is_supposed

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
ANSWERS, WEAK, VERBS, CYRILLIC, CYRILLIC_VERBS, OTHERS = (
    f"(?:{'|'.join(TABLE[name])})"
    for name in ("answers", "weak", "verbs", "cyrillic", "cyrillic_verbs", "others")
)
MARK = r"####(?=\s*\**\s*(?:[-+−$\\]*[\d.]|\\|\$)[^\s]*\s*\**\s*$)"
ANNOUNCEMENT = re.compile(
    rf"{MARK}|^[ \t]*\**A\**[:：]"
    r"|^[ \t]*#*[ \t]*\**(?:final )?(?:answer|result)\**:?\**[ \t]*$"
    rf"|\b{ANSWERS}\b\**[ \t]*(?:\([^()\n]{{1,30}}\)[ \t]*)?(?:\b{VERBS}\b|[:：=])"
    rf"|\b{WEAK}\b[ \t]*\b{VERBS}\b"
    rf"|\b(?:{ANSWERS}|{WEAK})\b\**[ \t]*(?:[=-]>|→|⇒|➜|➔)"
    rf"|\b{CYRILLIC}\b\**\s*{CYRILLIC_VERBS}|{OTHERS}",
    re.I | re.M,
)
STRONG = re.compile(
    r"\b(?:final|correct) answer\b\**[ \t]*(?:is\b|[:：])"
    rf"|{MARK}|最终答案[是为為:：]",
    re.I | re.M,
)
STEMS = TABLE["stems"]
SENTENCE_START = re.compile(r"[.!?](?=\s)|[。！？\n]")
MOST_STEMS = 500  # tried in one text, so that a megabyte of them costs little
ASCII_STEMS = [stem for stem in STEMS if stem.isascii()]


def find_announcements(text: str) -> Iterator[re.Match[str]]:
    """What announces an answer in `text`, from the last to the first.

    Announcements that only suppose, doubt or deny one are left out.
    """
    for announcement in _find_all(text):
        if not is_supposed(_sentence_before(announcement)):
            yield announcement


def announced_line(text: str) -> str:
    """The line that the last announcement of an answer leads in; "" for none."""
    tail = text[-TAIL:]
    for announcement in find_announcements(tail):
        return tail[announcement.end() :].strip(" *:\n").partition("\n")[0]
    return ""


def without_supposed(text: str) -> str:
    """The text without the sentences that only suppose or deny an answer."""
    for announcement in _find_all(text):
        before = _sentence_before(announcement)
        if is_supposed(before):
            rest = SENTENCE_START.split(announcement.string[announcement.end() :])[0]
            text = text.replace(f"{before}{announcement[0]}{rest}", "", 1)
    return text


def _sentence_before(announcement: re.Match[str]) -> str:
    before = announcement.string[: announcement.start()][-200:]
    return SENTENCE_START.split(before)[-1]


def _find_all(text: str) -> Iterator[re.Match[str]]:
    lowered = text.lower()
    if len(lowered) != len(text):  # some capitals have no small letter of one sign
        yield from reversed(list(ANNOUNCEMENT.finditer(text)))
        return
    stems = ASCII_STEMS if text.isascii() else STEMS
    stems = [stem for stem in stems if stem in lowered]
    before = len(text)
    for _ in range(MOST_STEMS):
        starts = {stem: lowered.rfind(stem, 0, before) for stem in stems}
        stems = [stem for stem in stems if starts[stem] >= 0]
        if not stems:
            return
        before = max(starts.values())
        if match := ANNOUNCEMENT.match(text, before):
            yield match
            continue
        for match in ANNOUNCEMENT.finditer(text, max(0, before - 25), before + 100):
            if match.start() <= before < match.end():
                before = match.start()
                yield match
                break

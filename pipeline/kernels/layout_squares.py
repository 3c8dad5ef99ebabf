r"""Layout in square brackets: links, pictures, BBCode, [INST] of chats.

`a[i]` is an element of a list, so a tag of BBCode is one only where its end is too.
"""

import re

import polars as pl

LINK = re.compile(
    r"!?\[([^\]\[\n]*)\]\((?:https?://|www\.|mailto:|[./#]?[\w./%-]+\."
    r"(?:png|jpe?g|gif|svg|html?|pdf|webp))[^()\s]*(?:\s+\"[^\"\n]*\")?\)"
)
CLOSING = re.compile(r"\[/([a-zA-Z]{1,10})\]")
PICTURE = re.compile(r"(?i)\[img(?:=[^\]\n]{0,99})?\][^\[\]\s]{0,400}\[/img\]")
HINT = re.compile(r"(?i)\[hide(?:=[^\]\n]{0,99})?\][^\[\]]{0,400}\[/hide\]")
TAGS = {*"bisu", "center", "quote", "color", "size", "url", "list", "spoiler", "font"}
CHAT = re.compile(r"\[/?INST\]")


def strip_squares(texts: pl.Series) -> pl.Series:
    """`texts` without tags, and with the text of a link or a picture for it."""
    return pl.Series([_strip(text) for text in texts], dtype=pl.String)


def _strip(text: str) -> str:
    text = LINK.sub(r"\1", CHAT.sub("\n", text))
    closed = {name.lower() for name in CLOSING.findall(text)}
    if not closed:
        return text
    text = HINT.sub("", PICTURE.sub("", text))
    names = "|".join(sorted(closed & TAGS))
    if not names:
        return text
    return re.sub(rf"(?i)\[/?(?:{names})(?:=[^\]\n]{{0,200}})?\]", "", text)

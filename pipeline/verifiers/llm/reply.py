"""The judge's reply, read strictly: one verdict, its own, at the end, or none.

A judge that repeats what it was shown has not voted. So a verdict in a quotation, one
that stands word for word in the completion, several that differ, and one that more
text follows are all unreadable; and unreadable is undecided.
"""

import re
from typing import NamedTuple

from pipeline.endpoint.client import Reply
from pipeline.endpoint.quoting import json_objects
from pipeline.verifiers.extract.final import strip_thinking

VERDICTS = {"correct": True, "incorrect": False, "undecided": None}
LONGEST = 20_000  # characters of a reply in which a verdict is looked for
QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.M)
END = re.compile(r"\s*(?:```\s*)?")


class Ballot(NamedTuple):
    """A vote, or why there is none: one of the codes of `docs/judge.md`."""

    vote: bool | None
    why: str
    is_cast: bool = True


def read(reply: Reply, completion: str, mark: str) -> Ballot:
    """The vote in `reply` to a question about `completion`."""
    if reply.text is None or reply.why:
        return Ballot(None, f"judge_{reply.why}", is_cast=False)
    text = _unquoted(strip_thinking(reply.text)[-LONGEST:], mark)
    said = [found for found in json_objects(text) if "verdict" in found[0]]
    if not said:
        return _unreadable("no verdict")
    verdicts = [found["verdict"] for found, _, _ in said]
    if any(not isinstance(one, str) or one not in VERDICTS for one in verdicts):
        return _unreadable("another verdict than those asked for")
    if len(set(verdicts)) > 1:
        return _unreadable("several verdicts")
    last, _, end = said[-1]
    if not END.fullmatch(text[end:]):
        return _unreadable("text follows the verdict")
    reason = last.get("reason", "")
    if not isinstance(reason, str):
        return _unreadable("a reason that is no text")
    if reason and _holds(completion, last):
        return _unreadable("the completion's own words")
    return Ballot(VERDICTS[verdicts[0]], " ".join(reason.split())[:300])


def _unquoted(text: str, mark: str) -> str:
    code = re.escape(mark)
    block = re.compile(rf"<<[A-Z]+ {code}>>.*?<<END [A-Z]+ {code}>>", re.S)
    return QUOTED_LINE.sub("", block.sub("", text))


def _holds(completion: str, said: dict[str, object]) -> bool:
    """Whether `said` stands, word for word, where the judge could have read it."""
    ends = (completion[:LONGEST], completion[-LONGEST:])
    return any(found == said for end in ends for found, _, _ in json_objects(end))


def _unreadable(why: str) -> Ballot:
    return Ballot(None, f"judge_unreadable: {why}", is_cast=False)

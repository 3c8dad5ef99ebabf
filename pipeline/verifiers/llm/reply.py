"""The judge's reply, read strictly: one verdict, its own, at the end, or none.

A judge that repeats what it was shown has not voted. So a verdict in a quotation, a
favourable one that stands word for word in the completion, several that differ, and
one that more text follows are all unreadable; and unreadable is undecided. A copied
verdict *against* the completion counts: else a completion could keep itself from being
judged wrong.
"""

import re
from typing import NamedTuple

from pipeline.endpoint.client import Reply
from pipeline.endpoint.quoting import json_objects, strip_quotations

VERDICTS = {"correct": True, "incorrect": False, "undecided": None}
LONGEST = 20_000  # characters of a reply in which a verdict is looked for
QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.M)
END = re.compile(r"\s*(?:```\s*)?")


class Ballot(NamedTuple):
    """A vote, or why there is none: one of the codes of `docs/judge.md`."""

    vote: bool | None
    why: str
    is_cast: bool = True


def read_ballot(reply: Reply, completion: str, token: str) -> Ballot:
    """The vote in `reply` to a question about `completion`.

    `token` is that of the question's blocks, so that those it repeats are left out.
    """
    if reply.text is None or reply.why:
        return Ballot(None, f"judge_{reply.why}", is_cast=False)
    text = QUOTED_LINE.sub("", strip_quotations(reply.text, token)[-LONGEST:])
    votes = [(value, end) for value, _, end in json_objects(text) if "verdict" in value]
    if not votes:
        return _unreadable("no verdict")
    verdicts = [value["verdict"] for value, _ in votes]
    if not all(isinstance(word, str) and word in VERDICTS for word in verdicts):
        return _unreadable("another verdict than those asked for")
    if len(set(verdicts)) > 1:
        return _unreadable("several verdicts")
    vote, end = votes[-1]
    if not END.fullmatch(text[end:]):
        return _unreadable("text follows the verdict")
    reason = vote.get("reason", "")
    if not isinstance(reason, str):
        return _unreadable("a reason that is no text")
    if verdicts[0] == "correct" and reason and _holds(completion, vote):
        return _unreadable("the completion's own words")
    return Ballot(VERDICTS[verdicts[0]], " ".join(reason.split())[:300])


def _holds(completion: str, vote: dict[str, object]) -> bool:
    """Whether `vote` stands, word for word, where the judge could have read it."""
    ends = (completion[:LONGEST], completion[-LONGEST:])
    return any(value == vote for end in ends for value, _, _ in json_objects(end))


def _unreadable(why: str) -> Ballot:
    return Ballot(None, f"judge_unreadable: {why}", is_cast=False)

r"""Knights and knaves: the role of every person, as statements and nothing else.

A statement gives names a role: "Ana is a knight", "Ana: knight", "Ana and Ben are
knaves", "both are knaves", "Knights: Ana, Ben". The answer is the run of sentences at
the end that are made of statements alone, perhaps after words such as "so we have
that". A sentence with anything else in it (if, or, not, it is false that) is no
answer, and nothing before it counts. A person who is given both roles has none.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.markup import plain, strip_markup

LONGEST = 5_000  # characters at the end of a completion in which roles are looked for
ENTRY = re.compile(r"([^\W\d_][\w'-]*)\s+is\s+an?\s+(knight|knave)", re.I)
SENTENCE_END = re.compile(r"(?<!\d)[.;!](?=\s|$)|\n")
# What may stand before the first statement: none of these words denies or supposes.
LEAD = (
    r"(?:(?:so|thus|therefore|hence|then|finally|consequently|overall|in|conclusion|the"
    r"|our|final|correct|only|answer|solution|result|assignment|roles|is|are|we|it"
    r"|this|which|can|get|have|find|know|see|conclude|deduce|follows|means|shows|gives"
    r"|implies|that|and)\b[\s,:]*)*+"
)
LINK = (
    r"\s*(?:(?:is|are|must be|has to be|have to be)\b(?:\s+(?:both|all))?"
    r"|[:=→|(]|[-–—]+>?)\s*(?:an?\s+)?"
)
ROLE = r"(knight|knave)s?\b"
EVERYBODY = r"(?:both|all|every(?:one|body)|each)(?:\s+of\s+them)?"
BULLET = r"(?:\(?\d{1,2}[.):]\s*|[-•*–]\s+)?"
SEPARATOR = re.compile(
    r"[\s)|]*(?:[,&/]|\b(?:and|but|while|whereas)\b|\s)*"
    rf"{BULLET}"
)  # fmt: skip
START = re.compile(rf"{BULLET}{LEAD}{BULLET}")
DENIAL = re.compile(
    r"n't\b|\b(?:not?|false|wrong|incorrect|wait|actually|but|however|contradict\w*"
    r"|impossible|mistake|or|if)\b"
)


def unreadable(answer: str, info: dict[str, Any]) -> str | None:
    """Why the gold answer cannot be compared: it names no roles."""
    return None if _read_gold(answer) else "the gold answer names no roles"


def verify(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """Whether the text ends with the role of every person, and with no other."""
    gold = _read_gold(answer)
    named = _read_roles(text[-LONGEST:], list(gold))
    hits = sum(named.get(name) == {role} for name, role in gold.items())
    extracted = ", ".join(f"{n}: {' or '.join(sorted(r))}" for n, r in named.items())
    why = f"{hits} of {len(gold)} roles"
    return Verdict(hits == len(gold), extracted or None, why, hits / len(gold))


def _read_gold(answer: str) -> dict[str, str]:
    """The role of each name, both in lower case."""
    return {name: role for name, role in ENTRY.findall(answer.casefold())}


def _read_roles(text: str, names: list[str]) -> dict[str, set[str]]:
    """The roles that the statements at the end of `text` give each of `names`."""
    roles: dict[str, set[str]] = {}
    for sentence in reversed(_split_sentences(text)):
        given = list(_read_statements(sentence, names))
        if not given and (roles or not _is_remark(sentence, names)):
            break
        for name, role in given:
            roles.setdefault(name, set()).add(role)
    return roles


def _split_sentences(text: str) -> list[str]:
    """Sentences, rows and lines in lower case, without markup and empty ones."""
    lines = plain(strip_markup(text).replace("**", "")).casefold()
    sentences = (part.strip(" \t|\\\"'[]") for part in SENTENCE_END.split(lines))
    return [sentence.replace('"', "") for sentence in sentences if sentence]


def _is_remark(sentence: str, names: list[str]) -> bool:
    """Whether a sentence, such as "this fits all clues", takes nothing back."""
    words = {*re.findall(r"[\w'-]+", sentence)}
    return words.isdisjoint(names) and not DENIAL.search(sentence)


def _read_statements(sentence: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """Names with roles, where the sentence says nothing else."""
    statements = _split_statements(sentence, _statement(tuple(names)))
    for several, role, everybody, role_of_all, role_first, theirs in statements:
        words = re.findall(r"[\w'-]+", several or theirs)
        given = names if everybody else [name for name in names if name in words]
        yield from ((name, role or role_of_all or role_first) for name in given)


def _split_statements(sentence: str, form: re.Pattern[str]) -> list[tuple[str, ...]]:
    """The groups of every statement; none where there is anything between them."""
    statements = []
    at = _end_of(START, sentence, 0)
    while at < len(sentence):
        if not (statement := form.match(sentence, at)):
            return []
        statements.append(statement.groups(default=""))
        at = _end_of(SEPARATOR, sentence, statement.end())
    return statements


def _end_of(optional: re.Pattern[str], sentence: str, at: int) -> int:
    match = optional.match(sentence, at)
    return match.end() if match else at


@lru_cache(1_000)
def _statement(names: tuple[str, ...]) -> re.Pattern[str]:
    """A statement about `names`: they have a role, all have it, or a role is theirs."""
    name = rf"(?:{'|'.join(map(re.escape, names))})\b"
    several = rf"{name}(?:\s*(?:,|&|\band\b)+\s*(?:and\s+)?{name})*"
    everybody = EVERYBODY if len(names) == 2 else EVERYBODY.replace("both|", "")
    return re.compile(
        rf"(?:both\s+)?({several}){LINK}{ROLE}|({everybody}){LINK}{ROLE}"
        rf"|(?:the\s+)?{ROLE}{LINK}({several}|none\b|nobody\b)"
    )

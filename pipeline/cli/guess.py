"""What the columns of anyone's file hold: problem, answer, verifier, completions.

A column is taken for what its name says, where its values agree; without a name that
says it, the longest text is the problem. How answers are judged is not guessed from
names: verifiers read the answers of the first rows, and the one that reads them wins. A
file in a published schema is read by that schema's adapter, where it makes more of it.
Each guess has its evidence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.grading.guarded import read_gold
from pipeline.readers import Row, Unreadable, nested, raw_rows
from pipeline.text import as_text

LOOKED_AT, TRIED = 1000, 100  # rows
READABLE = 0.9  # share of answers that a verifier must read
LONGEST = 100  # characters of a final answer; what is longer is worked out
# What people call what, the likeliest first.
NAMES: dict[str, tuple[str, ...]] = {
    "problem": (
        "problem", "question", "prompt", "query", "instruction", "task", "input",
        "messages", "conversations", "text",
    ),
    "answer": (
        "final_answer", "answer", "gold_answer", "gold", "expected_answer",
        "ground_truth", "target", "label", "answers", "solution", "output",
    ),
    "completions": (
        "completions", "completion", "responses", "response", "generations",
        "generation", "samples", "rollouts", "model_output", "predictions",
        "prediction",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column by its dotted name, with what it holds and its first value as text."""

    name: str
    kind: str
    filled: float
    length: int
    example: str


@dataclass
class Guess:
    """What a file is taken for; `evidence` says of each guess why, in words."""

    path: Path
    rows: list[Row]
    unreadable: int
    columns: list[Column]
    adapter: str = "generic"
    renames: dict[str, str] = field(default_factory=dict)
    completions: str = ""
    verifier: str | None = None
    domain: str = ""
    evidence: dict[str, str] = field(default_factory=dict)


def guess(path: Path, renames: dict[str, str]) -> Guess:
    """Look at the first rows of a file; `renames` is what the user knows.

    UserError where nothing can be read, or no column can be the problem.
    """
    read = list(islice(raw_rows(path), LOOKED_AT))
    rows = [row for row in read if not isinstance(row, Unreadable)]
    lost = [row for row in read if isinstance(row, Unreadable)]
    if not rows:
        raise UserError(f"{path}: no row can be read: {lost[0].detail}")
    columns = [_describe(name, rows) for name in _names(rows)]
    found = Guess(path, rows, len(lost), columns)
    for wanted, name in renames.items():
        if name not in {column.name for column in columns}:
            known = ", ".join(column.name for column in columns)
            raise UserError(f"{path} has no column {name!r}; it has {known}")
        found.renames[wanted] = name
        found.evidence[wanted] = "as you said"
    _guess_columns(found)
    _guess_verifier(found)
    if not renames:
        _try_adapters(found)
    _guess_domain(found)
    return found


def _names(rows: list[Row]) -> list[str]:
    """Every name, with those one level inside of objects as `a.b`."""
    names = dict[str, None]()
    for row in rows:
        for name, value in row.items():
            inner = (
                [f"{name}.{key}" for key in value] if isinstance(value, dict) else []
            )
            names |= dict.fromkeys([name, *inner])
    return list(names)


def _describe(name: str, rows: list[Row]) -> Column:
    values = [v for row in rows if (v := nested(row, name)) not in (None, "", [], {})]
    texts = [as_text(value) or str(value) for value in values]
    lengths = sorted(map(len, texts))
    return Column(
        name,
        _kind(values),
        len(values) / len(rows),
        lengths[len(lengths) // 2] if lengths else 0,
        " ".join(texts[0].split()) if texts else "",
    )


def _kind(values: list[Any]) -> str:
    """What most values are, in a word or two."""
    kinds = [_kind_of(value) for value in values]
    return max(kinds, key=kinds.count, default="nothing")


def _kind_of(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "chat" if {"role", "from"} & value[0].keys() else "list of objects"
    if isinstance(value, list):
        return f"list of {_kind_of(value[0]).rstrip('s')}s" if value else "list"
    names = {str: "text", bool: "yes or no", int: "number", float: "number"}
    return names.get(type(value), "object" if isinstance(value, dict) else "value")


def _guess_columns(found: Guess) -> None:
    """Fill in problem, answer and completions, as far as there is something."""
    texts = [c for c in found.columns if c.kind in ("text", "chat") and c.filled > 0.5]
    if "problem" not in found.renames:
        named = _by_name("problem", texts)
        longest = max(texts, key=lambda column: column.length, default=None)
        if (column := named or longest) is None:
            known = ", ".join(f"{c.name} ({c.kind})" for c in found.columns)
            raise UserError(
                f"{found.path}: no column holds the problems; it has {known}",
                hint="say which does: --column problem=NAME",
            )
        why = "by its name" if named else "the longest text: no name says it"
        found.renames["problem"] = column.name
        found.evidence["problem"] = f"{why}; {column.kind}, ~{column.length} characters"
    free = [c for c in found.columns if c.name not in found.renames.values()]
    answers = [c for c in free if c.kind in ("text", "number", "yes or no")
               or c.kind.startswith("list of")]  # fmt: skip
    if "answer" not in found.renames and (column := _by_name("answer", answers)):
        found.renames["answer"] = column.name
        found.evidence["answer"] = (
            f"by its name; {column.kind}, {column.filled:.0%} full"
        )
    free = [c for c in free if c.name != found.renames.get("answer")]
    written = [c for c in free if c.kind in ("text", "list of texts")]
    if column := _by_name("completions", written):
        found.completions = column.name
        found.evidence["completions"] = f"by its name; {column.kind}"


def _by_name(wanted: str, columns: list[Column]) -> Column | None:
    """The column that is called likeliest; a part of a name counts behind the whole."""
    for name in NAMES[wanted]:
        for column in columns:
            if column.name.rpartition(".")[2].lower() == name:
                return column
    for name in NAMES[wanted]:
        for column in columns:
            if name in column.name.lower().replace("-", "_").split("_"):
                return column
    return None


def _guess_verifier(found: Guess) -> None:
    """The first verifier that reads nearly all answers, of those that could."""
    name = found.renames.get("answer")
    values = [_one_of(nested(row, name)) for row in found.rows] if name else []
    answers = [value for value in values if value][:TRIED]
    if not answers:
        found.evidence["verifier"] = "no answers, so nothing to judge by"
        return
    shares = {each: _share(each, answers) for each in _verifiers(answers)}
    best = next((v for v, share in shares.items() if share >= READABLE), None)
    best = best or max(shares, key=lambda verifier: shares[verifier])
    found.verifier = best
    found.evidence["verifier"] = (
        f"it reads {shares[best]:.0%} of {len(answers)} answers, "
        f"such as {answers[0][:LONGEST]!r}"
    )


def _verifiers(answers: list[str]) -> Iterator[str]:
    """Letters are chosen, words are compared as they are, all else is mathematics."""
    letters = sum(len(a) == 1 and a.isalpha() and a.isupper() for a in answers)
    words = sum(a.replace(" ", "").isalpha() and len(a) > 2 for a in answers)
    if letters >= READABLE * len(answers):
        yield "choice"
    if words >= READABLE * len(answers):
        yield "exact"
    yield "math"
    yield "exact"


def _share(verifier: str, answers: list[str]) -> float:
    return sum(_reads(verifier, answer, "{}") for answer in answers) / len(answers)


def _reads(verifier: str | None, answer: str | None, info: str) -> bool:
    """Whether a verifier reads a gold answer that is no longer than one."""
    if verifier is None or len(answer or "") > LONGEST:
        return False
    return read_gold(verifier, answer, info)[0] is None


def _one_of(value: Any) -> str | None:
    """A value as text; the first of a list."""
    return as_text(value[0] if isinstance(value, list) and value else value)


def _try_adapters(found: Guess) -> None:
    """Another adapter, where clearly more rows get a gold answer that can be read."""
    scores = {name: _score(name, {}, found) for name in _adapters()}
    scores["generic"] = _score("generic", found.renames, found)
    best = max(scores, key=lambda name: scores[name][0])
    share, verifier = scores[best]
    if share > scores["generic"][0] + 1 - READABLE:
        found.adapter, found.verifier = best, verifier
        found.renames.clear()
        tried = min(len(found.rows), TRIED)
        found.evidence = {
            "adapter": f"its columns are those of stages/sources/{best}.py",
            "verifier": f"{share:.0%} of {tried} rows can be graded, "
            f"{scores['generic'][0]:.0%} by names of columns",
            **{k: v for k, v in found.evidence.items() if k == "completions"},
        }


def _adapters() -> list[str]:
    """Those that read files; the names of the others are not of this world."""
    load = import_module("stages.sources._load")
    names = sorted(file.stem for file in load.SOURCES.glob("[a-z]*.py"))
    modules = {name: load.load_adapter(name) for name in names if name != "generic"}
    return [name for name, module in modules.items() if hasattr(module, "adapt")
            and not hasattr(module, "generate")]  # fmt: skip


def _score(adapter: str, renames: dict[str, str], found: Guess) -> tuple[float, Any]:
    """The share of rows with a gold answer that their verifier reads, and that one."""
    source = import_module("stages.sources._source").Source
    adapt_batch = import_module("stages.sources._adapt").adapt_batch
    made = source(adapter=adapter, path=str(found.path), columns=renames)
    rows = [(n, ("", row)) for n, row in enumerate(found.rows[:TRIED])]
    try:
        problems, _ = adapt_batch("a", made, {}, rows)
    except Exception:  # a schema that is not this file's
        return 0.0, None
    verifiers = problems["verifier"].drop_nulls()
    golds = problems.select("verifier", "answer", "verify_info").iter_rows()
    most = verifiers.mode().sort().first() if verifiers.len() else None
    return sum(_reads(*gold) for gold in golds) / len(rows), most


def _guess_domain(found: Guess) -> None:
    """Digits and formulas in most problems are mathematics; adapters know their own."""
    if found.adapter != "generic":
        return
    name = found.renames["problem"]
    texts = [str(nested(row, name) or "") for row in found.rows[:TRIED]]
    formal = sum(any(c.isdigit() or c in "$\\=" for c in text) for text in texts)
    share = formal / len(texts)
    is_math = found.verifier in ("math", "numeric") and share >= 0.5
    found.domain = "math" if is_math else "general"
    found.evidence["domain"] = f"{share:.0%} of the problems hold digits or formulas"

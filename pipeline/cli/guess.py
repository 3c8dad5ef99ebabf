"""What the columns of anyone's file hold: problem, answer, verifier, completions.

A column is taken for what its name says, where its values agree; without a name that
says it, the longest text is the problem. How answers are judged is not guessed from
names: verifiers read the answers of the first rows, and the one that reads them wins. A
file in a published schema is read by that schema's adapter, where it makes more of it.
Each guess has its evidence.
"""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pipeline.cli.guess_adapter import Reading, find_adapter, read_as
from pipeline.cli.guess_answers import TRIED, find_marked, guess_judging
from pipeline.cli.guess_choices import ADAPTER, Numbering, find_numbering
from pipeline.cli.guess_columns import (
    LISTED,
    MEASURED,
    NAMES,
    Column,
    describe_columns,
    find_by_name,
    find_context,
    list_names,
    split_name,
)
from pipeline.cli.guess_completions import (
    Name,
    asks,
    can_be_read,
    find_nested,
    find_recorded,
    listed,
    told_columns,
)
from pipeline.errors import UserError
from pipeline.readers import Row, Unreadable, raw_rows, refuse
from pipeline.rows import nested, read_column
from pipeline.text import as_text

LOOKED_AT = 1000  # rows
SHORT = 40  # characters of an answer that no name says
# What `--column` may name: what the adapter `generic` reads.
TOLD = (
    "problem", "answer", "solution", "domain", "verifier", "verify_info", "meta",
    "traces", "thinking", "correct", "teacher", "model",
)  # fmt: skip
UNNAMED = "the longest text"
SINGLE = ("text", "number", "yes or no", "value")  # kinds that may be an answer


@dataclass
class Guess:
    """What a file is taken for; `evidence` says of each guess why, in words."""

    path: Path
    rows: list[Row]
    unreadable: int
    columns: list[Column]
    is_told: bool
    adapter: str = "generic"
    renames: dict[str, Name] = field(default_factory=dict)
    completions: tuple[str, ...] = ()
    a_row: int = 0  # completions of most rows
    pattern: str = ""
    needs_details: bool = False
    verifier: str | None = None
    domain: str = ""
    evidence: dict[str, str] = field(default_factory=dict)


def guess(path: Path, renames: dict[str, str]) -> Guess:
    """Look at the first rows of a file; `renames` is what the user knows.

    UserError where nothing can be read, or no column can be the problem.
    """
    read = list(islice(raw_rows(path, renames.values()), LOOKED_AT))
    rows = [row for row in read if not isinstance(row, Unreadable)]
    lost = [row for row in read if isinstance(row, Unreadable)]
    if not rows:
        raise refuse(path, lost[0] if lost else Unreadable(0, "it has no rows"))
    columns = describe_columns(rows)
    found = Guess(path, rows, len(lost), columns, is_told=bool(renames))
    for wanted, told in renames.items():
        if wanted not in TOLD:
            raise UserError(
                f"--column {wanted}={told}: {wanted} is no column of ours",
                hint=f"ours are {', '.join(TOLD)}",
            )
        names = told_columns(told, rows)
        for name in names:
            if all(nested(row, name) is None for row in rows):
                known = ", ".join(column.name for column in columns[:LISTED])
                raise UserError(f"{path} has no column {name!r}; it has {known}")
        found.renames[wanted] = names if len(names) > 1 else told
        found.evidence[wanted] = "as you said"
    _guess_columns(found)
    _guess_verifier(found)
    _guess_domain(found)
    _try_adapters(found)
    _doubt(found)
    return found


def _doubt(found: Guess) -> None:
    """Say of problems that repeat that the column may be a part of them."""
    known = _count_problems(found)
    if known * 2 <= len(found.rows) and "problem" in found.renames:
        found.evidence["problem"] += (
            f"; look: {known} of {len(found.rows)} are distinct, so another column may "
            "belong to the problem, and copies leave"
        )


def _count_problems(found: Guess) -> int:
    name = found.renames.get("problem")
    return len({str(read_column(row, name)) for row in found.rows}) if name else 0


def _guess_columns(found: Guess) -> None:
    """Fill in problem, answer and completions, as far as there is something."""
    if "problem" not in found.renames:
        _take(found, "problem", *_find_problem(found))
        _join_context(found)
    used = {name for names in found.renames.values() for name in listed(names)}
    free = [c for c in found.columns if c.name not in used]
    answers = [c for c in free if c.kind in SINGLE or c.kind.startswith("list of")]
    if "answer" not in found.renames:
        _take(found, "answer", *_find_answer(answers))
    free = [c for c in free if c.name != found.renames.get("answer")]
    written = [c for c in free if can_be_read(c, found.rows)]
    if judged := find_nested(written, found.columns, found.rows):
        found.completions, found.a_row, found.evidence["completions"] = judged
        return
    why = "by its name"
    if find_by_name("completions", written) is None:  # a chat has its answer in it
        why = "it asks the problem"
        chats = [c for c in found.columns if c.kind == "chat"]
        chats = [c for c in chats if asks(c, found.renames["problem"], found.rows)]
        written = [c for c in chats if can_be_read(c, found.rows)]
    if named := find_by_name("completions", written) or next(iter(written), None):
        recorded = find_recorded(named, written, found.rows, why)
        found.completions, found.a_row, found.evidence["completions"] = recorded


def _join_context(found: Guess) -> None:
    """Join the text that belongs to the problem, where its name says so."""
    if other := find_context(str(found.renames["problem"]), found.columns):
        found.renames["problem"] = other.names
        found.evidence["problem"] += f"; {other.why}"


def _take(found: Guess, wanted: str, column: Column | None, why: str) -> None:
    if column:
        found.renames[wanted] = column.name
        found.evidence[wanted] = (
            f"{why}; {column.kind}, ~{column.length} characters, "
            f"{column.filled:.0%} full"
        )


def _find_problem(found: Guess) -> tuple[Column, str]:
    """The column of the problems, and why; UserError where there is none."""
    texts = [c for c in found.columns if c.kind in ("text", "chat") and c.filled > 0.5]
    if named := find_by_name("problem", texts):
        return named, "by its name"
    other = {*NAMES["answer"], *NAMES["completions"]}
    texts = [c for c in texts if c.name.rpartition(".")[2].lower() not in other]
    if longest := max(texts, key=lambda column: column.length, default=None):
        return longest, f"{UNNAMED}: no name says it"
    raise UserError(
        f"{found.path}: no column holds the problems; it has "
        f"{list_names(found.columns)}",
        hint="say which does: --column problem=NAME",
    )


def _find_answer(columns: list[Column]) -> tuple[Column | None, str]:
    """The column of the answers, and why; one without a name, where no other is."""
    if named := find_by_name("answer", columns):
        return named, "by its name"
    short = [
        column
        for column in columns
        if column.kind in SINGLE and 0 < column.length <= SHORT
        and column.filled > 0.5 and not column.is_counted
        and not MEASURED & set(split_name(column.name))
    ]  # fmt: skip
    only = short[0] if len(short) == 1 else None
    return only, "the only other short column: no name says it"


def _guess_verifier(found: Guess) -> None:
    """How answers are judged; without a column of them, those in worked solutions."""
    name = found.renames.get("answer")
    values = [read_column(row, name) for row in found.rows] if name else []
    judging = guess_judging(values)
    # A problem that repeats was sampled, and what was sampled is no answer to it.
    is_sampled = _count_problems(found) * 2 <= len(found.rows)
    if name is None and len(found.completions) == 1 and not is_sampled:
        (written,) = found.completions
        texts = [as_text(nested(row, written)) for row in found.rows]
        if marked := find_marked([text for text in texts if text]):
            judging, found.completions = marked, ()
            found.renames["answer"] = written
            found.evidence["answer"] = found.evidence.pop("completions")
    found.verifier, found.pattern = judging.verifier, judging.pattern
    found.evidence["verifier"] = judging.why
    found.needs_details = judging.is_list and judging.verifier is None
    if found.needs_details:
        del found.renames["answer"], found.evidence["answer"]


def _try_adapters(found: Guess) -> None:
    """Take another adapter where the file is in its schema.

    UserError where no row can be read at all.
    """
    fixed = {"columns": found.renames, "set": {"verifier": found.verifier}}
    pattern = {"pattern": {"answer": found.pattern}} if found.pattern else {}
    generic = read_as("generic", found.rows, **fixed, **pattern)
    best, own = generic, dict[str, Name]()
    if found.evidence["problem"].startswith(UNNAMED):
        own = {"problem": found.renames["problem"]}
    numbering = find_numbering(found.rows, own)
    if not found.is_told:
        best = find_adapter(
            found.rows,
            generic,
            is_math=found.domain == "math",
            needs_details=found.needs_details,
            has_pattern=bool(found.pattern),
            columns=own,
            own={ADAPTER: numbering.columns},
        )
    if best.refusal:
        raise UserError(
            f"{found.path}: no row can be read: {best.refusal}",
            hint="say which columns hold what: --column problem=NAME "
            f"--column answer=NAME; there are {list_names(found.columns)}",
        )
    if best is not generic:
        _take_adapter(found, best, own, generic.share)
    if best.adapter == ADAPTER:
        _number_options(found, numbering)


def _take_adapter(
    found: Guess, reading: Reading, own: dict[str, Name], by_names: float
) -> None:
    found.adapter, found.verifier, found.pattern = reading.adapter, reading.verifier, ""
    found.renames = own
    columns = ", ".join(reading.columns[:LISTED])
    found.evidence = {
        "adapter": f"columns of stages/sources/{reading.adapter}.py: {columns}",
        "verifier": f"{reading.share:.0%} of {min(len(found.rows), TRIED)} rows can "
        f"be graded, {by_names:.0%} by names of columns",
        **{k: v for k, v in found.evidence.items() if k in (*own, "completions")},
    }


def _number_options(found: Guess, numbering: Numbering) -> None:
    """Tell the adapter where its options are counted from 1, or the user of a doubt."""
    found.renames |= numbering.columns
    found.evidence |= dict.fromkeys(numbering.columns, numbering.why)
    if numbering.doubt:
        found.evidence["adapter"] += f"; {numbering.doubt}"


def _guess_domain(found: Guess) -> None:
    """Digits and formulas in most problems are mathematics."""
    name = found.renames["problem"]
    texts = [str(read_column(row, name) or "") for row in found.rows[:TRIED]]
    formal = sum(any(c.isdigit() or c in "$\\=" for c in text) for text in texts)
    share = formal / len(texts)
    is_math = found.verifier in ("math", "numeric") and share >= 0.5
    found.domain = "math" if is_math else "general"
    found.evidence["domain"] = f"{share:.0%} of the problems hold digits or formulas"

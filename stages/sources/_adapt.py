"""Rows as a source stores them, as tables of PROBLEM: on all cores, in their order.

An adapter reads one row at a time, in Python, so a long source is parted: batches of
its rows go to worker processes or other machines and come back as tables. How many
there are changes nothing in these.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache, partial
from importlib import import_module
from itertools import islice
from types import ModuleType

import polars as pl

from pipeline.cluster.each import each, ready
from pipeline.parallel import map_processes
from pipeline.readers import EXCERPT, Row, Unreadable
from pipeline.rows import nested, read_column, without_nan
from pipeline.schema import PROBLEM
from pipeline.surrogates import mend_surrogates
from pipeline.text import fingerprint
from pipeline.verifiers.details.contract import BadInfo, read_info
from stages.sources._fields import as_text, filled, settle_golds
from stages.sources._source import Source

BATCH = 5_000  # rows that travel together

# A row with its number in the source and the name of its file.
Stored = tuple[int, tuple[str, Row | Unreadable]]
# What became of a batch: problems, and the rows that nobody can read, with the reason.
Adapted = tuple[pl.DataFrame, list[Row]]


def adapt_rows(
    rows: Iterable[Stored], name: str, source: Source, recorded: dict[str, Row]
) -> Iterator[Adapted]:
    """PROBLEM of every batch of `rows`, in order, and what is left of it.

    `recorded` is what other files say of the rows (`Source.recorded`). UserError where
    a worker is lost, as in `map_processes`.
    """
    left = iter(rows)
    batches = iter(lambda: [*islice(left, BATCH)], [])
    adapt = partial(adapt_batch, name, source, recorded)
    first = next(batches, [])
    yield adapt(first)
    if len(first) == BATCH:  # no worker starts for a short source
        yield from each(ready(adapt), batches, by=map_processes)


def adapt_batch(
    name: str, source: Source, recorded: dict[str, Row], rows: list[Stored]
) -> Adapted:
    """PROBLEM of the rows that can be read, and the others as source_unreadable."""
    adapter = import_module(f"stages.sources.{source.adapter}")
    problems, unreadable = list[Row](), list[Row]()
    for number, (file, row) in rows:
        identity = {"id": f"{name}/{number:05d}", "source": name}
        fields = adapt_row(row, source, adapter)
        if isinstance(fields, Unreadable):
            where = {"file": file, "row": number}
            unreadable.append(identity | _verdict(fields, where, row))
            continue
        recordings = {
            field: values.get(source.recorded[field].key(number, row))
            for field, values in recorded.items()
        }
        kept = {field: nested(row, path) for field, path in source.keep.items()}
        noted = mend_surrogates(kept | recordings)
        problems.append(identity | _describe(fields, source, noted))
    table = pl.DataFrame(problems, schema=PROBLEM)
    return table.with_columns(key=fingerprint(pl.col("problem"))), unreadable


def _verdict(unreadable: Unreadable, where: Row, row: Row | Unreadable) -> Row:
    """Why a row could not be read; what the adapter refused, as it stands."""
    excerpt = unreadable.excerpt or (
        repr(row)[:EXCERPT] if isinstance(row, dict) else ""
    )
    evidence = {"detail": unreadable.detail, **where, "excerpt": excerpt}
    return {"reason": "source_unreadable", "evidence": json.dumps(evidence)}


def _describe(fields: Row, source: Source, noted: Row) -> Row:
    """The columns of a problem, with what else was `noted` of it."""
    meta = fields.get("meta", {}) | filled(noted, *noted)
    return fields | {
        "license": source.license,
        "origin": [*fields.get("origin", []), *source.origin],
        "solutions": fields.get("solutions", []),
        "verify_info": _json(fields.get("verify_info", {})),
        "meta": _json(without_nan(meta)),
    }


def adapt_row(
    row: Row | Unreadable, source: Source, adapter: ModuleType
) -> Row | Unreadable:
    """The adapter's reading of a row: a problem, with an answer or with tests."""
    if isinstance(row, Unreadable):
        return row
    renamed = row | {new: read_column(row, old) for new, old in source.columns.items()}
    renamed |= {"teacher": source.teacher} if source.teacher else {}
    try:
        # JSON inside a column may hold half a surrogate pair that its file does not.
        fields: Row | str = mend_surrogates(adapter.adapt(renamed))
    except RecursionError:
        return Unreadable(0, "nested too deeply")
    if isinstance(fields, str):
        return Unreadable(0, fields)
    details = fields.get("verify_info") or {}
    fields |= source.set
    if "verify_info" in source.set:  # one option more
        fields["verify_info"] = details | source.set["verify_info"]
    how = fields.pop("golds", "all")
    if isinstance(fields["answer"], list) and (why := settle_golds(fields, how)):
        return Unreadable(0, why)
    for name, pattern in source.pattern.items():
        match = pattern.search(as_text(fields[name]) or "")
        fields[name] = match[1] if match else None
    for name in ("problem", "answer"):
        if isinstance(fields[name], str):
            fields[name] = fields[name].replace("\0", "")
    if why := _find_bad_info(fields["verifier"], fields.get("verify_info") or {}):
        return Unreadable(0, why)
    has_no_gold = fields.get("verify_info") or fields["verifier"] is None
    needed = ["problem"] if has_no_gold else ["problem", "answer"]
    if absent := [name for name in needed if not as_text(fields[name])]:
        return Unreadable(0, f"{' and '.join(absent)}: expected text")
    return fields


def _find_bad_info(verifier: str | None, info: Row) -> str | None:
    """What in the details is not as the verifier declares them: the field, and why.

    What the details hold, such as the tests, is read by the verifier, in `quality`.
    """
    if verifier is None:
        return None
    return _check_info(verifier, info) if info else _check_no_info(verifier)


def _check_info(verifier: str, info: Row) -> str | None:
    try:
        read_info(verifier, info)
    except BadInfo as error:
        return str(error)
    return None


@cache
def _check_no_info(verifier: str) -> str | None:
    return _check_info(verifier, {})


def _json(value: Row) -> str:
    if not value:
        return "{}"
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)

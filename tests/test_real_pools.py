"""Dedup and contamination on public pools: who goes, who stays, what is found."""

import json
from itertools import pairwise
from random import Random

import numpy as np
import polars as pl
import pytest

from pipeline.filter import Outcome, apply
from pipeline.schema import BENCHMARK, PROBLEM, conform
from pipeline.text import fingerprint
from stages import decontaminate, dedup_embedding, dedup_exact, dedup_ngram
from tests.conftest import DATA
from tests.support import edits

pytestmark = pytest.mark.realdata


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def table(rows: list[tuple[str, str | None]]) -> pl.DataFrame:
    """PROBLEM rows of (problem, answer)."""
    schema = {"problem": pl.String, "answer": pl.String}
    named = pl.DataFrame(rows, schema, orient="row").with_row_index("n")
    named = named.select(
        pl.format("r/{}", "n").alias("id"), "problem", "answer", source=pl.lit("r")
    )
    return conform(named, PROBLEM).with_columns(key=fingerprint(pl.col("problem")))


def items(rows: list[tuple[str, str | None]]) -> pl.DataFrame:
    return conform(table(rows).with_columns(benchmark=pl.lit("bench")), BENCHMARK)


def gsm8k() -> list[tuple[str, str | None]]:
    rows = lines("gsm8k/train.jsonl")
    return [(row["question"], row["answer"].split("####")[-1].strip()) for row in rows]


def math() -> list[tuple[str, str | None]]:
    file = DATA / "math_train_7500/math_train_7500.json"
    return [
        (row["problem"], str(row["answer"])) for row in json.loads(file.read_text())
    ]


def deepscaler() -> list[tuple[str, str | None]]:
    files = sorted((DATA / "deepscaler").glob("*.json"))
    rows = [row for file in files for row in json.loads(file.read_text())]
    return [(row["prompt"], str(row["answer"])) for row in rows]


def aime() -> list[tuple[str, str | None]]:
    file = next((DATA / "deepscaler_parts").glob("*aime*.json"))
    return [
        (row.get("problem") or row["prompt"], str(row["answer"]))
        for row in json.loads(file.read_text())
    ]


def bench(name: str) -> list[tuple[str, str | None]]:
    return [
        (row.get("problem") or row["question"], None)
        for row in lines(f"bench_math/{name}.jsonl")
    ]


def deduped(rows: pl.DataFrame) -> set[int]:
    """Numbers of the rows that the three stages drop with their defaults."""
    embedding = dedup_embedding.Params(encoder="static")
    lost: set[int] = set()
    for stage, params in (
        (dedup_exact, dedup_exact.Params()),
        (dedup_ngram, dedup_ngram.Params()),
        (dedup_embedding, embedding),
    ):
        outcome = apply(lambda rows, s=stage, p=params: s.judge(rows, p), rows)
        lost |= {int(id[2:]) for id in outcome.dropped["id"]}
        rows = outcome.kept
    return lost


@pytest.fixture(scope="module")
def distinct() -> list[tuple[str, str | None]]:
    """1,200 real problems that are no copies of each other."""
    random = Random(7)
    rows = [*random.sample(gsm8k(), 600), *random.sample(math(), 600)]
    lost = deduped(table(rows))
    return [row for number, row in enumerate(rows) if number not in lost]


@pytest.mark.parametrize("answers", ["other", "unknown"])
def test_problems_with_other_numbers_stay(distinct, answers: str):
    random = Random(1)
    edited = [edits.renumber(problem, random) for problem, _ in distinct]
    copies = [
        (text, f"other {number}" if answers == "other" else None)
        for number, text in enumerate(edited)
        if text and text != distinct[number][0]
    ]
    originals = [
        (text, answer if answers == "other" else None) for text, answer in distinct
    ]
    lost = deduped(table([*originals, *copies]))

    assert len(copies) > 1000
    assert len([row for row in lost if row >= len(distinct)]) <= 0.01 * len(copies)


@pytest.mark.parametrize("name", [*edits.FORMATS, "reformat"])
def test_copies_with_another_layout_go(distinct, name: str):
    random = Random(2)
    edit = edits.FORMATS.get(name, edits.reformat)
    edited = [(edit(problem, random), answer) for problem, answer in distinct]
    copies = [
        row for row, old in zip(edited, distinct, strict=True) if row[0] != old[0]
    ]
    if not copies:
        pytest.skip(f"{name} changes none of these problems")
    lost = deduped(table([*distinct, *copies]))

    dropped = len([row for row in lost if row >= len(distinct)])
    assert dropped >= 0.98 * len(copies) - 1


def test_what_ngram_dedup_drops_is_what_brute_force_drops():
    rows = table([*gsm8k(), *math(), *deepscaler()][:20_000])
    params = dedup_ngram.Params(guard=False)
    outcome = apply(lambda rows: dedup_ngram.judge(rows, params), rows)
    mine = {int(id[2:]) for id in outcome.dropped["id"]}

    pairs = brute_force(rows["problem"], 0.8)
    gone: set[int] = set()
    for first, second in pairs:
        if first not in gone:
            gone.add(second)
    near = {row for pair in pairs for row in pair}
    assert len(gone) > 300
    assert len(mine & gone) >= 0.99 * len(gone)
    assert len(mine & near) >= 0.99 * len(mine)


def brute_force(texts: pl.Series, threshold: float) -> list[tuple[int, int]]:
    """All pairs (earlier, later) with Jaccard ≥ threshold, by a sparse product."""
    from scipy.sparse import csr_matrix

    from tests.support import reference

    sets = [set(reference.shingles(text, 3)) for text in texts]
    names: dict[tuple[str, ...], int] = {}
    columns = [names.setdefault(gram, len(names)) for grams in sets for gram in grams]
    ends = np.cumsum([0, *map(len, sets)])
    matrix = csr_matrix((np.ones(len(columns), np.int32), columns, ends))
    sizes = np.diff(ends)
    pairs = []
    for start, end in pairwise(range(0, len(sets) + 1000, 1000)):
        both = (matrix[start:end] @ matrix.T).tocoo()
        row = both.row + start
        whole = sizes[row] + sizes[both.col] - both.data
        near = (both.data >= threshold * whole) & (both.col < row)
        pairs += zip(both.col[near].tolist(), row[near].tolist(), strict=True)
    return sorted(pairs, key=lambda pair: (pair[1], pair[0]))


def decontaminated(rows: pl.DataFrame, bench: pl.DataFrame, **params) -> Outcome:
    settings = decontaminate.Params(**params)
    return apply(lambda rows: decontaminate.judge(rows, settings, bench), rows)


def test_old_aime_problems_are_not_in_aime24():
    outcome = decontaminated(table(aime()), items(bench("aime24")))

    assert outcome.dropped.height == 0


def test_a_validation_set_of_old_aime_problems_is_found_whole():
    rows = aime()
    chosen = Random(3).sample(range(len(rows)), 60)
    outcome = decontaminated(table(rows), items([rows[row] for row in chosen]))

    dropped = {int(id[2:]) for id in outcome.dropped["id"]}
    assert dropped >= set(chosen)
    assert len(dropped) <= 62


def test_planted_items_are_found_after_light_editing_and_clean_rows_stay():
    random = Random(5)
    names = ("gsm8k", "math500", "aime24", "amc23", "minerva_math", "olympiadbench")
    known = [row for name in names for row in bench(name)]
    planted = [(edits.light_edit(text, random), None) for text, _ in known[::4]]
    clean = gsm8k()
    outcome = decontaminated(table([*planted, *clean]), items(known))

    dropped = {int(id[2:]) for id in outcome.dropped["id"]}
    assert len([row for row in dropped if row < len(planted)]) >= 0.95 * len(planted)
    assert len([row for row in dropped if row >= len(planted)]) <= 0.001 * len(clean)


def test_whole_questions_in_other_text_are_all_found():
    known = [row for name in ("math500", "gsm8k") for row in bench(name)]
    clean = math()
    rows = [
        (f"{clean[number][0]} {text}", clean[number][1])
        for number, (text, _) in enumerate(known)
    ]
    outcome = decontaminated(table(rows), items(known))

    assert outcome.dropped.height >= 0.999 * len(rows)


def test_boilerplate_of_contests_is_no_leak():
    # 286 rows share a word 13-gram with AIME24, and not one is a leak.
    rows = table(deepscaler())
    outcome = decontaminated(rows, items(bench("aime24")))
    published = decontaminated(
        rows,
        items(bench("aime24")),
        methods=[{"method": "ngram", "n": 13, "unit": "word"}],
    )

    assert outcome.dropped.height == 0
    assert published.dropped.height > 200

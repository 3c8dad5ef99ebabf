"""Which source holds the problems of which, worked out by hand and on public sets."""

from pathlib import Path

import polars as pl
import pytest

from pipeline.filter import run_stage
from pipeline.lineage import LINEAGE, compare_sources, source_names
from stages import dedup_exact, dedup_ngram
from stages.sources._load import read_source
from stages.sources._source import Source

COPY = {"id": pl.String, "twin": pl.String, "reason": pl.String}


def rows(**sources: int | tuple[int, list[str]]) -> pl.DataFrame:
    """rows(a=2, b=(1, ["A"])): a0 and a1 of a; b0 of b, whose upstream set is A."""
    table = [
        (f"{name}{i}", name, [] if isinstance(of, int) else of[1])
        for name, of in sources.items()
        for i in range(of if isinstance(of, int) else of[0])
    ]
    schema = {"id": pl.String, "source": pl.String, "origin": pl.List(pl.String)}
    return pl.DataFrame(table, schema, orient="row")


def copies(*found: str) -> pl.DataFrame:
    """copies("b0=a0", "b1~a1"): b0 is a0 word for word, and b1 nearly a1."""
    reasons = {"=": "exact_duplicate", "~": "near_duplicate"}
    table = [(copy[:2], copy[3:], reasons[copy[2]]) for copy in found]
    return pl.DataFrame(table, COPY, orient="row")


def compared(
    table: pl.DataFrame, *found: str, names: dict[str, list[str]] | None = None
) -> list[tuple]:
    """(a, b, problems, exact, near, share) of each pair."""
    pairs = compare_sources(table, copies(*found), names or {})
    assert pairs.schema == LINEAGE
    assert (pairs["contained"] == pairs["exact"] + pairs["near"]).all()
    shown = "a", "b", "problems", "exact", "near", "share"
    return pairs.select(shown).rows()


def test_copies_are_counted_for_both_sources():
    # Of the four problems of a, b has one word for word and one nearly.
    assert compared(rows(a=4, b=3), "b0=a0", "b1~a1") == [
        ("a", "b", 4, 1, 1, 0.5),
        ("b", "a", 3, 1, 1, 2 / 3),
    ]


def test_copies_inside_of_a_source_are_one_problem():
    # a has two problems, a1 being a0; b0 is a copy of the second.
    assert compared(rows(a=3, b=1), "a1=a0", "b0=a2") == [
        ("a", "b", 2, 1, 0, 0.5),
        ("b", "a", 1, 1, 0, 1.0),
    ]


def test_two_copies_of_a_third_row_are_copies_of_each_other():
    # b0 and c0 are a0; that a row of a stayed says nothing about b and c.
    assert compared(rows(a=1, b=1, c=2), "b0=a0", "c0=a0")[3:5] == [
        ("b", "c", 1, 1, 0, 1.0),
        ("c", "a", 2, 1, 0, 0.5),
    ]


def test_a_row_that_stayed_once_may_leave_for_another():
    # c0 is b0 word for word, and b0 is nearly a0: so c0 is nearly a0.
    assert compared(rows(a=1, b=1, c=1), "c0=b0", "b0~a0") == [
        ("a", "b", 1, 0, 1, 1.0),
        ("a", "c", 1, 0, 1, 1.0),
        ("b", "a", 1, 0, 1, 1.0),
        ("b", "c", 1, 1, 0, 1.0),
        ("c", "a", 1, 0, 1, 1.0),
        ("c", "b", 1, 1, 0, 1.0),
    ]


def test_twins_outside_of_the_rows_are_nobody():
    assert compared(rows(a=1, b=1), "b0=x9") == []


@pytest.mark.parametrize(
    ("a", "b", "names", "declared"),
    [
        ([], [], {}, False),
        (["b"], [], {}, True),
        ([], ["A"], {}, True),
        (["MATH"], ["math"], {}, True),
        (["MATH"], ["Omni-MATH"], {}, False),
        (["NuminaMath"], [], {"b": ["NuminaMath-CoT"]}, True),
        (["DeepScaleR-Preview"], [], {"b": ["DeepScaleR"]}, True),
        (["ORZ-57k"], ["ORZ-72k"], {}, False),
        ([], [], {"a": ["MATH"], "b": ["MATH"]}, False),
    ],
)
def test_an_overlap_is_declared_by_the_origin_of_either(
    a: list[str], b: list[str], names: dict[str, list[str]], declared: bool
):
    pairs = compare_sources(rows(a=(1, a), b=(1, b)), copies("b0=a0"), names)

    assert pairs["declared"].to_list() == [declared, declared]


def test_a_source_is_called_by_its_repository_too():
    collect = {"x": {"repo": "org/Some-Set"}, "y": {"path": "y.jsonl"}, "z": False}

    assert source_names(collect) == {"x": ["Some-Set"]}


DEEPMATH = {"problem": "prompt", "answer": "ground_truth"} | dict.fromkeys(
    ("messages", "source", "difficulty"), "none"
)
PUBLIC: dict[str, dict] = {
    "gsm8k": {"adapter": "gsm8k", "path": "gsm8k/train.jsonl"},
    "math": {"adapter": "math", "path": "math_train_7500/math_train_7500.json"},
    "aime": {"adapter": "math", "path": "deepscaler_parts/aime.json"},
    "omni": {"adapter": "math", "path": "omni_math/omni_math_num_500.jsonl"},
    "deepscaler": {"adapter": "math", "path": "deepscaler/*.train.json"},
    "orz": {"adapter": "orz", "path": "orz/orz_math_57k_collected.TRUNCATED.json"},
    "simplerl": {"adapter": "verl", "path": "simplerl_8k/train.parquet"},
    "limr": {"adapter": "math", "path": "limr/math.8k.json"},
    "one_shot": {"adapter": "verl", "path": "one_shot_rlvr/dsr_sub.parquet"},
    "deepmath": {
        "adapter": "math",
        "path": "deepmath_5k/math_deepmath_deal.jsonl",
        "columns": DEEPMATH,
    },
}


@pytest.mark.realdata
def test_public_sets_are_made_of_each_other(data: Path):
    pool = pl.concat(
        read_source(name, Source(**of | {"path": str(data / of["path"])})).kept
        for name, of in PUBLIC.items()
    )
    left, found = pool, []
    for stage, params in ((dedup_exact, {}), (dedup_ngram, {"n": 3, "threshold": 0.8})):
        outcome = run_stage(stage, left, stage.Params(**params))
        left = outcome.kept
        found.append(outcome.dropped.select(COPY.keys()))
    pairs = compare_sources(pool, pl.concat(found), {})
    shares = {(a, b): share for a, b, share in pairs.select("a", "b", "share").rows()}

    assert pool.height == 81_281
    assert {pair: round(100 * share, 1) for pair, share in shares.items()}.items() >= {
        ("limr", "simplerl"): 100.0,
        ("one_shot", "deepscaler"): 98.5,
        ("math", "deepscaler"): 95.3,
        ("orz", "deepscaler"): 38.7,
        ("deepmath", "simplerl"): 8.7,
    }.items()

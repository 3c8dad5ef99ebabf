"""What is made of traces depends on the traces, and not on the parts they lie in."""

from pathlib import Path

import polars as pl
import pytest

from pipeline import shards
from pipeline.errors import UserError
from pipeline.filter import run_stage
from pipeline.schema import GRADE
from pipeline.shards import Shards
from pipeline.traces import texts
from pipeline.traces.candidates import list_candidates
from pipeline.traces.texts import read_texts
from stages import (
    decontaminate_traces,
    difficulty,
    export,
    hygiene,
    select,
    verify,
)
from tests.support.rows import benchmark, problems
from tests.support.traces import trace, with_traces

ITEM = "Aya walks nine kilometers every morning. Find the minutes the walk takes her."
SOLVED = [{"text": "by hand, so 1", "model": "human", "correct": None}]


def sampled(count: int = 7) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Problems with three traces each, of which some loop, leak, or are wrong."""
    texts = ("it is it is it is 1", "<think>hm</think>so \\boxed{1}", f"I know {ITEM}")
    traces = [
        [trace(f"{n} {text}", correct=(n + k) % 4 != 0) for k, text in enumerate(texts)]
        for n in range(count)
    ]
    rows = problems(*[f"Problem {n}" for n in range(count)], solutions=[SOLVED] * count)
    counts = dict.fromkeys(("n_samples", "n_correct"), pl.lit(1, pl.UInt32))
    rows = rows.with_columns(pass_rate=pl.lit(0.5), **counts)
    return with_traces(rows, traces)


def in_shards(rollouts: pl.DataFrame, size: int) -> Shards:
    return Shards(tuple(part.lazy() for part in rollouts.iter_slices(size)))


def run(rows: pl.DataFrame, rollouts: Shards | pl.DataFrame, out: Path) -> list[bytes]:
    """Every file from decontaminate_traces to export, as bytes."""
    out.mkdir()
    items = benchmark(ITEM)
    params = decontaminate_traces.Params()
    judged = run_stage(decontaminate_traces, rows, params, items, rollouts)
    measures = hygiene.make(
        hygiene.Params(ngram=2, frequent=3, words={"w": ["so"]}), judged.kept, rollouts
    ).collect()
    settings = {"traces": 2, "strategy": "longest", "pairs": {}}
    chosen = run_stage(
        select, judged.kept, select.Params(**settings), measures, rollouts
    )
    formats = ("trl", "dpo", "messages", "sharegpt")
    options = export.Params(formats=formats, repeat={"test": 2})
    export.build(options, out, chosen.kept, rollouts)
    tables = [judged.kept, *judged.tables.values(), measures, chosen.kept]
    for number, table in enumerate([*tables, *chosen.tables.values()]):
        table.write_parquet(out / f"{number}.parquet")
    return [file.read_bytes() for file in sorted(out.iterdir())]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    return run(*sampled(), tmp_path_factory.mktemp("traces") / "whole")


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("waiting", [0, 1 << 20])
def test_files_are_the_same_whatever_the_shards(
    size: int,
    waiting: int,
    whole: list[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(shards, "WAITING_BYTES", waiting)
    rows, rollouts = sampled()

    assert run(rows, in_shards(rollouts, size), tmp_path / "x") == whole


def test_what_is_chosen_is_trained_on(whole: list[bytes], tmp_path: Path):
    run(*sampled(), tmp_path / "x")
    sft = pl.read_parquet(tmp_path / "x" / "sft.parquet")

    # The third trace of each problem leaks; of the others two are taken, the longest
    # first, and a wrong one, of which (n + k) is a multiple of 4, never.
    replies = [
        reply
        for (reply,) in sft["completion"].list.eval(
            pl.element().struct.field("content")
        )
    ]
    first = ["0 <think>hm</think>so \\boxed{1}"]
    second = ["1 it is it is it is 1", "1 <think>hm</think>so \\boxed{1}"]
    assert replies[:3] == first + second
    assert sft["id"].to_list()[:3] == ["test/00000", "test/00001", "test/00001"]
    assert sft["id"].to_list()[-1] == "test/00006#2"


@pytest.mark.parametrize("part", [2, 6])
@pytest.mark.parametrize("reads", [0, 4])
def test_texts_come_in_the_order_in_which_they_are_asked_for(
    part: int, reads: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(texts, "PART", part)
    monkeypatch.setattr(texts, "MOST_READS", reads)
    rows, rollouts = sampled(4)
    traces = list_candidates(rows)
    for order in (traces, traces.reverse(), pl.concat([traces, traces])):
        parts = [*read_texts(order, rows, in_shards(rollouts, 5))]

        assert {table.height for table in parts[:-1]} <= {part}
        read = pl.concat(parts)
        assert read.drop("text").equals(order)
        for row, kind, text in read.select("row", "kind", "text").rows():
            is_own = text.startswith(f"{row} ")
            assert is_own if kind == "sample" else text == "by hand, so 1"


def test_a_sample_that_the_rollouts_lack_is_named():
    rows, rollouts = sampled(2)
    traces = list_candidates(rows)

    with pytest.raises(UserError, match="sample 2 of m for test/00001"):
        list(read_texts(traces, rows, rollouts[:-1]))
    with pytest.raises(UserError, match="none are given"):
        list(read_texts(traces, rows, None))


def judged_by(grades: Shards | pl.DataFrame, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Every table that difficulty and verify make of the grades."""
    settings = {"pass_rate_window": {"lo": 0, "hi": 1}, "where": "n.n_samples > 2"}
    rated = run_stage(difficulty, rows, difficulty.Params(**settings), grades)
    relabel = {"suspect": "relabel", "suspect_where": "majority_share > 0.5"}
    params = verify.Params(**relabel, never_solved="keep", keep_wrong=True)
    verified = run_stage(verify, rated.kept, params, grades)
    return [rated.kept, rated.dropped, verified.kept, *verified.tables.values()]


@pytest.mark.parametrize("size", [1, 5, 16])
def test_verdicts_may_lie_in_any_parts(size: int):
    rows = problems(*[f"Problem {n}" for n in range(8)], answer=["1"] * 8)
    answers = ["2", "1", "2.0", r"\frac{4}{2}"]
    verdicts = [
        {"id": id, "sample": sample, "model": model, "verifier": "math", "why": "",
         "correct": answer == "1", "extracted": answer, "n_tokens": sample}
        for number, id in enumerate(rows["id"][:7])
        for model in "mn"
        for sample, answer in enumerate(answers[: 4 - number % 3])
    ]  # fmt: skip
    grades = pl.DataFrame(verdicts, schema=GRADE)
    by_model = grades.sort("model", maintain_order=True)
    for table in (grades, by_model):
        whole, parts = (
            judged_by(each, rows) for each in (table, in_shards(table, size))
        )
        assert all(a.equals(b) for a, b in zip(whole, parts, strict=True))
        taken = whole[2].filter(answer_before="1")
        assert taken.height, "some key was replaced"
        assert taken["answer"].unique().to_list() == ["2"]

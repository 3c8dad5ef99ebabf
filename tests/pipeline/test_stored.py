from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from pipeline import shards, stored, tables
from pipeline.filter import JudgedParts, decide, drop, unjudged
from pipeline.schema import VERDICT
from pipeline.settings import Settings
from pipeline.stored import Stored, join_parts
from tests.support.rows import problems

TEXTS = ["", "ünïcödé", None, "x" * 13, "short", None, "∑ 1/n²"]


@pytest.fixture
def table(tmp_path: Path) -> Stored:
    """Seven rows in row groups of two."""
    columns = {"id": [*"abcdefg"], "text": TEXTS, "list": [[n] for n in range(7)]}
    pl.DataFrame(columns).write_parquet(tmp_path / "t.parquet", row_group_size=2)
    return Stored(tmp_path / "t.parquet")


@pytest.mark.parametrize("part", [1, 3, 7, 100])
@pytest.mark.parametrize("mapped", [0, 20, 1 << 20])
def test_a_table_is_the_same_in_parts_of_any_size_mapped_or_not(
    part: int, mapped: int, table: Stored, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stored, "PART", part)
    monkeypatch.setattr(stored, "MAPPED_BYTES", mapped)

    read = table.read(["text", "list"])

    assert read["text"].to_list() == TEXTS
    assert read.equals(pl.read_parquet(table.file, columns=["text", "list"]))
    assert [len(p) for p in table.parts(["id"])] == {
        1: [1] * 7, 3: [3, 3, 1], 7: [7], 100: [7]
    }[part]  # fmt: skip


def test_long_texts_are_mapped_and_take_no_memory_of_the_process():
    def own_mb() -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(x for x in lines if x.startswith("RssAnon")).split()[1]) / 1e3

    if not Path("/proc/self/status").exists():
        pytest.skip("the system has no /proc")
    part = pl.DataFrame({"text": ["x" * 10_000] * 5_000})  # 50 MB
    before = own_mb()
    joined = join_parts(part for _ in range(8))

    assert joined.height == 40_000
    assert joined["text"].str.len_bytes().sum() == 400_000_000
    assert own_mb() - before < 200  # what waits, and a part on its way to the file


def test_an_empty_table_has_its_columns(tmp_path: Path):
    problems().write_parquet(tmp_path / "t.parquet")

    assert Stored(tmp_path / "t.parquet").read(["id", "problem"]).schema == {
        "id": pl.String, "problem": pl.String
    }  # fmt: skip


class Params(Settings):
    where: str = ""


class Short:
    """A filter that reads the problems alone, and measures them."""

    COLUMNS = pl.Schema({"n": pl.UInt32})
    READS = ("problem",)
    seen: tuple[str, ...] = ()

    @classmethod
    def judge(cls, rows: pl.DataFrame, params: Params) -> pl.DataFrame:
        cls.seen = tuple(rows.columns)
        rows = rows.with_columns(n=pl.col("problem").str.len_chars())
        return drop(rows, pl.col("n") < 3, "short", score=pl.col("n"))


def test_a_filter_sees_what_it_reads_and_the_others_pass_through(tmp_path: Path):
    rows = problems("long", "ab", "longer", answer=["1", "2", "3"])
    rows.write_parquet(tmp_path / "t.parquet")
    table = Stored(tmp_path / "t.parquet")

    decision = decide(Short, table.schema, table.read, Params())
    parts = decision.judged(table.parts(decision.passed))
    outcome = JudgedParts(decision.schema, parts).outcome()

    assert Short.seen == ("id", "problem", *VERDICT)
    assert outcome.kept["answer"].to_list() == ["1", "3"]
    assert outcome.kept.columns == [*rows.columns, "n"]
    assert outcome.dropped["answer"].to_list() == ["2"]
    assert outcome.dropped["reason"].to_list() == ["short"]


def test_a_filter_with_a_condition_sees_all_columns():
    rows = problems("a")
    decide(Short, rows.schema, rows.select, Params(where="license = 'mit'"))

    assert Short.seen == (*rows.columns, *VERDICT)


@pytest.mark.parametrize("cuts", [(), (1,), (3, 4), (2, 9, 17)])
def test_the_bytes_of_a_table_do_not_depend_on_the_parts_it_comes_in(
    cuts: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stored, "ROWS", 4)
    texts = [f"problem {n}" * (n % 5) for n in range(20)]
    rows = unjudged(problems(*texts))
    odd = pl.col("id").str.ends_with("1")
    rows = drop(rows, odd | (pl.col("problem") == ""), "odd")
    edges = [0, *cuts, rows.height]
    parts = (rows[a:b] for a, b in pairwise(edges))

    def write(name: str, judged: JudgedParts) -> list[bytes]:
        files = [tmp_path / f"{name}_{kind}.parquet" for kind in ("kept", "dropped")]
        metrics = tables.write_split(judged, *files)
        # 00000, 00005, 00010 and 00015 are empty; 00001 and 00011 are odd.
        assert metrics == {"rows_in": 20, "rows_out": 14, "dropped": {"odd": 6}}
        return [file.read_bytes() for file in files]

    whole = write("whole", JudgedParts(rows.schema, [rows]))
    assert write("parts", JudgedParts(rows.schema, parts)) == whole
    kept = pl.read_parquet(tmp_path / "parts_kept.parquet")
    assert kept.equals(rows.filter(pl.col("reason").is_null()).drop(*VERDICT))


def test_a_table_of_one_row_group_is_written_as_a_table_at_hand(tmp_path: Path):
    rows = unjudged(problems("a", "b"))
    tables.write_split(
        JudgedParts(rows.schema, [rows[:1], rows[1:]]),
        tmp_path / "kept.parquet",
        tmp_path / "dropped.parquet",
    )
    tables.write(rows.drop(*VERDICT), tmp_path / "whole.parquet")

    whole = (tmp_path / "whole.parquet").read_bytes()
    assert (tmp_path / "kept.parquet").read_bytes() == whole
    assert pl.read_parquet(tmp_path / "dropped.parquet").schema == rows.schema


def test_a_row_group_ends_where_its_texts_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from pyarrow.parquet import ParquetFile

    rows = pl.DataFrame({"text": ["a" * 11, "b", "c"]})
    monkeypatch.setattr(stored, "Groups", lambda n: shards.Groups(n, 10))
    with stored.writing(tmp_path / "t.parquet", rows.schema) as write:
        write(rows)
    groups = ParquetFile(tmp_path / "t.parquet").metadata

    assert [groups.row_group(n).num_rows for n in range(2)] == [1, 2]

from itertools import pairwise

import polars as pl
import pytest

from pipeline import shards
from pipeline.shards import (
    Shards,
    as_shards,
    by_problem,
    deal,
    read_batches,
    regroup,
    scan,
)

SCHEMA = pl.Schema({"key": pl.String(), "text": pl.String()})


def rows(*texts: str) -> pl.DataFrame:
    return pl.DataFrame({"key": [text[:1] for text in texts], "text": [*texts]}, SCHEMA)


@pytest.mark.parametrize("cuts", [(), (1,), (2, 3), (1, 2, 3, 4, 5)])
def test_where_a_table_ends_depends_on_the_rows_alone(cuts: tuple[int, ...]):
    # With the key's one byte these are rows of 3, 5, 3, 2, 2 and 2 bytes.
    whole = rows("a2", "b234", "c2", "d", "e", "f")
    edges = [0, *cuts, whole.height]
    parts = [whole[a:b] for a, b in pairwise(edges)]

    by_size = [t["key"].to_list() for t in regroup(parts, rows=9, size=8)]
    by_rows = [t["key"].to_list() for t in regroup(parts, rows=4, size=99)]

    assert by_size == [["a", "b"], ["c", "d", "e", "f"]]
    assert by_rows == [["a", "b", "c", "d"], ["e", "f"]]


def test_a_text_larger_than_a_part_is_a_part_of_its_own():
    parts = regroup([rows("a" * 50, "b", "c")], rows=9, size=10)

    assert [part.height for part in parts] == [1, 2]


def test_no_rows_make_no_part():
    assert list(regroup([rows(), rows()], rows=4)) == []


@pytest.mark.parametrize("waiting", [0, 1 << 20])
def test_dealt_rows_come_in_their_order_whatever_waited_in_a_file(
    waiting: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shards, "WAITING_BYTES", waiting)
    tables = [rows("b1", "a1", "x1"), rows("a2", "c1", "b2")]

    parts = list(deal(tables, [["a", "c"], [], ["b", "a"]], SCHEMA))

    assert [part["text"].to_list() for part in parts] == [
        ["a1", "a2", "c1"],
        [],
        ["b1", "a1", "a2", "b2"],
    ]
    assert all(part.schema == SCHEMA for part in parts)


def test_a_large_row_group_is_read_in_small_batches(tmp_path):
    table = rows(*map(str, range(2500)))
    table.write_parquet(tmp_path / "x.parquet", row_group_size=10_000)

    batches = list(read_batches(tmp_path / "x.parquet", ["text"]))

    assert [batch.height for batch in batches] == [1024, 1024, 452]
    assert pl.concat(batches).equals(table.select("text"))


def test_a_folder_is_read_part_by_part_and_as_often_as_one_likes(tmp_path):
    files = [tmp_path / f"{n:05d}.parquet" for n in range(2)]
    for file, table in zip(files, (rows("a1", "b1"), rows("c1")), strict=True):
        table.write_parquet(file)
    table = scan(files)

    for _ in range(2):
        assert [part.height for part in table] == [2, 1]
    assert table.select("text").collect().equals(rows("a1", "b1", "c1").select("text"))
    assert isinstance(as_shards(rows("a")), Shards)
    assert as_shards(table) is table


@pytest.mark.parametrize("size", [1, 2, 3, 9])
@pytest.mark.parametrize("order", ["aabbbccd", "abacbbdc"])
def test_all_samples_of_a_problem_are_in_one_part(size: int, order: str):
    samples = pl.DataFrame({"id": [*order], "sample": range(8)})
    shards = Shards(tuple(part.lazy() for part in samples.iter_slices(size)))
    parts = [*by_problem(shards, pl.Series("id", ["d", "b", "a"]))]

    ids = [set(part["id"]) for part in parts]
    assert sum(map(len, ids)) == len(set.union(*ids)) == 3
    of_first = sorted("abd", key=order.index)
    expected = [samples.filter(id=id) for id in of_first]
    assert pl.concat(parts).equals(pl.concat(expected))


def test_no_samples_of_the_problems_are_one_empty_part():
    samples = pl.DataFrame({"id": ["a"], "sample": [0]})
    for table in (samples, samples.clear()):
        (part,) = by_problem(as_shards(table), pl.Series("id", ["b"]))
        assert part.equals(samples.clear())

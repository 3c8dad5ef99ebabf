"""Lists of rows against a plain reading of the same tables, and what is taken away."""

import json
import math
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.view import columns as columns_module
from pipeline.view.columns import Columns
from pipeline.view.filters import Filters
from pipeline.view.kept import Kept
from pipeline.view.library import find_files
from pipeline.view.listing import count, find_places, read_page
from pipeline.view.reviews import Review, write_reviews
from pipeline.view.table import Table
from tests.pipeline.view.test_pages import look_at

LONG = "The same long beginning of many a problem, word for word. " * 3


@pytest.mark.parametrize(
    "values",
    [
        [0.5, -0.0, 0.0, math.inf, None, -math.inf, -1e-300, 1e300, math.nan, -7.5],
        [3, -3, 2**62, None, -(2**62), 0],
        [True, False, True],
        [date(2026, 1, 2), date(1969, 1, 1)],
        [[1, 2], [1], [], None, [0, 9]],
        [{"a": 2}, {"a": 1}],
        ["a\0", "a", "", "a\0\0", "é", "𝛼", None, "ab", "a"],
        [LONG + "b", LONG + "a", LONG, "x", LONG + "a"],
    ],
)
def test_any_column_orders_a_list_as_its_values_compare(tmp_path, values):
    rows = pl.DataFrame({"of": values})
    rows.write_parquet(tmp_path / "t.parquet")
    library = find_files("t", tmp_path, {"t": (tmp_path / "t.parquet",)})
    table = Columns(library, Kept(2**20)).table("t")

    for sort, is_descending in (("of", False), ("-of", True)):
        order = pl.arg_sort_by(
            "of", descending=is_descending, nulls_last=True, maintain_order=True
        )
        places = find_places(table, Filters("t", sort=sort), 0, len(values))
        assert places.tolist() == rows.select(order).to_series().to_list()


@pytest.fixture(params=[2**30, 1], ids=["in memory", "no room"])
def table(request, tmp_path: Path) -> Table:
    """Rows in two kept files and one of dropped ones, with values that tie or miss."""
    rng = np.random.default_rng(0)
    rows = pl.DataFrame(
        {
            "id": [f"s/{n}" for n in range(300)],
            "source": rng.choice(["a", "b", "c"], 300),
            "problem": [
                None if n % 11 == 0 else f"{LONG if n % 2 else ''}Add {n % 7}"
                for n in range(300)
            ],
            "pass_rate": [None if n % 13 == 0 else n % 5 / 4 for n in range(300)],
            "level": [float(n % 3) for n in range(300)],
            "tags": [[n % 3, n % 2] for n in range(300)],
        }
    )
    rows[:100].write_parquet(tmp_path / "k0.parquet", row_group_size=30)
    rows[100:200].drop("level").write_parquet(tmp_path / "k1.parquet")
    rows[200:].with_columns(reason=pl.lit("bad")).write_parquet(tmp_path / "d.parquet")
    kept = (tmp_path / "k0.parquet", tmp_path / "k1.parquet")
    library = find_files(
        "t", tmp_path, {"kept": kept, "dropped": (tmp_path / "d.parquet",)}
    )
    write_reviews(tmp_path, [Review("s/3", "good"), Review("s/250", "bad")])
    return Columns(library, Kept(request.param)).table("rows")


FILTERS = [
    Filters("rows"),
    Filters("rows", {"source": "a"}),
    Filters("rows", {"source": "a", "reason": "∅"}, low=0.25, high=0.75),
    Filters("rows", {"level": "2.0"}),
    Filters("rows", {"level": "∅"}, q="add 3"),
    Filters("rows", {"source": "nothing"}),
    Filters("rows", {"review": "good"}),
    Filters("rows", {"review": "∅", "source": "c"}),
    Filters("rows", q="Add 3"),
    Filters("rows", q="ADD"),
    Filters("rows", q="/add|Add [12]$/"),
    Filters("rows", q="s/29"),
]
SORTS = [
    "", "problem", "-problem", "pass_rate", "-pass_rate,problem", "tags", "-id",
    "source,-problem", "-tags,-pass_rate",
]  # fmt: skip


def read_plainly(table: Table, filters: Filters) -> list[int]:
    """The rows of a list by Python alone."""
    rows = table.scan().collect().to_dicts()
    marks = {"s/3": "good", "s/250": "bad"}

    def is_chosen(row) -> bool:
        values = row | {"review": marks.get(row["id"])}
        rate, q = row["pass_rate"], filters.q
        texts = [row[name] or "" for name in ("id", "problem")]
        found = {
            "": True,
            "add 3": any("add 3" in text.lower() for text in texts),
            "/add|Add [12]$/": any(text.endswith(("Add 1", "Add 2")) for text in texts),
        }.get(q, any(q in text for text in texts))
        low = filters.low is None or (rate is not None and rate >= filters.low)
        high = filters.high is None or (rate is not None and rate <= filters.high)
        wanted = {n: None if v == "∅" else v for n, v in filters.chosen.items()}
        same = all(
            (None if values[n] is None else str(values[n])) == v
            for n, v in wanted.items()
        )
        return found and low and high and same

    places = [place for place, row in enumerate(rows) if is_chosen(row)]
    for term in reversed([term for term in filters.sort.split(",") if term]):
        name = term.removeprefix("-")
        there = [place for place in places if rows[place][name] is not None]
        missing = [place for place in places if rows[place][name] is None]
        there.sort(key=lambda at: rows[at][name], reverse=term.startswith("-"))
        places = there + missing
    return places


def test_levels_stand_in_their_order_and_names_by_how_many_rows_they_have(table):
    facets = {each.column: each.values for each in count(table, Filters("rows")).facets}

    assert [name for name, _ in facets["level"]] == ["0.0", "1.0", "2.0", "∅"]
    counts = [number for _, number in facets["source"]]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_a_list_holds_the_rows_that_its_filters_mean(table, filters):
    assert count(table, filters).total == len(read_plainly(table, filters))
    for sort in SORTS:
        sorted_filters = Filters(**(vars(filters) | {"sort": sort}))
        places = read_plainly(table, sorted_filters)
        for start, stop in ((0, 50), (3, 4), (40, 120), (250, 300), (290, 400)):
            found = find_places(table, sorted_filters, start, stop)
            assert found.tolist() == places[start:stop], sort


def test_each_value_tells_what_a_click_on_it_will_show(table):
    for filters in FILTERS:
        counts = count(table, filters)
        for facet in counts.facets:
            for value, number in facet.values:
                chosen = {**filters.chosen, facet.column: value}
                clicked = Filters(**(vars(filters) | {"chosen": chosen}))
                assert count(table, clicked).total == number
        for bin in counts.rates:
            ends = {"low": bin.low, "high": bin.high}
            clicked = Filters(**(vars(filters) | ends))
            assert count(table, clicked).total == bin.count


def test_a_page_has_the_values_of_its_rows(table):
    filters = Filters("rows", sort="-problem", page=2)
    page = read_page(table, filters, count(table, filters))

    whole = table.scan().collect()
    rows = whole[find_places(table, filters, 100, 150).tolist()].to_dicts()
    assert [row["id"] for row in page.rows] == [row["id"] for row in rows]
    assert [row["pass_rate"] for row in page.rows] == [row["pass_rate"] for row in rows]
    assert [row["reason"] for row in page.rows] == [row["reason"] for row in rows]


def test_many_pass_rates_are_counted_in_ranges(tmp_path):
    rates = pl.DataFrame({"pass_rate": [n / 40 for n in range(41)] + [None, 7.0]})
    rates.write_parquet(tmp_path / "t.parquet")
    library = find_files("t", tmp_path, {"t": (tmp_path / "t.parquet",)})
    bins = count(Columns(library, Kept(2**20)).table("t"), Filters("t")).rates

    assert [(bin.low, bin.high, bin.count) for bin in bins][::9] == [
        (0.0, 0.1, 5),
        (0.9, 1.0, 5),
    ]


def test_a_pattern_that_is_none_is_a_mistake(table):
    with pytest.raises(UserError, match=r"/\(/"):
        count(table, Filters("rows", q="/(/"))


def test_what_was_made_is_made_once_and_makes_room():
    kept, made = Kept(100), []

    def make(value):
        made.append(value)
        return value

    for value in "aab":
        kept.get(value, partial(make, value), lambda _: 40)
    assert made == ["a", "b"]
    kept.get("a", partial(make, "a"), lambda _: 40)
    kept.get("c", partial(make, "c"), lambda _: 40)  # no room for b, asked for first
    assert made == ["a", "b", "c"]
    assert [kept.find(key) for key in "abc"] == ["a", None, "c"]


def test_the_rows_of_a_list_can_be_taken_away(tmp_path):
    rows = pl.DataFrame(
        {"id": ["a/0", "a/1", "b/0"], "source": ["a", "a", "b"], "n": [[1], [2, 3], []]}
    )
    rows.write_parquet(tmp_path / "t,x.parquet")
    client = look_at(tmp_path)

    answer = client.get("/rows.jsonl?source=a")
    assert [json.loads(line) for line in answer.text.splitlines()] == [
        {"id": "a/0", "source": "a", "n": [1]},
        {"id": "a/1", "source": "a", "n": [2, 3]},
    ]
    assert 'filename="t_x.jsonl"' in answer.headers["content-disposition"]
    assert pl.read_parquet(client.get("/rows.parquet").content).equals(rows)
    assert client.get("/row.json?id=b/0").json() == {
        "id": "b/0",
        "source": "b",
        "n": [],
    }
    assert client.get("/row.json?id=nothing").status_code == 404
    assert client.get("/rows.jsonl?table=nothing").status_code == 404


def test_a_list_is_filtered_by_marks_as_soon_as_they_are_there(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.view.shelf.LOOK_S", 0)
    rows = pl.DataFrame({"id": ["a/0", "a/1", "a/2"], "problem": ["1?", "2?", "3?"]})
    rows.write_parquet(tmp_path / "rows.parquet")
    client = look_at(tmp_path)
    assert "review" not in client.get("/rows").text.partition("<aside")[2]

    write_reviews(tmp_path, [Review("a/1", "bad"), Review("gone/7", "good")])
    page = client.get("/rows?review=bad").text
    assert "1 <span>row, kept or not" in page
    assert ">a/1</a>" in page
    assert [line["id"] for line in read_lines(client, "review=∅")] == ["a/0", "a/2"]


def read_lines(client, query: str) -> list[dict]:
    return [
        json.loads(line)
        for line in client.get(f"/rows.jsonl?{query}").text.splitlines()
    ]


def test_what_is_searched_for_is_seen_in_a_long_text(tmp_path):
    text = "é" * 1000 + " the Needle " + "y" * 1000
    pl.DataFrame({"id": ["a"], "problem": [text]}).write_parquet(tmp_path / "t.parquet")
    for q in ("needle", "Needle", "/N.edle/"):
        listed = look_at(tmp_path).get("/rows", params={"q": q}).text
        assert "the Needle y" in listed.partition("<tbody>")[2]


def test_columns_read_ahead_are_those_of_lists(tmp_path):
    rows = pl.DataFrame({"id": ["a"], "problem": ["1?"], "source": ["s"], "other": [1]})
    rows.write_parquet(tmp_path / "t.parquet")
    library = find_files("t", tmp_path, {"t": (tmp_path / "t.parquet",)})
    columns = Columns(library, Kept(columns_module.ROOM))
    columns._read_ahead()

    table = columns.table("t")
    names = ("id", "problem", "source", "other")
    assert [table._find(name) is not None for name in names] == [
        True,
        True,
        True,
        False,
    ]

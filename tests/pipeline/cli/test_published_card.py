"""The card of a published set: its numbers, its head, its examples, its promises."""

import json
import re
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml
from huggingface_hub import DatasetCard, DatasetCardData

from pipeline import tables
from pipeline.cli.publish import publish
from pipeline.published.configs import NAMES
from pipeline.published.folder import describe_examples
from stages.card.facts import TRACE_REASONS
from stages.card.page import fix
from tests.support import cards
from tests.support.project import HERE, SECTIONS, run_in, run_stages


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project, where the copy is of a second source, and a row unsolved."""
    monkeypatch.chdir(tmp_path)
    run_in(tmp_path)
    collect = {
        **SECTIONS["collect"],
        "b": {"adapter": "generic", "path": "/home/me/b.jsonl"},
    }
    Path("params.yaml").write_text(yaml.safe_dump(SECTIONS | {"collect": collect}))
    edit("dropped/dedup_exact", source=pl.lit("b"))
    edit("dropped/collect/a", "dropped/collect/b", id=pl.lit("b/0"), source=pl.lit("b"))
    audited = pl.read_parquet("data/dropped/difficulty.parquet")
    audited = pl.concat([audited] * 2).with_columns(
        id=pl.Series(["a/00007", "a/00008"]),
        reason=pl.Series(["never_solved", "key_suspect"]),
        pass_rate=pl.Series([0.0, 0.25]),
    )
    tables.write(audited, Path("data/dropped/verify.parquet"))
    rated = pl.read_parquet("data/difficulty.parquet")
    rated = pl.concat([rated, audited.select(rated.columns)])
    tables.write(rated, Path("data/difficulty.parquet"))
    run_stages(tmp_path, ["card"])
    return tmp_path


def edit(table: str, into: str = "", **columns: pl.Expr) -> None:
    changed = pl.read_parquet(f"data/{table}.parquet").with_columns(**columns)
    tables.write(changed, Path(f"data/{into or table}.parquet"))


def write_card(project: Path) -> str:
    publish("me/set", dry_run=project / "out", public=False)
    return (project / "out/README.md").read_text()


def test_every_number_is_recomputed_from_the_published_parquet_alone(project: Path):
    read = cards.read_tables(write_card(project))
    (project / "data").rename(project / "gone")
    computed = 0
    for rows, query in read:
        columns = cards.numeric(rows)
        if not columns:
            continue
        assert query, f"no query below the table with {sorted(columns)}"
        again = cards.recompute(project / "out", query)
        assert columns <= again[0].keys(), f"no query for {columns - again[0].keys()}"
        shared = rows[0].keys() & again[0].keys()
        assert cards.comparable(again, shared) == cards.comparable(rows, shared)
        computed += len(columns) * len(rows)
    assert computed > 90


@pytest.mark.parametrize(("factor", "digits"), [(1, 3), (100, 1)])
def test_rates_are_rounded_as_the_queries_do(factor: int, digits: int):
    rates = pl.DataFrame({"rate": [n / k for k in range(1, 200) for n in range(k + 1)]})
    duckdb.register("rates", rates.to_arrow())
    rounded = duckdb.sql(f"select round({factor} * rate, {digits}) from rates")

    assert [float(fix(factor * rate, digits)) for rate in rates["rate"]] == [
        value for (value,) in rounded.fetchall()
    ]


def test_the_first_lines_have_the_numbers_of_their_table(project: Path):
    card = write_card(project)
    first = card.split("# A set\n\n")[1].partition("\n")[0]
    rows, _ = cards.read_tables(card)[0]

    assert re.findall(r"\d+", first) == ["2", "2", "9"]
    assert rows == [
        {
            "rows collected": "9", "problems exported": "2", "without a pass rate": "0",
            "worked solutions": "2", "samples": "12", "most of a problem": "4",
        }
    ]  # fmt: skip


def test_unsolved_problems_stand_apart_from_keys_that_something_speaks_against(
    project: Path,
):
    card = write_card(project)
    suspects = card.partition("### Answer keys")[2].partition("###")[0]
    unsolved = card.partition("### Problems that no")[2].partition("###")[0]

    assert "| `key_suspect` | 1 |" in suspects
    assert "| `never_solved`" not in suspects
    assert "| a | 1 |" in unsolved


def test_the_head_passes_through_the_hubs_own_reader(project: Path):
    card = DatasetCard(write_card(project))
    head = yaml.safe_load(card.content.split("---\n")[1])

    assert isinstance(card.data, DatasetCardData)
    assert card.data.to_dict() == head
    assert head["license"] == "mit"
    assert [each["config_name"] for each in head["configs"]] == [
        "rl", "sft", "verl", "kept", "dropped", "grades", "traces", "benchmarks_report",
    ]  # fmt: skip


def test_there_is_a_row_of_each_config_with_long_texts_cut(project: Path):
    edit("export/sft", license=pl.lit("x" * 1000))
    shown = dict(
        re.findall(
            r"<summary>(\w+)</summary>\n\n````json\n(.*?)````",
            write_card(project),
            re.S,
        )
    )

    assert shown.keys() == set(NAMES)
    assert json.loads(shown["grades"])["completion"] == "it is 2"
    assert json.loads(shown["sft"])["license"] == "x" * 200 + "… 800 more characters"


def test_no_folder_of_this_machine_is_named_anywhere(project: Path):
    card = write_card(project)

    assert "/home/me" not in card
    assert str(project) not in card
    assert "| b | b.jsonl | – | unknown |" in card
    assert "path: b.jsonl" in card


def test_who_is_to_be_cited_stands_as_bibtex(project: Path):
    entries = re.findall(r"^@(\w+)\{([\w]+),", write_card(project), re.M)

    assert entries == [("misc", "zhang2025hundred"), ("software", "goldsieve")]


def test_every_column_of_every_config_has_its_meaning(project: Path):
    glossary = write_card(project).partition("## Columns")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^\| `(\w+)` \|", glossary, re.M))

    files = [next((project / "out" / name).glob("*.parquet")) for name in NAMES]
    assert {c for file in files for c in pl.read_parquet_schema(file)} == explained


def test_an_example_is_a_row_that_says_much(tmp_path: Path):
    rows = {
        "id": ["a", "b", "c"],
        "problem": [None, "1+1", "1+2"],
        "twin": ["", "x", ""],
    }
    (tmp_path / "dropped").mkdir()
    pl.DataFrame(rows).write_parquet(tmp_path / "dropped/train-00000-of-00001.parquet")
    example = describe_examples(tmp_path, ["dropped"]).split("````")[1]

    assert json.loads(example.removeprefix("json")) == {
        "id": "b", "problem": "1+1", "twin": "x",
    }  # fmt: skip


def test_what_a_rebuild_needs_beside_the_set_is_named(project: Path):
    rebuild = write_card(project).partition("## Rebuild")[2].partition("## Recipe")[0]

    assert "take them out of it: `benchmarks.sets.0.path` (exam.jsonl)." in rebuild
    assert "collect" not in rebuild.partition("take them out")[2]


def test_every_reason_of_a_trace_is_explained():
    page = (HERE / "docs/select.md").read_text("utf-8")
    reasons = page.partition("null where one does: ")[2].partition(".\n")[0]

    assert TRACE_REASONS.keys() == set(re.findall(r"`(\w+)`", reasons)) - {
        "trace_where", "traces",
    }  # fmt: skip

"""The card holds what was counted, and nothing that was not."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline import tables
from pipeline.published.configs import NAMES
from stages.card import Params, build
from stages.card.page import list_upstream, name_licenses
from tests.support.project import HERE, SECTIONS, run_in


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return run_in(tmp_path)


def card(
    out: Path,
    template: str | None = None,
    sections: dict = SECTIONS,
    **about: object,
) -> str:
    out.mkdir(exist_ok=True)
    build(
        Params(title="A set"),
        out,
        sections | ({"about": about} if about else {}),
        tables.read(HERE / "dvc.yaml"),
        template or (HERE / "data_cards/template.md").read_text(),
        "By hand.",
        tables.read(tables.DATA / "select.parquet"),
        tables.read(tables.DATA / "select" / "traces.parquet"),
        tables.read(tables.DATA / "difficulty.parquet"),
        tables.read(tables.DATA / "grades.parquet"),
        tables.DATA / "decontaminate",
        {"kind": "local", "name": "m", "revision": "1" * 40, "load": ""},
        tables.DATA / "export",
        tables.DROPPED,
    )
    return (out / "README.md").read_text()


def test_the_head_is_what_the_hub_reads(project: Path):
    head = yaml.safe_load(card(project / "out").split("---\n")[1])

    assert [config["config_name"] for config in head["configs"]] == [
        "rl", "sft", "verl", "kept", "dropped", "grades", "traces", "benchmarks_report",
    ]  # fmt: skip
    assert {config["config_name"] for config in head["configs"]} == set(NAMES)
    assert head["configs"][0]["default"] is True
    assert head["size_categories"] == ["n<1K"]
    assert set(head) == {
        "pretty_name", "license", "language", "size_categories", "task_categories",
        "source_datasets", "annotations_creators", "tags", "configs",
    }  # fmt: skip


def test_the_body_holds_the_counts(project: Path):
    text = card(project / "out")

    assert "2 problems with verifiable answers" in text
    assert (
        "what 6 collected rows come to after quality rules, two rounds of "
        "deduplication, decontamination, difficulty grading and verification. " in text
    )
    assert "| – | replay | as recorded |" in text
    assert "| dedup_exact | 5 | 1 | 4 |" in text
    assert "| decontaminate | `contaminated` | a | 1 | `a/00002` |" in text
    assert "| exam | 1 | 0 | 1 | 0 | 0 | 0.0 |" in text
    assert "| a | a.jsonl | – | MIT | 6 | 2 |" in text
    assert "| 6 | 2 | 0 | 2 | 12 | 4 |" in text
    assert "| – | m | 3 | 12 | 8 | 0 | 0.667 | 0 | 1 |" in text
    assert "| math | 12 | 8 | 4 | 0 | 0 |" in text
    assert "By hand." in text


def test_the_body_names_no_stage_that_is_off(project: Path):
    sections = dict.fromkeys(SECTIONS, False) | {
        name: SECTIONS[name] for name in ("collect", "dedup_exact")
    }
    text = card(project / "out", sections=sections)

    assert "rows come to after one round of deduplication. Every row" in text


def test_several_models_are_counted_apart(project: Path):
    grades = tables.read(tables.DATA / "grades.parquet")
    weak, strong = grades.head(8), grades.tail(4)
    named = [
        part.with_columns(pl.lit(name).alias("pass"), model=pl.lit(f"org/{name}"))
        for name, part in (("weak", weak), ("strong", strong))
    ]
    tables.write(pl.concat(named), tables.DATA / "grades.parquet")
    text = card(project / "out")

    # "1+1?" is solved half of the time and "2+2?" always; so is "3+3?" by half.
    assert "| weak | org/weak | 2 | 8 | 6 | 0 | 0.750 | 0 | 1 |" in text
    assert "| strong | org/strong | 1 | 4 | 2 | 0 | 0.500 | 0 | 0 |" in text


def test_sources_that_share_problems_are_shown_with_what_they_declare(project: Path):
    # The one copy of the project is another source's now. Dedup saw five rows.
    sections = SECTIONS | {"collect": {"b": {"path": "b"}, **SECTIONS["collect"]}}
    lost = tables.read(tables.DROPPED / "dedup_exact.parquet")
    source = pl.lit("b").alias("source")
    tables.write(lost.with_columns(source), tables.DROPPED / "dedup_exact.parquet")
    tables.write(lost.clear(), tables.DROPPED / "collect/b.parquet")
    text = card(project / "out", sections=sections)

    assert "| b | a | 1 | 1 | 0 | 100.0% | **no** |" in text
    assert "| a | b | 4 | 1 | 0 | 25.0% | **no** |" in text
    shown = json.loads((project / "out/numbers/lineage.json").read_text())
    assert [row["pair"] for row in shown] == ["b in a", "a in b"]


def test_benchmarks_are_counted_over_all_sources(project: Path):
    file = tables.DATA / "decontaminate/benchmarks.parquet"
    report = tables.read(file)
    other = report.with_columns(
        source=pl.lit("b"),
        items_undetectable=pl.lit(1, pl.UInt32),
        rows_sibling=pl.lit(3, pl.UInt32),
        highest_left_in=pl.lit(0.25, pl.Float32),
    )
    tables.write(pl.concat([other, report]), file)

    # One item, a row dropped for either source; three siblings of one of them.
    assert "| exam | 1 | 1 | 2 | 3 | 0 | 0.25 |" in card(project / "out")


def test_the_params_are_printed_in_full_without_training(project: Path):
    text = card(project / "out")

    printed = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    assert printed == SECTIONS


def test_the_card_says_whose_recipe_it_is_and_what_is_not_theirs(project: Path):
    text = card(
        project / "out",
        system="Skywork-OR1",
        paper="arXiv 2505.22312",
        unpublished={"rollouts.max_tokens": "a|b"},
        departs=["dedup is one step"],
    )
    plain = card(project / "out")

    recipe = text.partition("## Recipe")[2]
    assert recipe.partition("```yaml")[0].partition("`\n")[2] == (
        "\nSystem: Skywork-OR1 (arXiv 2505.22312).\n\n"
        "What is done otherwise than the system did it:\n\n- dedup is one step\n\n"
        "Parameters that nobody published, and why they are what they are:\n\n"
        "| parameter | our choice |\n|---|---|\n| `rollouts.max_tokens` | a\\|b |\n\n"
    )
    hash_line = recipe.partition("\n")[0]
    assert hash_line == plain.partition("## Recipe")[2].partition("\n")[0]
    assert recipe.partition("```yaml")[2] == plain.partition("```yaml")[2]


def test_a_name_that_nothing_counted_is_an_error(project: Path):
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        card(project / "out", template="{{ never_counted }}")


def test_a_count_that_is_missing_is_an_error(project: Path):
    (tables.DROPPED / "quality.parquet").unlink()

    with pytest.raises(FileNotFoundError, match="quality"):
        card(project / "out")


def test_plots_are_numbers_and_pictures(project: Path):
    text = card(project / "out")
    plots, numbers = project / "out/plots", project / "out/numbers"

    funnel = json.loads((numbers / "funnel.json").read_text())
    assert [row["rows"] for row in funnel] == [5, 5, 5, 5, 4, 4, 4, 3, 2, 2, 2, 2]
    reasons = json.loads((numbers / "reasons.json").read_text())
    assert {row["reason"]: row["rows"] for row in reasons} == {
        "source_unreadable": 1,
        "exact_duplicate": 1,
        "contaminated": 1,
        "too_easy": 1,
    }
    rates = json.loads((numbers / "pass_rate.json").read_text())
    assert [row["before"] for row in rates] == [0, 0, 2, 0, 1]
    assert [row["after"] for row in rates] == [0, 0, 2, 0, 0]
    pictures = sorted(plots.glob("*.svg"))
    assert [picture.stem for picture in pictures] == [
        # One source, one domain, nothing cut: four more pictures would show nothing.
        "funnel", "length", "pass_rate",
    ]  # fmt: skip
    shown = re.findall(r"\(plots/(\w+).svg\)", text)
    assert sorted(shown) == [picture.stem for picture in pictures]
    for picture in pictures:
        assert "<svg" in picture.read_text()


def test_twice_gives_the_same_bytes(project: Path):
    card(project / "first")
    card(project / "second")

    names = sorted(
        p.relative_to(project / "first") for p in (project / "first").rglob("*.*")
    )
    assert len(names) == 12
    for name in names:
        assert (project / "first" / name).read_bytes() == (
            project / "second" / name
        ).read_bytes()


@pytest.mark.parametrize(
    ("licenses", "head"),
    [
        (["Apache-2.0"], {"license": "apache-2.0"}),
        (["MIT", "CC-BY-4.0"], {"license": ["cc-by-4.0", "mit"]}),
        (["MIT", "ACME Terms 2"],
         {"license": "other", "license_name": "acme-terms-2-and-mit"}),
        ([], {"license": "unknown"}),
    ],
    ids=["one", "several", "one without an identifier", "none"],
)  # fmt: skip
def test_the_head_has_the_licences_of_the_rows(licenses: list[str], head: dict):
    assert name_licenses(licenses) == head


def test_the_head_names_the_sets_that_the_exported_rows_come_from():
    collect = {
        "hub": {"repo": "org/set"},
        "made": {"generator": {}},
        "copy": {"path": "x.jsonl", "origin": ["NuminaMath", "org/other"]},
        "file": {"path": "y.jsonl"},
        "unused": {"repo": "org/unused"},
    }
    sources = [{"name": name, "rows_out": name != "unused"} for name in collect]

    assert list_upstream(collect, sources) == [
        "org/set", "original", "extended|NuminaMath", "org/other",
    ]  # fmt: skip

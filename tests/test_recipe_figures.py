"""Published figures, reproduced through the recipes' own files on public data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline import recipe, recipes
from pipeline.filter import Outcome, apply
from pipeline.schema import BENCHMARK
from pipeline.sql import evaluate
from stages import benchmarks, collect, decontaminate, dedup_exact

FIXTURES = Path("recipes/fixtures")
ON_HUB = {"repo", "revision", "config", "split"}


def read_source(
    recipe_name: str, source: str, path: str | tuple[str, ...] = ()
) -> Outcome:
    """What the recipe's own entry makes of a source, or of a copy of it at `path`."""
    entry = dict(recipes.resolve(recipe_name)["collect"][source])
    if path:
        key = "path" if isinstance(path, str) else "paths"
        entry = {k: v for k, v in entry.items() if k not in ON_HUB} | {key: path}
    judged = collect.make(recipe.check(collect.Params, entry, "collect"), source)
    return judged.outcome()


def section(recipe_name: str, stage: Any, name: str) -> Any:
    return recipe.check(stage.Params, recipes.resolve(recipe_name)[name], name)


def test_each_prompt_of_dapo_is_there_once_of_a_hundred_times():
    prompts = read_source(
        "dapo_math_17k", "dapo_math_17k", f"{FIXTURES}/dapo_math_17k.jsonl"
    )
    params = section("dapo_math_17k", dedup_exact, "dedup_exact")
    outcome = apply(lambda rows: dedup_exact.judge(rows, params), prompts.kept)

    assert prompts.kept.height == 18
    assert outcome.metrics["rows_out"] == 6
    assert outcome.metrics["dropped"] == {"exact_duplicate": 12}


@pytest.mark.realdata
def test_limr_keeps_1389_of_8523_problems(data: Path):
    outcome = read_source("limr", "limr")

    assert outcome.kept.height == 1389
    assert outcome.kept.height + outcome.dropped.height == 8523
    assert set(outcome.dropped["reason"]) <= {"low_impact", "source_unreadable"}


@pytest.mark.realdata
def test_parts_of_deepscaler_are_as_large_as_published(data: Path):
    aime = read_source("deepscaler", "deepscaler_aime")
    math = read_source("deepscaler", "deepscaler_math")

    assert (aime.kept.height, aime.dropped.height) == (975, 0)
    assert (math.kept.height, math.dropped.height) == (7470, 4)


@pytest.mark.realdata
def test_levels_of_simplerl_are_as_published(data: Path):
    rows = read_source("simplerl_zoo", "simplerl_8k")
    level = pl.col("meta").str.json_path_match("$.level").cast(pl.Int64)
    counts = dict(rows.kept.group_by(level).len().sort("meta").iter_rows())

    # 3,361 of level 5 in the file, of which two have an empty answer.
    assert counts == {3: 2514, 4: 2648, 5: 3359}
    assert rows.dropped["reason"].to_list() == ["source_unreadable"] * 2


@pytest.mark.realdata
def test_lessons_of_logic_rl_go_from_three_people_to_seven(data: Path):
    rows = read_source("logic_rl", "logic_rl").kept
    order = recipes.resolve("logic_rl")["grpo"]["order"]["lessons"]
    lesson = evaluate(rows, order, setting="order").to_series()

    assert dict(lesson.value_counts().sort(lesson.name).iter_rows()) == dict.fromkeys(
        (3, 4, 5, 6, 7), 900
    )


def items(data: Path, names: list[str]) -> pl.DataFrame:
    files = {"math500": "math500", "aime24": "aime24", "aime25": "aime25"}
    sets = [
        {"name": name, "path": str(data / f"bench_math/{files[name]}.jsonl")}
        for name in names
    ]
    params = recipe.check(benchmarks.Params, {"sets": sets}, "benchmarks")
    return benchmarks.make(params).kept.select(list(BENCHMARK))


def matched_prompts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    dropped = outcome.dropped.filter(reason="contaminated")
    yield from dropped.select("problem", "twin").iter_rows()


@pytest.mark.realdata
def test_light_r1_counts_196_prompts_of_deepscaler_in_math500(data: Path):
    """Light-R1, table of matched prompts: 196 in MATH-500, none in AIME24 and 25."""
    name = "light_r1_decontamination"
    files = [
        str(data / f"deepscaler/DeepScaleR_Difficulty_Level_{level}.{part}.json")
        for level in range(1, 6)
        for part in ("train", "test")
    ]
    rows = read_source(name, "deepscaler", tuple(files)).kept
    params = section(name, decontaminate, "decontaminate")
    sets = recipes.resolve(name)["benchmarks"]["sets"]
    outcome = apply(
        lambda rows: decontaminate.judge(rows, params, items(data, sets)), rows
    )
    benchmark = [twin.split("/")[0] for _, twin in matched_prompts(outcome)]
    counts = {each: benchmark.count(each) for each in sets}
    assert counts == {"math500": 196, "aime24": 0, "aime25": 0}

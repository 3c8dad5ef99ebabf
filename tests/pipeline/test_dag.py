"""The order of the stages, and what is derived from it."""

from pathlib import Path

from pipeline import dag


def stage(cmd: str, deps: list[str], outs: list[str]) -> dict[str, object]:
    return {"cmd": f"python -m {cmd}", "deps": deps, "outs": outs}


DVC = {
    "stages": {
        "train": stage("trainers.train x/b.parquet --out m", ["x/b.parquet"], ["m"]),
        "b": stage("pipeline filter b x/a.parquet", ["x/a.parquet"], ["x/b.parquet"]),
        "side": stage("pipeline make side", [], ["x/side.parquet"]),
        "a": stage("pipeline make a x/c", ["x/c"], ["x/a.parquet"]),
        "c": {
            "foreach": "${c}",
            "do": stage("pipeline make c.${key}", [], ["x/c/${key}.parquet"]),
        },
    }
}


def test_stages_stand_behind_what_feeds_them_and_else_as_in_the_file():
    stages = dag.parse(DVC)

    assert [stage.name for stage in stages] == ["side", "c", "a", "b", "train"]
    assert stages[3] == dag.Stage(
        name="b",
        kind="filter",
        module="stages.b",
        inputs=(Path("x/a.parquet"),),
        reads=(Path("x/a.parquet"),),
        writes=(Path("x/b.parquet"),),
    )
    assert (stages[4].kind, stages[4].module) == ("train", "trainers.train")


def test_rows_pass_through_the_filters_and_what_makes_their_first_input():
    assert [stage.name for stage in dag.row_stages(dag.parse(DVC))] == ["c", "a", "b"]


def test_the_hash_ignores_order_and_training_and_sees_the_values():
    stages = dag.parse(DVC)
    digest = dag.recipe_hash({"a": 1, "b": {"c": 2, "d": 3}}, stages)

    assert digest == dag.recipe_hash({"b": {"d": 3, "c": 2}, "a": 1}, stages)
    assert digest == dag.recipe_hash(
        {"a": 1, "b": {"c": 2, "d": 3}, "train": 9}, stages
    )
    assert digest != dag.recipe_hash({"a": 1, "b": {"c": 2, "d": 4}}, stages)


def test_stages_of_a_project_s_own_are_not_ours():
    own = {"mine": {"cmd": "echo hi"}, "two": {"cmd": ["echo a", "echo b"]}, "odd": 5}
    stages = dag.parse({"stages": DVC["stages"] | own})

    assert stages == dag.parse(DVC)

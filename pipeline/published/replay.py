"""A published set as the source of a recipe: its problems, and recorded completions.

All that was collected, kept and dropped, lies in a file for each source in its order,
so rows get the ids that they had. Completions are replayed from `grades`, pass by pass,
so nothing is sampled. The rest of the recipe is the one that made the set: the same
stages judge the same rows.
"""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline import dag, recipes
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.published.folder import RECIPE
from pipeline.recipe import parse_yaml
from pipeline.schema import PROBLEM
from pipeline.shards import read_batches, write_parts
from pipeline.tables import write

HEAD = "# Written by `goldsieve pull {set}`: replays a published set.\n"
PROBLEMS, UNIQUE = "problems", "distinct_samples"
COPY = r"#\d+$"  # of an id: a row that the export repeated
COLUMNS = {
    "completions": ["completion"],
    "models": ["model"],
    "finish_reason": ["finish_reason"],
    "n_tokens": ["n_tokens"],
}
RECORDED = ("problem", "completion", "model", "finish_reason", "n_tokens")


def write_recipe(folder: Path, name: str, origin: str) -> Path:
    """Write recipes/`name`.yaml, which replays the set in `folder`; say where.

    `origin` is what the set is called. UserError where the folder holds no set, or a
    recipe of that name is there that nobody pulled.
    """
    file = recipes.FOLDER / f"{name}.yaml"
    _refuse_to_lose_recipe(file)
    sections = read_recipe(folder)
    sections["collect"] = _lay_out_sources(folder, sections["collect"])
    sections["rollouts"] = _replay(folder, sections.get("rollouts"))
    sections["model"] = sections["ask"] = False
    unused = [stage.name for stage in dag.read() if stage.kind == "train"]
    sections |= dict.fromkeys(unused, False)
    file.parent.mkdir(exist_ok=True)
    write_text(file, HEAD.format(set=origin) + recipes.dump(sections))
    return file


def read_recipe(folder: Path) -> dict[str, Any]:
    """The recipe of the set in `folder`; UserError where none is there."""
    file = folder / RECIPE
    if not file.exists():
        raise UserError(
            f"{folder} holds no set that `goldsieve publish` wrote: it has no {RECIPE}",
            hint="older sets are read by `collect` and `replay`: docs/rollouts.md",
        )
    sections: dict[str, Any] = parse_yaml(file.read_text("utf-8"))
    return sections


def find_left_behind(sections: dict[str, Any]) -> list[str]:
    """Keys of local files that the recipe names and that are not here."""
    return [
        key
        for key, value in recipes.list_files(sections)
        if not ("$" in value or "*" in value or Path(value).exists())
    ]


def _refuse_to_lose_recipe(file: Path) -> None:
    first = HEAD.partition("{")[0]
    if file.exists() and not file.read_text(encoding="utf-8").startswith(first):
        raise UserError(
            f"{file} is there, and was not pulled", hint="choose another --name"
        )


def _lay_out_sources(folder: Path, collect: dict[str, Any]) -> dict[str, Any]:
    """Write the rows of each source into a file of its own; the section `collect`."""
    files = [*folder.glob("kept/*.parquet"), *folder.glob("dropped/*.parquet")]
    rows = pl.concat([pl.scan_parquet(file).select(PROBLEM.names()) for file in files])
    number = pl.col("id").str.extract(r"/(\d+)").cast(pl.Int64)
    (folder / PROBLEMS).mkdir(exist_ok=True)
    entries: dict[str, Any] = {}
    for name, source in collect.items():
        if not isinstance(source, dict):
            continue
        file = folder / PROBLEMS / f"{name}.parquet"
        write(
            rows.filter(source=name).sort(number, maintain_order=True).collect(), file
        )
        kept = {
            key: source[key] for key in ("license", "where", "limit") if key in source
        }
        entries[name] = {"adapter": "published", "path": str(file), **kept}
    return entries


def _replay(folder: Path, section: Any) -> Any:
    """The section `rollouts` with recorded completions in the place of models."""
    if not isinstance(section, dict) or not (folder / "grades").is_dir():
        return False
    if not (passes := section.get("passes")):
        return {"engine": "replay", "replay": [_record(folder, "train")]}
    return {
        "passes": [
            {
                "name": each["name"],
                "engine": "replay",
                "replay": [_record(folder, each["name"])],
                **({"where": each["where"]} if each.get("where") else {}),
            }
            for each in passes
        ]
    }


def _record(folder: Path, stem: str) -> dict[str, Any]:
    """The recording of one pass; each problem's completions once."""
    files = sorted((folder / "grades").glob(f"{stem}-*-of-*.parquet"))
    path = folder / "grades" / f"{stem}-*.parquet"
    samples = pl.concat([pl.scan_parquet(file).select("id", "key") for file in files])
    first = samples.group_by("key").agg(pl.col("id").first(), n=pl.col("id").n_unique())
    owners = first.collect()
    if (owners["n"] > 1).any():
        # Rows with one text share their samples, and each has its own verdicts.
        path = folder / UNIQUE / f"{stem}.parquet"
        path.parent.mkdir(exist_ok=True)
        schema = pl.read_parquet_schema(files[0])
        parts = (
            part.join(owners, on="id", how="semi", maintain_order="left")
            for file in files
            for part in read_batches(file, ["id", *RECORDED])
        )
        write_parts(
            (part.select(RECORDED) for part in parts),
            pl.Schema({name: schema[name] for name in RECORDED}),
            path,
        )
    return {"path": str(path), "problem": "problem", **COLUMNS}

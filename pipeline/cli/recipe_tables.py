"""The recipes side by side: on the terminal, and as the survey's two tables."""

from collections.abc import Iterator
from typing import Any

from pipeline import dag, recipe, recipes
from pipeline.recipes import About

Recipes = dict[str, dict[str, Any]]
# Operators that are keys of `collect.<source>` and of `pool`.
READ = ("where", "limit")
MEASURES = ("rollouts", "hygiene")  # stages that write tables of their own
MIX = ("weights", "quotas", "repeat", "mix")
SETS = {
    "sft": "Sets for supervised fine-tuning",
    "rl": "Sets for reinforcement learning",
}


def show(every: Recipes, active: str | None) -> None:
    """Print three lines a recipe; a star is before the one that params.yaml holds."""
    for name, sections in every.items():
        cells = _cells(sections)
        head = " · ".join(cells[key] for key in ("system", "domain", "size", "status"))
        print(f"{'*' if name == active else ' '} {name}  {head}")
        for key in ("sources", "operators"):
            print(f"      {key:9}  {cells[key]}")


def markdown(every: Recipes) -> str:
    """The survey's tables of data sets, computed from the recipes."""
    lines: list[str] = []
    for kind, title in SETS.items():
        lines += [f"### {title}", "", *_markdown(kind, every), ""]
    return "\n".join(lines).rstrip()


def _markdown(kind: str, every: Recipes) -> Iterator[str]:
    columns = ("system", "domain", "sources", "operators", "size", "status")
    yield f"| {' | '.join([*columns, 'paper', 'recipe'])} |"
    yield f"|{'---|' * (len(columns) + 2)}"
    for name, sections in every.items():
        about = read_about(sections)
        if about.kind == kind:
            cells = [*_cells(sections).values(), about.paper or "–", f"`{name}`"]
            yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _cells(sections: dict[str, Any]) -> dict[str, str]:
    about = read_about(sections)
    size = about.size.get("out")
    return {
        "system": about.system or "–",
        "domain": about.domain or "–",
        "sources": ", ".join(sources(sections)) or "–",
        "operators": ", ".join(operators(sections)) or "–",
        "size": f"{size:,}" if size is not None else "–",
        "status": status(sections),
    }


def read_about(sections: dict[str, Any]) -> About:
    """What the recipe says of itself; UserError that names the mistake."""
    return recipe.check(About, sections.get("about") or {}, "about")


def sources(sections: dict[str, Any]) -> list[str]:
    """The sources that are not off, in the recipe's order."""
    collect = sections.get("collect") or {}
    return [name for name in collect if isinstance(collect[name], dict)]


def operators(sections: dict[str, Any]) -> list[str]:
    """What the recipe does to rows: how it reads and mixes, and stages that are on."""
    collect = [sections["collect"][name] for name in sources(sections)]
    pool = sections.get("pool") or {}
    keys = [f"collect.{key}" for key in READ if any(s.get(key) for s in collect)]
    keys += [f"pool.{key}" for key in MIX if pool.get(key)]
    return keys + [
        stage.name
        for stage in dag.read()
        if stage.kind == "filter" or stage.name in MEASURES
        if stage.name in sections and not dag.is_off(sections, stage.name)
    ]


def status(sections: dict[str, Any]) -> str:
    """On what the recipe runs, beside the fixtures that each of them runs on."""
    collect = sections.get("collect") or {}
    places = [collect[name].keys() & recipes.KINDS for name in sources(sections)]
    if not all(places):
        return "fixtures only"  # a source that was never released
    rollouts = sections.get("rollouts") or {}
    is_sampled = bool(rollouts) and rollouts.get("engine") != "replay"
    return "needs generation" if is_sampled or sections.get("ask") else "public data"

"""The card's page: the YAML head that the Hub reads, and the rendered template."""

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from stages.card import Params

# The tables of a published set, as `pipeline/published` writes them.
CONFIGS = (
    "rl", "sft", "verl", "kept", "dropped", "grades", "traces", "benchmarks_report",
)  # fmt: skip
SIZES = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")]
SIZES += [(1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M")]


def render(
    params: "Params", template: str, limitations: str, facts: dict[str, Any]
) -> str:
    """The whole README; a name that the template misses is an error."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["cell"] = lambda value: str(value).replace("|", "\\|")
    body = environment.from_string(template).render(
        **facts,
        params=params,
        configs=CONFIGS,
        limitations=limitations.strip(),
        recipe_yaml=yaml.safe_dump(facts["recipe"], sort_keys=False).strip(),
    )
    return f"---\n{head(params, facts)}---\n\n{body.strip()}\n"


def head(params: "Params", facts: dict[str, Any]) -> str:
    """Configs and their files, licence, size, tasks: what the Hub searches by."""
    rows = facts["rl_rows"]
    size = next((name for most, name in SIZES if rows < most), "n>10M")
    configs = [
        {"config_name": name, "data_files": f"{name}/*.parquet"}
        | ({"default": True} if name == "rl" else {})
        for name in CONFIGS
    ]
    repos = [
        s["where"]
        for s in facts["sources"]
        if facts["recipe"]["collect"][s["name"]].get("repo")
    ]
    fields = {
        "pretty_name": params.title,
        "license": params.license,
        "language": [params.language],
        "size_categories": [size],
        "task_categories": ["text-generation", "question-answering"],
        "source_datasets": repos or ["original"],
        "annotations_creators": ["machine-generated"],
        "tags": list(params.tags),
        "configs": configs,
    }
    return str(yaml.safe_dump(fields, sort_keys=False))

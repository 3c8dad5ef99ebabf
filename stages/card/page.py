"""The card's page: the YAML head that the Hub reads, and the rendered template."""

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from stages.card import Params

# The tables of a published set, as `pipeline/published` writes them.
CONFIGS = (
    "rl", "sft", "verl", "kept", "dropped", "grades", "traces", "benchmarks_report",
)  # fmt: skip
# Identifiers that the Hub has for licences, those that data sets bear; from memory.
LICENSES = {
    "afl-3.0", "apache-2.0", "bsd", "bsd-2-clause", "bsd-3-clause", "c-uda", "cc",
    "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0",
    "cc-by-nc-4.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-2.0",
    "cdla-sharing-1.0", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-3.0", "mit", "odbl",
    "odc-by", "openrail", "pddl", "unknown", "unlicense",
}  # fmt: skip
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
    environment.filters["fixed"] = fix
    environment.filters["key"] = lambda name: re.sub(r"\W+", "_", str(name)).strip("_")
    environment.filters["cell"] = lambda value: str(value).replace("|", "\\|")
    body = environment.from_string(template).render(
        **facts,
        params=params,
        configs=CONFIGS,
        limitations=limitations.strip(),
        recipe_yaml=yaml.safe_dump(facts["recipe"], sort_keys=False).strip(),
    )
    return f"---\n{head(params, facts)}---\n\n{body.strip()}\n"


def fix(value: float, digits: int) -> str:
    """A number ≥ 0 with so many decimals, halves up: as `round` of the queries does."""
    whole, rest = divmod(value * 10**digits, 1)
    return f"{(whole + (rest >= 0.5)) / 10**digits:.{digits}f}"


def head(params: "Params", facts: dict[str, Any]) -> str:
    """Configs and their files, licence, size, tasks: what the Hub searches by."""
    rows = facts["rl_rows"]
    size = next((name for most, name in SIZES if rows < most), "n>10M")
    configs = [
        {"config_name": name, "data_files": f"{name}/*.parquet"}
        | ({"default": True} if name == "rl" else {})
        for name in CONFIGS
    ]
    names = [license["name"] for license in facts["licenses"]]
    fields = {
        "pretty_name": params.title,
        **({"license": params.license} if params.license else name_licenses(names)),
        "language": [params.language],
        "size_categories": [size],
        "task_categories": ["text-generation", "question-answering"],
        "source_datasets": list_upstream(facts["recipe"]["collect"], facts["sources"]),
        "annotations_creators": ["machine-generated"],
        "tags": list(params.tags),
        "configs": configs,
    }
    return str(yaml.safe_dump(fields, sort_keys=False))


def name_licenses(names: list[str]) -> dict[str, Any]:
    """The head's licence fields for rows with these licences, as sources state them.

    One that the Hub has no identifier for is `other`, with its name beside it; so are
    several of which that is true of one. Without rows nothing is known.
    """
    own = sorted({name.lower() for name in names}) or ["unknown"]
    if not LICENSES.issuperset(own):
        named = "-and-".join(re.sub(r"[^a-z0-9.]+", "-", name) for name in own)
        return {"license": "other", "license_name": named}
    return {"license": own[0] if len(own) == 1 else own}


def list_upstream(collect: dict[str, Any], sources: list[dict[str, Any]]) -> list[str]:
    """What the exported rows come from: Hub ids, extended sets, `original` data.

    A local file is what its `origin` says; of one that does not say, nothing is known.
    """
    upstream = []
    for source in sources:
        own = collect[source["name"]]
        if not source["rows_out"]:
            continue
        if own.get("repo"):
            upstream.append(own["repo"])
        elif own.get("generator") is not None:
            upstream.append("original")
        else:
            origins = own.get("origin") or ()
            upstream += [o if "/" in o else f"extended|{o}" for o in origins]
    return list(dict.fromkeys(upstream))

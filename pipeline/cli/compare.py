"""Say in what two runs, or two published sets, differ."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline import recipe, recipes, tables
from pipeline.errors import UserError
from pipeline.machine import cache_folder
from pipeline.published import hub
from pipeline.published.compare import (
    Comparison,
    compare,
    count_changes,
    count_reasons,
)
from pipeline.published.figures import Figure, list_figures
from pipeline.published.folder import RECIPE
from pipeline.published.side import Side, read_side

SETTINGS = 15  # that are shown

Estimate = tuple[float, tuple[float, float]] | None


def run(first: str, second: str, *, out: Path | None, format: str) -> None:
    """Say in which rows, verdicts and figures two runs or two published sets differ."""
    places = _find(first), _find(second)
    a, b = map(read_side, places)
    settings = _find_other_settings(*places)
    comparison, figures = compare(a, b), list_figures(a, b)
    if out:
        for name in ("only_a", "only_b", "verdicts"):
            tables.write(getattr(comparison, name), out / f"{name}.parquet")
    if format == "json":
        found = _describe(a, b, comparison, figures) | {"settings": settings}
        print(json.dumps(found, ensure_ascii=False, default=str))
    else:
        _print_rows(first, second, a, b, comparison)
        _print_settings(settings)
        _print_verdicts(comparison)
        _print_figures(figures)


def _find(name: str) -> Path:
    """The folder of that name, or what the Hub has under it, fetched."""
    if (folder := Path(name)).is_dir():
        return folder
    if name.count("/") != 1 or folder.exists():
        raise UserError(
            f"{name} is no folder, and no set of the Hub",
            hint="name two folders, or sets of the Hub as ORG/NAME",
        )
    folder = cache_folder("pulled") / name.replace("/", "--")
    hub.download(name, None, folder)
    return folder


def _find_other_settings(a: Path, b: Path) -> dict[str, tuple[Any, Any]]:
    """The settings that differ, by dotted names, of sections that both recipes have.

    A published set has no sections of training.
    """
    both = [_read_recipe(place) for place in (a, b)]
    shared = both[0].keys() & both[1].keys()
    one, two = (
        dict(recipes.leaves({name: sections[name] for name in shared}))
        for sections in both
    )
    pairs = {name: (one.get(name), two.get(name)) for name in sorted({*one, *two})}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _read_recipe(place: Path) -> dict[str, Any]:
    file = next(f for f in (place / RECIPE, place / recipe.RECIPE) if f.exists())
    sections: dict[str, Any] = recipe.parse_yaml(file.read_text("utf-8"))
    return {name: value for name, value in sections.items() if name != "about"}


def _describe(
    a: Side, b: Side, comparison: Comparison, figures: list[Figure]
) -> dict[str, Any]:
    sides = {"a": a, "b": b}
    return {
        "collected": {name: side.collected for name, side in sides.items()},
        "kept": {name: side.kept.height for name, side in sides.items()},
        "only_a": count_reasons(comparison.only_a),
        "only_b": count_reasons(comparison.only_b),
        "sources": comparison.sources.to_dicts(),
        "completions_in_both": comparison.shared,
        "verdicts": count_changes(comparison.verdicts),
        "figures": [asdict(figure) for figure in figures],
    }


def _print_rows(
    first: str, second: str, a: Side, b: Side, comparison: Comparison
) -> None:
    print(f"a  {first}: {a.kept.height:,} rows of {a.collected:,} collected")
    print(f"b  {second}: {b.kept.height:,} rows of {b.collected:,} collected")
    print(f"     {'rows kept, by source':24} {'a':>9} {'b':>9}   b − a")
    for source, in_a, in_b in comparison.sources.iter_rows():
        mark = "" if in_a == in_b else f"   {in_b - in_a:+,}"
        print(f"     {source:24} {in_a:>9,} {in_b:>9,}{mark}")
    for name, other, rows in (
        ("a", "b", comparison.only_a), ("b", "a", comparison.only_b),
    ):  # fmt: skip
        print(f"\nrows only in {name}: {rows.height:,}")
        for stage, reason, count, example in count_reasons(rows):
            where = "" if stage == "–" else f"dropped by {stage} of {other}: "
            print(f"     {count:>9,}  {where}{reason}, such as {example}")


def _print_settings(settings: dict[str, tuple[Any, Any]]) -> None:
    print(f"\nsettings that differ: {len(settings)}")
    for name, pair in list(settings.items())[:SETTINGS]:
        print(f"     {name}: {' → '.join(map(_spell, pair))}")
    if len(settings) > SETTINGS:
        print(f"     and {len(settings) - SETTINGS} more; --format json has all")


def _spell(value: Any) -> str:
    if value is None:
        return "–"
    return "off" if value is False else str(value)[:60]


def _print_verdicts(comparison: Comparison) -> None:
    changed = comparison.verdicts.height
    print(
        f"\nverdicts: {changed:,} changed, of {comparison.shared:,} different "
        "completions that both judged"
    )
    for change, count, example in count_changes(comparison.verdicts):
        print(f"     {count:>9,}  {change}, such as {example}")
    for row in comparison.verdicts.head(3).to_dicts():
        print(f"     {row['id']} sample {row['sample']} of {row['model']}:")
        for side in "ab":
            answer, extracted, why = (
                row[f"{name}_{side}"] for name in ("answer", "extracted", "why")
            )
            print(f"       {side}: {extracted}, the key is {answer}  ({why})")


def _print_figures(figures: list[Figure]) -> None:
    print("\nfigures with 95% intervals (b − a of samples: on the problems of both)")
    print(f"     {'':30} {'a':28} {'b':28} {'b − a':30} by")
    for figure in figures:
        sides = [_format(figure.a), _format(figure.b), _format(figure.difference, "+")]
        a, b, difference = sides
        print(f"     {figure.name:30} {a:28} {b:28} {difference:30} {figure.method}")


def _format(estimate: Estimate, sign: str = "") -> str:
    if estimate is None:
        return "–"
    value, (low, high) = estimate
    digits = 3 if max(abs(value), abs(low), abs(high)) < 10 else 1
    return (
        f"{value:{sign}.{digits}f} ({low:{sign}.{digits}f} to {high:{sign}.{digits}f})"
    )

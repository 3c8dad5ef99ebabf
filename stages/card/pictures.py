"""What the card draws: one function a picture, from the facts to a figure."""

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, KEPT, LOST, WRONG = "#22303c", "#2f7f6f", "#d9cfc1", "#c2703d"
WIDTH = 7.6
ACROSS = 3  # small pictures beside each other


def funnel(stages: list[dict[str, Any]]) -> "Figure":
    figure, axes = _canvas(WIDTH, 0.42 * len(stages) + 0.9)
    names = [stage["stage"] for stage in stages]
    axes.barh(names, [stage["rows_in"] for stage in stages], color=LOST, height=0.72)
    axes.barh(names, [stage["rows_out"] for stage in stages], color=KEPT, height=0.72)
    widest = max(stage["rows_in"] for stage in stages) or 1
    for place, stage in enumerate(stages):
        lost = stage["rows_in"] - stage["rows_out"]
        said = f"{stage['rows_out']:,}" + (f"   −{lost:,}" if lost else "")
        axes.text(
            stage["rows_in"] + widest * 0.012, place, said, va="center", fontsize=9
        )
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.2)
    axes.set_xticks([])
    axes.set_title("Rows kept after each stage", loc="left", fontsize=11)
    return figure


def rates(told: dict[str, Any]) -> "Figure":
    """Problems by pass rate, before selection and after."""
    figure, axes = _canvas(WIDTH, 3.2)
    _before_and_after(axes, told)
    axes.set_xticks(range(len(told["bins"])), told["bins"], fontsize=8)
    axes.set_xlabel("pass rate of the model that was sampled", fontsize=9)
    axes.set_ylabel("problems", fontsize=9)
    axes.legend(frameon=False, fontsize=9)
    axes.set_title("Difficulty before and after selection", loc="left", fontsize=11)
    return figure


def rates_by(column: str, told: dict[str, Any]) -> "Figure":
    """The same, a small picture for each source or domain."""
    groups = told["by"][column]
    down = max(1, -(-len(groups) // ACROSS))
    figure, all_axes = _grid(down, ACROSS, WIDTH, 1.55 * down + 0.6)
    for axes, group in zip_longest(all_axes, groups):
        if group is None:
            axes.set_axis_off()
            continue
        _before_and_after(axes, group)
        axes.set_xticks((-0.5, 4.5, 9.5), ("0", "0.5", "1"))
        axes.set_title(group["name"], loc="left", fontsize=9)
        said = f"{sum(group['before']):,} → {sum(group['after']):,}"
        axes.set_title(said, loc="right", fontsize=8, color=KEPT)
    title = f"Pass rates by {column}: problems sampled → exported"
    return _titled(figure, title if groups else "No pass rates")


def _before_and_after(axes: "Axes", told: dict[str, Any]) -> None:
    places = range(len(told["before"]))
    axes.bar(places, told["before"], color=LOST, width=0.86, label="sampled")
    axes.bar(places, told["after"], color=KEPT, width=0.86, label="exported")
    axes.locator_params("y", integer=True, nbins=4)


def samples(bins: list[str], told: dict[str, Any]) -> "Figure":
    """How many samples a problem got, by its pass rate."""
    figure, axes = _canvas(WIDTH, 3.2)
    drawn = [mean or 0.0 for mean in told["bins"]]
    axes.bar(range(len(drawn)), drawn, color=KEPT, width=0.86)
    axes.set_xticks(range(len(bins)), bins, fontsize=8)
    axes.set_xlabel("pass rate", fontsize=9)
    axes.set_ylabel("samples a problem", fontsize=9)
    spent = f"{told['total']:,} samples of {told['problems']:,} problems"
    title = f"Samples spent: {spent}, {told['mean']:.1f} each"
    axes.set_title(title, loc="left", fontsize=11)
    return figure


def lengths(
    spread: dict[str, Any], bins: list[str], by_rate: dict[str, Any]
) -> "Figure":
    """How long right and wrong completions are, over all and by pass rate."""
    figure, (over_all, rated) = _grid(1, 2, WIDTH, 3.2)
    for verdict, colour in (("right", KEPT), ("wrong", WRONG)):
        counts = spread[verdict]
        if sum(counts):
            edges = spread["edges"]
            share = [100 * count / sum(counts) for count in counts]
            label = f"{verdict} ({sum(counts):,})"
            over_all.stairs(share, edges, color=colour, fill=True, alpha=0.35)
            over_all.stairs(share, edges, color=colour, linewidth=1.2, label=label)
        known = [(p, t) for p, t in enumerate(by_rate[verdict]) if t is not None]
        if known:
            rated.plot(*zip(*known, strict=True), "o-", color=colour, markersize=4)
    if spread["edges"]:
        _count_by_doublings(over_all, spread["edges"])
        over_all.legend(frameon=False, fontsize=8)
    over_all.set_xlabel("tokens of a completion", fontsize=9)
    over_all.set_ylabel("% of the right, of the wrong", fontsize=9)
    rated.set_xticks((-0.5, 4.5, 9.5), ("0", "0.5", "1"))
    rated.set_xlim(-0.6, len(bins) - 0.4)
    rated.set_ylim(0)
    rated.set_xlabel("pass rate of the problem", fontsize=9)
    rated.set_ylabel("median tokens", fontsize=9)
    title = "Length of right and wrong completions"
    return _titled(figure, title if spread["edges"] else "No lengths are recorded")


def _count_by_doublings(axes: "Axes", edges: list[int]) -> None:
    axes.set_xscale("log", base=2)
    ticks = [2**power for power in range(31) if edges[0] <= 2**power <= edges[-1]]
    axes.set_xticks(ticks, [_short(tick) for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)


def _short(tokens: int) -> str:
    return f"{tokens // 1024}k" if tokens >= 1024 else str(tokens)


def truncated(sources: list[dict[str, Any]]) -> "Figure":
    """Samples that were cut at max_tokens, by source; the right ones among them."""
    figure, axes = _canvas(WIDTH, 0.36 * max(len(sources), 1) + 0.9)
    names = [one["source"] for one in sources]
    cut = [100 * one["cut"] / one["samples"] for one in sources]
    right = [100 * one["cut_right"] / one["samples"] for one in sources]
    axes.barh(names, cut, color=WRONG, height=0.66, label="cut")
    axes.barh(names, right, color=KEPT, height=0.66, label="and right")
    widest = max(cut, default=0) or 1
    for place, (share, one) in enumerate(zip(cut, sources, strict=True)):
        said = f"{share:.1f}% of {one['samples']:,}"
        axes.text(share + widest * 0.012, place, said, va="center", fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.3)
    axes.set_xticks([])
    if any(right):
        axes.legend(frameon=False, fontsize=8, loc="lower right")
    title = "Completions cut at max_tokens" if sources else "No ends are recorded"
    axes.set_title(title, loc="left", fontsize=11)
    return figure


def _canvas(width: float, height: float) -> tuple["Figure", "Axes"]:
    figure, axes = _grid(1, 1, width, height)
    return figure, axes[0]


def _grid(
    down: int, across: int, width: float, height: float
) -> tuple["Figure", list["Axes"]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="tight")
    every = figure.subplots(down, across, squeeze=False).ravel().tolist()
    for axes in every:
        for side in ("top", "right", "bottom", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, labelsize=9 if len(every) == 1 else 8, colors=INK)
    return figure, every


def _titled(figure: "Figure", title: str) -> "Figure":
    figure.suptitle(title, x=0.012, ha="left", fontsize=11)
    return figure

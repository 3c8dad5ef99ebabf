import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.filter import Outcome, apply
from pipeline.schema import GRADE
from stages.difficulty import Params, judge
from stages.difficulty.counts import score_curves
from stages.sources._load import read_source
from stages.sources._source import Source
from tests.support.rows import problems


def grades(**samples: list[bool | None]) -> pl.DataFrame:
    """Verdicts by row number: grades(a0=[True, False])."""
    rows = [
        {"id": f"test/{int(name[1:]):05d}", "sample": i, "model": "m", "correct": grade}
        for name, verdicts in samples.items()
        for i, grade in enumerate(verdicts)
    ]
    known = ("id", "sample", "model", "correct")
    table = pl.DataFrame(rows, schema={name: GRADE[name] for name in known})
    absent = [pl.lit(None, GRADE[n]).alias(n) for n in GRADE if n not in table.columns]
    return table.with_columns(absent).select(GRADE.names())


def in_passes(**solved: tuple[int, int] | None) -> pl.DataFrame:
    """Verdicts on one problem: in_passes(weak=(1, 4)) is one right sample of four.

    The pass `weak` is by the model org/weak at a commit; None is a pass without any.
    """
    tables = [
        grades(a0=[number < counts[0] for number in range(counts[1])]).with_columns(
            pl.lit(name).alias("pass"), model=pl.lit(f"org/{name}@01234567")
        )
        for name, counts in solved.items()
        if counts
    ]
    return pl.concat(tables)


def judged(rows, verdicts: pl.DataFrame, window: dict | None = None, **more) -> Outcome:
    params = Params(pass_rate_window=window or {}, **more)
    return apply(lambda rows: judge(rows, params, verdicts), rows)


def test_the_window_cuts_on_both_sides():
    verdicts = grades(a0=[True] * 4, a1=[False] * 4, a2=[True, False, False, False])
    outcome = judged(problems("a", "b", "c"), verdicts, {"lo": 0.1, "hi": 0.9})

    assert outcome.dropped["reason"].to_list() == ["too_easy", "too_hard"]
    assert outcome.kept["pass_rate"].to_list() == [0.25]


def test_undecided_samples_count_neither_way():
    verdicts = grades(a0=[True, None, None, False], a1=[None, None])
    outcome = judged(problems("a", "b"), verdicts)

    assert outcome.kept["pass_rate"].to_list() == [0.5]
    assert outcome.kept["n_undecided"].to_list() == [2]
    assert outcome.dropped["reason"].to_list() == ["undecided"]


def test_the_interval_is_jeffreys():
    outcome = judged(problems("a"), grades(a0=[True, False, False, False]))

    # Beta(1.5, 3.5) has its 2.5% and 97.5% quantiles at 0.0277 and 0.7162.
    assert outcome.kept["rate_lo"].to_list() == pytest.approx([0.0277], abs=2e-3)
    assert outcome.kept["rate_hi"].to_list() == pytest.approx([0.7162], abs=2e-3)


def test_a_problem_never_sampled_says_so_or_stays():
    verdicts = grades(a0=[True])

    dropped = judged(problems("a", "b"), verdicts).dropped
    kept = judged(problems("a", "b"), verdicts, not_sampled="keep").kept
    assert dropped["reason"].to_list() == ["not_sampled"]
    assert kept["pass_rate"].to_list() == [1.0, None]


@pytest.mark.parametrize(
    ("window", "reasons"),
    [
        ({"lo": 0, "lo_open": True}, ["too_hard", None, None]),
        ({"hi": 1, "hi_open": True}, [None, None, "too_easy"]),
        ({"lo_open": True, "hi_open": True}, ["too_hard", None, "too_easy"]),
        ({"lo": 1, "hi": 3, "unit": "count"}, ["too_hard", None, "too_easy"]),
        ({"hi": 0.5, "sense": "failure"}, ["too_hard", "too_hard", None]),
        (
            {"lo": 1, "hi": 4, "unit": "count", "sense": "failure"},
            [None, None, "too_easy"],
        ),
        (
            {"hi": 0.75, "sense": "failure", "hi_open": True},
            ["too_hard", "too_hard", None],
        ),
    ],
)
def test_windows_in_every_way_of_stating_them(window, reasons):
    verdicts = grades(a0=[False] * 4, a1=[True] + [False] * 3, a2=[True] * 4)
    outcome = judged(problems("a", "b", "c"), verdicts, window)
    reason_of = dict(outcome.dropped.select("id", "reason").rows())

    assert [reason_of.get(f"test/{i:05d}") for i in range(3)] == reasons


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"lo": 2}, "`lo` 2 is no rate"),
        ({"lo": 0.9, "hi": 0.1}, "is below `lo`"),
        ({"unit": "count"}, "a posterior is of a rate"),
    ],
)
def test_windows_that_hold_nothing_are_mistakes(window, message):
    with pytest.raises(ValidationError, match=message):
        Params(pass_rate_window=window, decide="posterior")


def test_a_posterior_forgives_what_few_samples_cannot_tell():
    verdicts = grades(
        a0=[True] * 2,
        **{f"a{i}": [True] * 30 for i in range(1, 20)},
        **{f"a{i}": [True, False] * 8 for i in range(20, 60)},
    )
    rows = problems(*[f"Problem {i}" for i in range(60)])
    window = {"lo": 0.1, "hi": 0.9}
    by_rate = judged(rows, verdicts, window)
    by_chance = judged(rows, verdicts, window, decide="posterior", certainty=0.8)

    assert by_rate.dropped.height == 20
    assert by_chance.dropped.height == 19
    assert by_chance.kept["id"][0] == "test/00000"
    assert set(by_chance.dropped["reason"]) == {"too_easy"}
    assert (by_chance.dropped["p_inside"] < 0.2).all()


def test_models_stand_side_by_side():
    verdicts = in_passes(weak=(1, 4), strong=(4, 4))
    (row,) = judged(problems("a"), verdicts).kept.to_dicts()
    shown = "model", "pass", "n_correct", "pass_rate"

    assert [tuple(rate[name] for name in shown) for rate in row["rates"]] == [
        ("org/strong@01234567", "strong", 4, 1.0),
        ("org/weak@01234567", "weak", 1, 0.25),
    ]
    assert row["pass_rate"] == 0.625


# What published recipes ask of several models: conditions, then a case each with how
# often every pass solved a problem of how many samples, and the reason it leaves for.
LIMO = {
    "weak_solves": "weak.n_correct = 0",
    "strong_outside": "strong.n_correct between 1 and 3",
}
GURU = {
    "too_easy": "weak.pass_rate < 0.9",
    "too_hard": "strong.pass_rate > 0.1",
    "weak_beats_strong": "weak.pass_rate <= strong.pass_rate",
}
BIG_MATH = {
    "unsolved": "weak.n_correct > 0 or strong.n_correct > 0 or source = 'math'",
}
S1 = {"solved": "small.n_correct = 0 and large.n_correct = 0"}
LIGHT_R1 = {
    "stage_1": "weak.pass_rate < 0.5",
    "stage_2": "teacher.pass_rate > 0 and teacher.pass_rate < 1",
}
AM_LEVEL_1 = {
    "unsolvable": "teacher.n_correct > 0",
    "level": "small.pass_rate > 0 and small.pass_rate < 1",
}
AM_LEVEL_2 = {
    "unsolvable": "teacher.n_correct > 0",
    "level": "(small.pass_rate = 0 and middle.pass_rate > 0) or (small.pass_rate > 0 "
    "and small.pass_rate < 1 and middle.pass_rate > 0 and middle.pass_rate < 1)",
}
# Of the problems that the large model solves, the half with an even hash stays.
AM_LEVEL_3 = {
    "unsolvable": "teacher.n_correct > 0",
    "level": "large.n_correct = 0 or md5_number_lower(key) % 2 = 0",
}
NO = None


@pytest.mark.parametrize(
    ("where", "solved", "reason"),
    [
        (LIMO, {"weak": (0, 4), "strong": (2, 32)}, None),
        (LIMO, {"weak": (1, 4), "strong": NO}, "weak_solves"),
        (LIMO, {"weak": (0, 4), "strong": (0, 32)}, "strong_outside"),
        (LIMO, {"weak": (0, 4), "strong": (4, 32)}, "strong_outside"),
        (GURU, {"weak": (4, 16), "strong": (9, 16)}, None),
        (GURU, {"weak": (15, 16), "strong": (16, 16)}, "too_easy"),
        (GURU, {"weak": (0, 16), "strong": (0, 16)}, "too_hard"),
        (GURU, {"weak": (9, 16), "strong": (4, 16)}, "weak_beats_strong"),
        (BIG_MATH, {"weak": (0, 64), "strong": (1, 8)}, None),
        (BIG_MATH, {"weak": (1, 64), "strong": (0, 8)}, None),
        (BIG_MATH, {"weak": (1, 64), "strong": NO}, None),
        (BIG_MATH, {"weak": (0, 64), "strong": (0, 8)}, "unsolved"),
        (S1, {"small": (0, 1), "large": (0, 1)}, None),
        (S1, {"small": (0, 1), "large": (1, 1)}, "solved"),
        (S1, {"small": (1, 1), "large": (0, 1)}, "solved"),
        (LIGHT_R1, {"weak": (1, 8), "teacher": (3, 10)}, None),
        (LIGHT_R1, {"weak": (4, 8), "teacher": NO}, "stage_1"),
        (LIGHT_R1, {"weak": (1, 8), "teacher": (0, 10)}, "stage_2"),
        (LIGHT_R1, {"weak": (1, 8), "teacher": (10, 10)}, "stage_2"),
        (AM_LEVEL_1, {"small": (1, 4), "teacher": (4, 4)}, None),
        (AM_LEVEL_1, {"small": (4, 4), "teacher": (4, 4)}, "level"),
        (AM_LEVEL_1, {"small": (1, 4), "teacher": (0, 4)}, "unsolvable"),
        (AM_LEVEL_2, {"small": (0, 4), "middle": (1, 4), "teacher": (1, 4)}, None),
        (AM_LEVEL_2, {"small": (1, 4), "middle": (3, 4), "teacher": (1, 4)}, None),
        (AM_LEVEL_2, {"small": (1, 4), "middle": (4, 4), "teacher": (1, 4)}, "level"),
        (AM_LEVEL_2, {"small": (0, 4), "middle": (0, 4), "teacher": (1, 4)}, "level"),
        (AM_LEVEL_3, {"large": (0, 4), "teacher": (1, 4)}, None),
    ],
)
def test_what_published_recipes_ask_of_several_models(
    where: dict[str, str], solved: dict[str, tuple[int, int] | None], reason: str | None
):
    verdicts = in_passes(**solved)
    passes = [{"name": name, "samples": 4} for name in solved]
    outcome = judged(problems("a"), verdicts, where=where, rollouts={"passes": passes})

    assert outcome.dropped["reason"].to_list() == [reason] * bool(reason)


def test_half_of_what_the_large_model_solves_stays():
    rows = problems(*map(str, range(400)))
    verdicts = pl.concat(
        [
            grades(**{f"a{i}": [True] for i in range(400)}).with_columns(
                pl.lit(name).alias("pass")
            )
            for name in ("large", "teacher")
        ]
    )
    kept = judged(rows, verdicts, where=AM_LEVEL_3).kept["id"]

    assert 160 <= len(kept) <= 240
    assert set(judged(rows.reverse(), verdicts, where=AM_LEVEL_3).kept["id"]) == (
        set(kept)
    )


def test_exempt_sources_stay_whatever_the_models_do():
    rows = problems("a", source=["math"])
    unsolved = in_passes(weak=(0, 64), strong=(0, 8))

    assert judged(rows, unsolved, where=BIG_MATH).dropped.height == 0


def test_models_without_passes_are_called_by_their_titles():
    where = {"weak": '"org/weak@01234567".n_correct = 0'}
    verdicts = in_passes(weak=(1, 4)).with_columns(pl.lit(None).alias("pass"))

    assert judged(problems("a"), verdicts, where=where).dropped.height == 1


def test_a_pass_that_asked_nobody_has_no_samples():
    passes = {"passes": [{"name": "weak"}, {"name": "strong"}]}
    verdicts = in_passes(weak=(1, 4))

    def kept(condition: str) -> int:
        outcome = judged(problems("a"), verdicts, where=condition, rollouts=passes)
        return outcome.kept.height

    assert kept("strong.n_samples = 0") == 1
    assert kept("strong.n_correct = 0") == 0, "of no samples none is right or wrong"
    assert kept("weak.n_correct - weak.n_samples = -3") == 1, "counts have a sign"
    with pytest.raises(UserError, match="there is no column 'string'"):
        kept("string.n_samples = 0")


def test_a_pass_that_is_called_like_a_column_is_a_mistake():
    verdicts = in_passes(pass_rate=(1, 4))

    with pytest.raises(UserError, match="'pass_rate' is a column"):
        judged(problems("a"), verdicts, where="pass_rate > 0")


@pytest.mark.parametrize(
    "name", ["weak", "org/weak", "org/weak@01234567"], ids=["pass", "name", "title"]
)
def test_a_window_is_of_the_models_or_passes_that_it_names(name: str):
    verdicts = in_passes(weak=(1, 4), strong=(4, 4))
    window = {"hi": 0.5, "models": [name]}
    kept = judged(problems("a"), verdicts, window).kept

    assert kept["pass_rate"].to_list() == [0.25]


def test_a_share_of_the_easy_ones_stays_and_always_the_same():
    rows = problems(*[f"Problem {i}" for i in range(400)])
    verdicts = grades(**{f"a{i}": [True] * 2 for i in range(400)})
    first = judged(rows, verdicts, {"hi": 0.9}, keep_easy=0.1).kept["id"]
    again = judged(rows.reverse(), verdicts, {"hi": 0.9}, keep_easy=0.1).kept["id"]

    assert 20 <= len(first) <= 65
    assert set(first) == set(again)


def test_lengths_of_right_samples_bound_a_problem():
    verdicts = grades(a0=[True, False], a1=[True], a2=[True]).with_columns(
        n_tokens=pl.Series([10, 900, 100, 500], dtype=pl.Int32)
    )
    where = {"too_short": "tokens_right >= 50", "too_long": "tokens_right <= 200"}
    outcome = judged(problems("a", "b", "c"), verdicts, where=where)

    assert outcome.kept["id"].to_list() == ["test/00001"]
    assert outcome.dropped["reason"].to_list() == ["too_short", "too_long"]


def test_conditions_cut_by_what_the_source_says_and_by_what_was_measured():
    meta = ['{"difficulty": 3}', '{"difficulty": 6}', "{}", '{"difficulty": 7}']
    where = {"rated_easy": "meta.difficulty >= 5", "seldom_solved": "n_correct > 1"}
    verdicts = grades(a0=[True] * 3, a1=[True] * 3, a2=[True] * 3, a3=[True, False])
    rows = problems("a", "b", "c", "d", meta=meta)
    outcome = judged(rows, verdicts, where=where)

    assert outcome.dropped.select("id", "reason").rows() == [
        ("test/00000", "rated_easy"),
        ("test/00002", "rated_easy"),  # without a rating
        ("test/00003", "seldom_solved"),
    ]


def test_conditions_come_after_the_window():
    verdicts = grades(a0=[True] * 4)
    outcome = judged(problems("a"), verdicts, {"hi": 0.9}, where="false")

    assert outcome.dropped["reason"].to_list() == ["too_easy"]


def test_learning_impact_is_the_published_formula():
    curves = np.random.default_rng(0).random((30, 21))
    mean = curves.mean(axis=0)
    by_hand = 1 - ((curves - mean) ** 2).sum(axis=1) / ((1 - mean) ** 2).sum()
    scores = score_curves(pl.Series([*curves.tolist(), []], dtype=pl.List(pl.Float64)))

    assert scores.to_list()[:-1] == pytest.approx(by_hand.tolist())
    assert scores[-1] is None


def test_problems_that_are_not_learned_in_step_leave():
    meta = ['{"acc": [0.0, 0.5, 1.0]}'] * 8 + ['{"acc": [1.0, 1.0, 1.0]}', "{}"]
    rows = problems(*map(str, range(10)), meta=meta)
    params = {"not_sampled": "keep", "learning_impact": "acc"}
    low_impact = {"low_impact": "learning_impact >= 0.6"}
    outcome = judged(rows, grades(), where=low_impact, **params)

    assert outcome.dropped.select("id", "reason").rows() == [
        ("test/00008", "low_impact"),
        ("test/00009", "low_impact"),  # without a curve
    ]
    assert judged(rows, grades(), **params).kept.height == 10, "a score is no cut"


@pytest.mark.realdata
def test_the_published_scores_of_limr_keep_what_was_published(data):
    folder = data / "limr"
    scores = {"path": str(folder / "scores.json"), "columns": ["prompt", "score"]}
    source = Source(
        adapter="math",
        path=str(folder / "math.8k.json"),
        recorded={"impact": scores},
    )
    collected = read_source("limr", source)
    low_impact = {"low_impact": "meta.impact >= 0.6"}
    outcome = judged(collected.kept, grades(), not_sampled="keep", where=low_impact)

    assert collected.metrics["rows_in"] == 8523
    # 6,545 with a lower score, and 587 without one.
    assert outcome.metrics == {
        "rows_in": 8521,
        "rows_out": 1389,
        "dropped": {"low_impact": 7132},
    }


def test_quantiles_part_the_pool():
    verdicts = grades(**{f"a{i}": [j < i for j in range(8)] for i in range(8)})
    rows = problems(*map(str, range(8)))
    kept = judged(rows, verdicts).kept

    assert kept["difficulty_quantile"].to_list() == [3, 3, 2, 2, 1, 1, 0, 0]


def test_levels_of_sources_become_one_column():
    rows = problems("a", "b", "c", "d").with_columns(
        source=pl.Series(["math", "omni", "math", "x"]),
        meta=pl.Series(
            ['{"level": "Level 5"}', '{"difficulty": 7.5}', '{"level": "?"}', "{}"]
        ),
    )
    levels = [{"field": "level", "source": "math"}, {"field": "difficulty"}]
    outcome = judged(rows, grades(), not_sampled="keep", levels=levels)

    assert outcome.kept["source_level"].to_list() == [5.0, 7.5, None, None]

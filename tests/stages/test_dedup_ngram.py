import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.filter import Outcome, apply, unjudged
from stages.dedup_ngram import Params, judge
from tests.support.rows import problems

MARKET = (
    "Tom has {} apples and buys {} more apples at the old market in town. How many?"
)


def dedup(rows, **params) -> Outcome:
    return apply(lambda rows: judge(rows, Params(**params)), rows)


def test_a_near_copy_leaves_and_its_similarity_is_kept():
    rows = problems(MARKET.format(3, 5), MARKET.format(3, 5) + " Tell us.")
    outcome = dedup(rows)

    # 17 tokens make 15 trigrams; two words more make 17: 15 / 17.
    assert outcome.dropped["reason"].to_list() == ["near_duplicate"]
    assert outcome.dropped["score"].to_list() == pytest.approx([15 / 17], abs=1e-4)


def test_a_problem_with_other_numbers_stays():
    rows = problems(MARKET.format(3, 5), MARKET.format(3, 6), answer=["8", "9"])
    outcome = dedup(rows, threshold=0.5)

    assert outcome.dropped.height == 0
    assert outcome.kept["family"].to_list() == ["test/00000"] * 2


def test_below_the_threshold_both_stay():
    rows = problems("One two three four five.", "One two three six seven.")

    assert dedup(rows).dropped.height == 0


def test_word_fuzzy_and_containment_modes_call_their_pairs_near():
    long = MARKET.format(3, 5)
    rows = problems(long, f"Read this. {long} Write the answer down.", "What is 2+2?")

    assert dedup(rows, method="containment").dropped["score"].to_list() == [1.0]
    assert dedup(rows, method="substring").dropped.height == 1
    assert dedup(rows, method="fuzzy", threshold=0.95).dropped.height == 0
    edited = problems(long, long.replace("apples and", "apples  and"))
    assert dedup(edited, method="fuzzy", threshold=0.95).dropped.height == 1


def test_a_short_text_is_not_contained_in_a_long_one_by_chance():
    rows = problems(f"{MARKET.format(3, 5)} How many?", "How many?")

    assert dedup(rows, method="containment").dropped.height == 0


def test_substring_wants_the_words_side_by_side():
    # All trigrams of the second are in the first, the whole of it is not.
    rows = problems(
        "a b c d e f g h x c d e f g h i j k l m", "a b c d e f g h i j k l m"
    )

    assert dedup(rows, method="containment").dropped.height == 1
    assert dedup(rows, method="substring").dropped.height == 0


@pytest.mark.parametrize("threshold", [0.5, 0.8])
def test_both_searches_drop_the_same_rows(threshold: float):
    story = [f"word{i}" for i in range(40)]
    texts = [
        " ".join([*story[: i % 7], f"new{i}", *story[i % 7 :], *story[: i // 8]])
        for i in range(40)
    ]
    rows = problems(*texts)
    one = dedup(rows, search="lsh", threshold=threshold, guard=False)
    other = dedup(rows, search="exact", threshold=threshold, guard=False)

    assert one.dropped.height > 0
    assert one.dropped["id"].equals(other.dropped["id"])


def test_siblings_can_be_thinned_out_or_dropped():
    rows = problems(*(MARKET.format(i, i + 1) for i in range(6)), answer=list("abcdef"))
    thin = dedup(rows, threshold=0.3, siblings="keep_n", family_size=2)
    one = dedup(rows, threshold=0.3, siblings="drop")

    assert thin.kept.height == 2
    assert set(thin.dropped["reason"]) == {"surplus_sibling"}
    assert one.kept["id"].to_list() == ["test/00000"]


def test_the_survivor_is_the_best_verified_row():
    rows = problems(MARKET.format(3, 5), MARKET.format(3, 5) + " Tell us.")
    judged = [[], [{"text": "8", "model": "m", "correct": True}]]
    rows = rows.with_columns(
        solutions=pl.Series(judged, dtype=rows.schema["solutions"])
    )

    assert dedup(rows).kept["id"].to_list() == ["test/00000"]
    best = dedup(rows, survivor="best_verified")
    assert best.kept["id"].to_list() == ["test/00001"]


def test_the_tables_show_clusters_saved_pairs_and_what_a_threshold_would_do():
    near, sibling = MARKET.format(3, 5) + " Tell us.", MARKET.format(4, 5)
    rows = problems(MARKET.format(3, 5), near, sibling, answer=["8", "8", "9"])
    tables = dedup(rows, threshold=0.6).tables

    assert tables["clusters"]["role"].to_list() == ["survivor", "copy"]
    saved = tables["saved"].row(0, named=True)
    assert (saved["id"], saved["other"]) == ("test/00002", "test/00000")
    assert saved["problem"] == sibling
    sensitivity = {row[0]: row[1:] for row in tables["sensitivity"].iter_rows()}
    assert sensitivity[0.6] == (1, 0, 0)


def test_a_higher_threshold_lets_rows_enter_again():
    rows = problems(MARKET.format(3, 5), MARKET.format(3, 5) + " Tell us.")
    table = dedup(rows, threshold=0.85).tables["sensitivity"]

    # Their similarity is 15 / 17 = 0.88.
    assert table.filter(pl.col("threshold") == 0.87)["enter"].to_list() == [0]
    assert table.filter(pl.col("threshold") == 0.89)["enter"].to_list() == [1]


def test_new_rows_are_compared_with_an_earlier_release(tmp_path, monkeypatch):
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    release = problems(
        MARKET.format(3, 5), MARKET.format(7, 9), id=["old/0", "old/1"]
    ).select("id", "key", "problem", "answer")
    rows = problems(MARKET.format(3, 5) + " Tell us.", "What is 2+2?", "what is 2+2")

    def against() -> Outcome:
        return apply(lambda rows: judge(rows, Params(), release), rows)

    outcome = against()
    assert outcome.kept["id"].to_list() == ["test/00001"]
    assert outcome.dropped["twin"].to_list() == ["old/0", "test/00001"]
    assert len(list(tmp_path.glob("signatures/*.npy"))) == 1
    assert against().dropped.equals(outcome.dropped), "and again, from the cache"


def test_a_release_is_compared_by_jaccard_alone():
    rows = problems("What is 2+2?")

    with pytest.raises(UserError, match="--against takes jaccard, not fuzzy"):
        judge(unjudged(rows), Params(method="fuzzy"), rows)

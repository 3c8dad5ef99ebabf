import pytest

from pipeline.filter import Outcome, apply
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


@pytest.mark.parametrize("threshold", [0.5, 0.8])
def test_both_searches_drop_the_same_rows(threshold: float):
    story = [f"word{i}" for i in range(40)]
    texts = [
        " ".join([*story[: i % 7], f"new{i}", *story[i % 7 :], *story[: i // 8]])
        for i in range(40)
    ]
    rows = problems(*texts)
    lsh = dedup(rows, search="lsh", threshold=threshold, guard=False)
    exact = dedup(rows, search="exact", threshold=threshold, guard=False)

    assert lsh.dropped.height > 0
    assert lsh.dropped["id"].equals(exact.dropped["id"])


def test_a_whole_text_inside_another_is_near_and_so_is_one_of_few_edits():
    long = MARKET.format(3, 5)
    rows = problems(long, f"Read this. {long} Write the answer down.", "What is 2+2?")

    assert dedup(rows, method="substring").dropped["score"].to_list() == [1.0]
    assert dedup(rows, method="fuzzy", threshold=0.95).dropped.height == 0
    edited = problems(long, long.replace("apples and", "apples  and"))
    assert dedup(edited, method="fuzzy", threshold=0.95).dropped.height == 1


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(
            (f"{MARKET.format(3, 5)} How many?", "How many?"), id="short by chance"
        ),
        pytest.param(  # all trigrams of the second are in the first
            ("a b c d e f g h x c d e f g h i j k l m", "a b c d e f g h i j k l m"),
            id="not side by side",
        ),
    ],
)
def test_a_text_is_inside_another_as_a_whole_or_not_at_all(texts: tuple[str, str]):
    assert dedup(problems(*texts), method="substring").dropped.height == 0


def test_the_table_shows_near_pairs_that_both_stay():
    near, sibling = MARKET.format(3, 5) + " Tell us.", MARKET.format(4, 5)
    rows = problems(MARKET.format(3, 5), near, sibling, answer=["8", "8", "9"])
    (pair,) = dedup(rows, threshold=0.6).tables["saved"].to_dicts()

    # Of 15 trigrams each, the three with the first number differ: 12 / 18.
    assert pair.pop("similarity") == pytest.approx(12 / 18, abs=1e-4)
    assert pair == {
        "id": "test/00002",
        "other": "test/00000",
        "problem": sibling,
        "other_problem": MARKET.format(3, 5),
        "answer": "9",
        "other_answer": "8",
    }


@pytest.mark.parametrize("method", ["jaccard", "substring"])
def test_new_rows_are_compared_with_an_earlier_release(method: str):
    copied, twice = (
        MARKET.format(3, 5),
        "Find all primes below the sum of two threes.",
    )
    release = problems(copied, twice, twice, id=["old/0", "old/1", "old/2"])
    release = release.select("id", "problem", "answer")
    rows = problems(copied + " Tell us.", twice, "What is 2+2?", "what is 2+2")
    outcome = apply(lambda rows: judge(rows, Params(method=method), release), rows)

    dropped = dict(outcome.dropped.select("id", "twin").rows())
    assert dropped.pop("test/00000") == "old/0"
    assert dropped.pop("test/00001") == "old/1"
    assert dropped == ({"test/00003": "test/00002"} if method == "jaccard" else {})
    assert outcome.kept.columns == [*rows.columns, "family", "other_answers"]

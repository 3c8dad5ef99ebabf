"""The compiled kernels say what plain Python says."""

from itertools import chain, combinations, pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.ngrams import exact_pairs, extract_ngrams, lsh_pairs, ratio_pairs
from pipeline.kernels import (
    hash_table,
    item_overlap,
    minhash,
    reference,
    relations,
    set_join,
    shingles,
)
from pipeline.kernels import published_ngrams as words
from pipeline.kernels import word_tokens as tokens
from pipeline.kernels.latex_tokens import tokenise
from pipeline.kernels.shards import split_shards, text_bytes

WORDS = st.lists(
    st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"]), max_size=14
).map(" ".join)
KNOWN = st.text(alphabet="abAB01 .,-+$\\{}^_×÷é–“”²中文字\n\t!'", max_size=60)
MESSY = KNOWN | st.text(max_size=20)


def sets_of(texts: list[str], n: int) -> list[set]:
    return [set(reference.shingles(text, n)) for text in texts]


def rows(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int32)


@given(texts=st.lists(MESSY, min_size=1, max_size=6), n=st.integers(1, 4))
@settings(max_examples=150, deadline=None)
@pytest.mark.parametrize("letters", [False, True])
def test_ngrams_are_those_of_plain_python(texts: list[str], n: int, letters: bool):
    unit = tokens.LETTERS if letters else tokens.WORDS
    made = extract_ngrams(pl.Series(texts), n=n, unit=unit)
    counts = np.diff(made.ends).tolist()
    theirs = [reference.shingles(text, n, letters=letters) for text in texts]

    # Letters outside the planes that mathematics uses are read a little otherwise.
    known = [
        all(ord(c) < 0x2C00 or 0x3041 <= ord(c) <= 0x9FFF for c in t) for t in texts
    ]
    assert [c for c, k in zip(counts, known, strict=True) if k] == [
        len(t) for t, k in zip(theirs, known, strict=True) if k
    ]


LONG = st.text(alphabet="abAB09 .中é×", max_size=90) | st.sampled_from(
    ["a" * 16, "7" * 32, "ab" * 40, "x" * 8, "x" * 9, "12345678" * 2 + " y"]
)


@given(st.lists(LONG | KNOWN, min_size=1, max_size=8), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_one_ngram_has_one_hash_in_every_text(texts: list[str], n: int):
    # A text is read otherwise when it has characters beyond ASCII.
    texts = [text for base in texts for text in (base, f"{base} é", f"中 {base}")]
    made = extract_ngrams(pl.Series(texts), n=n)
    ours = [made.hashes[a:b].tolist() for a, b in pairwise(made.ends)]
    theirs = [reference.shingles(text, n) for text in texts]

    assert [len(row) for row in ours] == [len(row) for row in theirs]
    flat = set(zip(chain(*ours), chain(*theirs), strict=True))
    assert len(flat) == len(dict(flat)) == len({gram for _, gram in flat})


def test_ngrams_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch):
    texts = pl.Series(
        [f"row {i} has {i % 7} words and {i * i} more" for i in range(99)]
    )
    monkeypatch.setattr("pipeline.kernels.shards.SHARD", 8)
    made = []
    for workers in ("1", "2", "5", "64"):
        monkeypatch.setenv("PIPELINE_WORKERS", workers)
        made.append(extract_ngrams(texts, n=2))

    for one in made[1:]:
        assert one.hashes.tolist() == made[0].hashes.tolist()
        assert one.ends.tolist() == made[0].ends.tolist()
        assert one.prints.tolist() == made[0].prints.tolist()


def test_words_of_the_published_rules_keep_long_runs():
    texts = pl.Series(["0" * 16, "a" * 32, "12345678" * 4])
    _, ends = words.word_ngrams(*text_bytes(texts), 1, words.WORDS)

    assert np.diff(ends).tolist() == [1, 1, 1]


SPACED = st.text(
    alphabet=" \t\n\x00\x1b\x1cabYZ[@`{é×ÉΩЖ\x85\xa0\u1680\u2003\u2028\u202f\u205f"
    "\u3000\u3001😀𐐀",
    max_size=40,
)


@given(st.lists(SPACED | MESSY, min_size=1, max_size=6), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_words_at_white_space_are_those_of_python(texts: list[str], n: int):
    # U+1680 is the one space that no text of mathematics has.
    texts = [text.replace("\u1680", " ") for text in texts]
    made, ends = words.word_ngrams(
        *words.lowercase_bytes(pl.Series(texts)), n, words.WHITESPACE
    )
    ours = [made[a:b].tolist() for a, b in pairwise(ends)]
    split = [text.lower().split() for text in texts]
    theirs = [[tuple(s[i : i + n]) for i in range(len(s) - n + 1)] for s in split]

    assert [len(row) for row in ours] == [len(row) for row in theirs]
    # One number for one n-gram, and one n-gram for one number.
    flat = list(zip(chain(*ours), chain(*theirs), strict=True))
    assert len(set(flat)) == len(dict(flat)) == len({gram for _, gram in flat})


@given(st.lists(SPACED, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_capitals_beyond_ascii_are_seen(texts: list[str]):
    seen = words.has_capitals(*text_bytes(pl.Series(texts)), words.CAPITAL).tolist()

    assert seen == [
        any(not c.isascii() and c.lower() != c for c in text) for text in texts
    ]


@given(st.lists(WORDS, min_size=2, max_size=8), st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_jaccard_is_that_of_the_sets(texts: list[str], n: int):
    made = extract_ngrams(pl.Series(texts), n=n)
    hashes, ends = made.sets(rows(len(texts)))
    sets = sets_of(texts, n)
    pairs = np.array(list(combinations(range(len(texts)), 2)), np.int32)

    ours = shingles.jaccard_sorted(hashes, ends, pairs[:, 0], pairs[:, 1], 0.0)
    theirs = [reference.jaccard(sets[i], sets[j]) for i, j in pairs]
    assert ours.tolist() == pytest.approx(theirs)
    unsorted = shingles.jaccard_unsorted(
        made.hashes,
        made.ends,
        pairs[:, 0],
        pairs[:, 1],
        0.01,
        np.full(len(texts), -1, np.int32),
    )
    assert unsorted.tolist() == pytest.approx(theirs)


@given(st.lists(WORDS, min_size=2, max_size=8))
@settings(max_examples=50, deadline=None)
def test_prints_are_equal_for_equal_bags(texts: list[str]):
    prints = extract_ngrams(pl.Series(texts), n=2).prints
    bags = [sorted(reference.shingles(text, 2)) for text in texts]

    for i, j in combinations(range(len(texts)), 2):
        assert (prints[i] == prints[j]) == (bags[i] == bags[j])


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=40), st.integers(1, 9))
@settings(max_examples=50, deadline=None)
def test_signatures_are_those_of_datasketch(hashes: list[int], seed: int):
    from datasketch import MinHash

    theirs = MinHash(num_perm=64, seed=seed, hashfunc=lambda x: x, scheme="affine32")
    theirs.update_batch(hashes)
    plan = minhash.plan_bands(0.8, 64, seed)
    values = np.array(hashes, np.uint32)

    ours = minhash.signatures(values, np.array([0, len(values)]), plan.permutations)
    assert ours[0].tolist() == theirs.hashvalues.tolist()
    assert reference.signature(values, plan.permutations).tolist() == ours[0].tolist()


def edited_texts() -> list[str]:
    random = np.random.default_rng(0)
    words = [f"w{i}" for i in range(60)]
    texts = []
    for _ in range(80):
        base = random.choice(words, size=int(random.integers(8, 50)))
        for _ in range(4):
            swap = random.random(len(base)) < 0.03
            texts.append(
                " ".join(np.where(swap, random.choice(words, len(base)), base))
            )
    return texts


@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.8, 0.95])
def test_the_join_finds_what_brute_force_finds(threshold: float):
    texts = edited_texts()
    sets = sets_of(texts, 3)
    truth = {
        (i, j): reference.jaccard(sets[i], sets[j])
        for i, j in combinations(range(len(sets)), 2)
        if reference.jaccard(sets[i], sets[j]) >= threshold
    }

    found = exact_pairs(
        extract_ngrams(pl.Series(texts), n=3), rows(len(texts)), threshold
    )
    pairs = zip(found.first.tolist(), found.second.tolist(), strict=True)
    assert dict(zip(pairs, found.score, strict=True)) == pytest.approx(truth)
    assert len(truth) > 50


@pytest.mark.parametrize("threshold", [0.7, 0.8])
def test_minhash_finds_nearly_all_and_nothing_else(threshold: float):
    texts = edited_texts()
    made = extract_ngrams(pl.Series(texts), n=3)
    truth = exact_pairs(made, rows(len(texts)), threshold)
    plan = minhash.plan_bands(threshold, 64, 1)
    found = lsh_pairs(made, rows(len(texts)), plan, threshold, None)

    wanted = set(zip(truth.first.tolist(), truth.second.tolist(), strict=True))
    got = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert got <= wanted, "every pair is verified"
    assert len(got) >= 0.98 * len(wanted)


def test_a_crowd_in_one_bucket_loses_no_copy():
    # 500 rows of one template fall into the same buckets; each has one copy.
    long = " ".join(f"word{i}" for i in range(80))
    texts = [f"{long} and {i} apples" for i in range(500)] * 2
    made = extract_ngrams(pl.Series(texts), n=3)
    code = np.array([i % 500 + 1 for i in range(1000)], np.uint64)
    found = lsh_pairs(
        made, rows(1000), minhash.plan_bands(0.8, 64, 1), 0.8, lambda rows: code[rows]
    )

    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert {(i, i + 500) for i in range(500)} <= pairs
    assert len(pairs) < 1000 * 80, "the crowd is not compared all with all"


@pytest.mark.parametrize("threshold", [0.5, 0.8, 1.0])
def test_containment_finds_what_brute_force_finds(threshold: float):
    texts = edited_texts()[:120]
    texts += [f"before {text} behind it" for text in texts[:40]]
    sets = sets_of(texts, 3)
    made = extract_ngrams(pl.Series(texts), n=3)
    hashes, ends = made.sets(rows(len(texts)))
    ranks, distinct = set_join.rank_by_rarity(hashes, ends)
    small, large, share = set_join.containment_join(ranks, ends, distinct, threshold, 4)

    truth = {
        frozenset((i, j))
        for i, j in combinations(range(len(sets)), 2)
        if min(len(sets[i]), len(sets[j])) >= 4
        and len(sets[i] & sets[j]) / min(len(sets[i]), len(sets[j])) >= threshold
    }
    found = {
        frozenset(pair) for pair in zip(small.tolist(), large.tolist(), strict=True)
    }
    assert found == truth
    assert share.min() >= threshold


def test_ratios_are_those_of_rapidfuzz():
    from rapidfuzz import fuzz

    texts = [*edited_texts()[:100], "3+5-2+7-1+4", "3+5-2+7-1+6", "3+5-2+7-1+4!"]
    texts += [
        "Find the sum of all x.",
        "Find the sum of all y.",
        "Find  the sum of all x",
    ]
    truth = {
        (i, j)
        for i, j in combinations(range(len(texts)), 2)
        if fuzz.ratio(texts[i], texts[j]) >= 90
    }

    found = ratio_pairs(texts, 0.9)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert pairs <= truth
    assert len(pairs) >= 0.97 * len(truth)
    assert len(truth) > 20


@given(st.lists(MESSY, max_size=8))
@settings(max_examples=60, deadline=None)
def test_shards_hold_every_text_once(texts: list[str]):
    series = pl.Series(texts, dtype=pl.String)

    assert [t for part in split_shards(series) for t in part] == texts
    data, ends = text_bytes(series)
    raw = data.tobytes()
    spans = pairwise(ends)
    assert [raw[a:b].decode() for a, b in spans] == texts


def same(left: str, right: str) -> bool:
    tokens = tokenise(pl.Series([left, right]))
    one, other = relations.quantity_hash(
        tokens.codes, tokens.kinds, tokens.ends, True, False
    )
    return bool(one == other)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(r"$\frac{1}{2}$", "1/2", id="fraction"),
        pytest.param(r"\dfrac12", r"\tfrac{1}{2}", id="bare fraction"),
        pytest.param(r"\frac{\frac{1}{2}}{x^{2}}", "(1/2)/x²", id="nested fraction"),
        pytest.param(r"\frac{-b}{2a}", "-b/2a", id="signs in fractions"),
        pytest.param("twenty-five apples", "25 Apples", id="number words"),
        pytest.param(r"1,234 and 1{,}234", r"1234 and 1\,234", id="thousands"),
        pytest.param(r"4,\!989,\!600", "4989600", id="thousands with space"),
        pytest.param("x ≤ 3 − 4×5", r"x\leq 3-4\times5", id="signs"),
        pytest.param(r"90^\circ", "90 degrees", id="degrees"),
        pytest.param(r"\left( x+1 \right)", "(x + 1)", id="left right"),
        pytest.param("α + π", r"\alpha+\pi", id="Greek"),
        pytest.param("“Find” it…", '"find" it...', id="quotes"),
        pytest.param("Ｆｉｎｄ １２", "find 12", id="full width"),
        pytest.param("5 cm", "5 centimeters", id="units"),
        pytest.param("$a-b$", "$a - b$", id="difference"),
        pytest.param("a well-known fact", "a well known fact", id="hyphen"),
        pytest.param("It costs $40! How?", "It costs $40. How?", id="exclamation"),
        pytest.param("x**2 >= 4", "x^2 ≥ 4", id="code"),
        pytest.param(r"\log_264", r"\log_2 64", id="subscript"),
        pytest.param("50%", "50 percent", id="percent"),
        pytest.param("e\u0301t\u00e9", "\u00e9t\u00e9", id="composition"),
        pytest.param(r"\text{cm}^2", "cm²", id="text"),
        pytest.param("x_{1}", "x_1", id="braces"),
        pytest.param(".5", "0.5", id="leading zero"),
    ],
)
def test_layout_leaves_no_trace(left: str, right: str):
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("3 - 4", "3 + 4", id="operator"),
        pytest.param("x < 3", "x ≤ 3", id="relation"),
        pytest.param("0.5", "5", id="decimal"),
        pytest.param("x²", "x2", id="power"),
        pytest.param("5! = n", "5 = n", id="factorial"),
        pytest.param("f'(x)", "f(x)", id="derivative"),
        pytest.param("12, 34", "1234", id="list"),
        pytest.param("1, 200", "1200", id="list of thousands"),
        pytest.param(r"\frac{12}{3}", r"\frac{1}{23}", id="fraction"),
        pytest.param("twenty five", "twenty four", id="number words"),
        pytest.param(r"\sin x", r"\cos x", id="function"),
        pytest.param("3:4", "3,4", id="ratio"),
        pytest.param("$-5$", "$5$", id="minus"),
    ],
)
def test_meaning_does(left: str, right: str):
    assert not same(left, right)


@given(MESSY)
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_scanned_and_places_are_in_it(text: str):
    from pipeline.kernels.latex_vocabulary import plain_text

    tokens = tokenise(pl.Series([text, "x"]), spans=True)
    size = len(plain_text(pl.Series([text]))[0].encode())

    mine = slice(0, tokens.ends[1])
    assert (tokens.starts[mine] >= 0).all()
    assert (tokens.stops[mine] <= size).all()
    assert (tokens.starts[mine] <= tokens.stops[mine]).all()
    assert tokens.ends[2] == tokens.ends[1] + 1
    assert tokenise(pl.Series([text])).codes.tolist() == tokens.codes[mine].tolist()


@given(st.lists(st.integers(1, 2**64 - 1), unique=True, max_size=200))
@settings(max_examples=50, deadline=None)
def test_a_lookup_finds_what_is_in_it_and_nothing_else(keys: list[int]):
    known = hash_table.build_table(np.array(keys, np.uint64))

    assert [hash_table.find(known, np.uint64(key)) for key in keys] == [
        *range(len(keys))
    ]
    for key in {1, 2, 3, 2**63} - set(keys):
        assert hash_table.find(known, np.uint64(key)) == -1


def test_candidates_weigh_the_share_of_an_item():
    # Item 0 holds n-grams 0 and 1, item 1 holds 1 and 2; weights 1, 2, 5.
    holders, stops = np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 3, 4])
    weights, totals = np.array([1.0, 2.0, 5.0]), np.array([3.0, 7.0])
    found, ends = np.array([1, 1, 2], np.int32), np.array([0, 2, 3])
    row, item, share = item_overlap.find_candidates(
        found, ends, holders, stops, weights, totals, 0.3
    )

    # Row 0 has n-gram 1 (twice, counted once): 2/3 of item 0, 2/7 of item 1.
    assert list(zip(row.tolist(), item.tolist(), strict=True)) == [(0, 0), (1, 1)]
    assert share.tolist() == pytest.approx([2 / 3, 5 / 7])


FRAGMENTS = [
    "Tom has", "3 apples", "three apples", "twenty five", "twenty-five", "$x < 4$",
    r"$\\frac{1}{2}$", r"\\frac{a + 3}{b + 7}", "and 1,200 more", "x - 2", "x -2", "5%",
    "THREE", "three  apples", r"a \Rightarrow b", r"a \rightarrow b",
    "90°", r"90^\\circ", "x²", "today.", "Is it\nso?", "f(x) = 2",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=8),
    st.lists(st.sampled_from(FRAGMENTS), max_size=3),
    st.integers(0, 8),
    st.integers(0, 3),
)
@settings(max_examples=300, deadline=None)
def test_reading_where_texts_differ_is_reading_them_whole(base, put, place, cut):
    from pipeline.dedup.same_problem import compare_texts, hash_quantities

    edited = [*base[:place], *put, *base[place + cut :]]
    texts = pl.Series([" ".join(base), " ".join(edited)])
    one, other = hash_quantities(texts)

    found, _, _ = compare_texts(
        texts, np.array([0]), np.array([1]), *[np.array([False])] * 2
    )
    assert bool(found[0]) == bool(one == other)

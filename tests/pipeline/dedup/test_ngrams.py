"""Ratios of near copies, by their bigrams."""

from itertools import combinations

from pipeline.dedup.ngrams import ratio_pairs
from tests.support.texts import edited_texts


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

    matches = ratio_pairs(texts, 0.9)
    pairs = set(zip(matches.first.tolist(), matches.second.tolist(), strict=True))
    assert pairs <= truth
    assert len(pairs) >= 0.97 * len(truth)
    assert len(truth) > 20

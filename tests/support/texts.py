"""Texts for tests of n-grams and pairs, and what plain Python makes of them."""

import numpy as np
from hypothesis import strategies as st

from tests.support import reference

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=14).map(" ".join)
KNOWN = st.text(alphabet="abAB01 .,-+$\\{}^_×÷é–“”²中文字\n\t!'", max_size=60)
MESSY = KNOWN | st.text(max_size=20)


def ngram_sets(texts: list[str], n: int) -> list[set]:
    return [set(reference.shingles(text, n)) for text in texts]


def row_numbers(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int32)


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

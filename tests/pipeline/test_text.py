"""What identifies a text says what it says, however it is spaced or composed."""

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.text import VISIBLE, as_text, fingerprint
from tests.support.texts import MESSY


@given(st.lists(MESSY | st.text(alphabet="ae \t\u0301\xa0\x1cé²"), max_size=8))
@example(["a", " a", "a ", "a  a", "a\ta", "", " ", "e\u0301", "\xa0a", "a\x1ca"])
@settings(max_examples=60, deadline=None)
def test_a_text_has_the_key_of_its_composed_and_collapsed_form(texts: list[str]):
    rows = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    text = pl.col("text")
    settled = text.str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars()

    keys = rows.select(fingerprint(text)).to_series()

    assert keys.equals(rows.select(fingerprint(settled)).to_series())
    assert keys.n_unique() == rows.select(settled)["text"].n_unique()


def test_a_text_that_cannot_be_seen_is_no_text_in_tables_as_in_rows():
    unseen = ["", " ", "\n\t", "\0", "\u200b\u200b", "\ufeff", "\u2028", "\xa0\xad"]
    seen = ["x", "\u200bx", " .", "\u0661", "\u4e00", "\u0301"]
    table = pl.DataFrame({"text": unseen + seen})

    found = table.select(pl.col("text").str.contains(VISIBLE)).to_series().to_list()

    assert found == [False] * len(unseen) + [True] * len(seen)
    assert [as_text(text) is not None for text in unseen + seen] == found

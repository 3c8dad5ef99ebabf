"""What identifies a text says what it says, however it is spaced or composed."""

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.text import fingerprint
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

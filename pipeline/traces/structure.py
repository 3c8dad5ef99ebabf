"""How a trace is built: thinking tags, boxes and blocks of code.

`thinking` says what the tags are worth: `well_formed` (one family, opened first and
closed once), `prefilled` (closed once and never opened: the chat template did),
`unclosed`, `broken` (any other order or number), or `none`. Boxes and blocks of code
count where they stand behind the thinking; code inside it has a column of its own.
"""

import polars as pl

from pipeline.thinking import THOUGHTS
from pipeline.traces.parsing import find_parsable

STRUCTURE = pl.Schema(
    {
        "thinking": pl.String(),
        "tags": pl.String(),
        "n_boxes": pl.UInt32(),
        "n_code_blocks": pl.UInt32(),
        "code_in_thinking": pl.Boolean(),
        "code_parses": pl.Boolean(),
        "longest_paragraph": pl.UInt32(),
    }
)
BOX = "\\boxed"
OPEN = {opening: family for (opening, _), family in THOUGHTS.items()}
CLOSE = {closing: family for (_, closing), family in THOUGHTS.items()}
FENCE = r"(?m)^[ \t]*```"
PYTHON = r"(?si)^[ \t]*```[ \t]*(?:py|python3?)?[ \t]*\n(.*?)[ \t]*```[ \t]*$"
BLOCK = r"(?ms)^[ \t]*```[^\n`]*\n.*?^[ \t]*```[ \t]*$"


def measure_structure(texts: pl.Series) -> pl.DataFrame:
    """STRUCTURE of each text."""
    marks = find_marks(texts)
    rows = marks.group_by("row", maintain_order=True).agg(
        thinking=_thinking(),
        tags=pl.col("family").drop_nulls().first(),
        n_boxes=(_is_behind() & (pl.col("mark") == BOX)).sum().cast(pl.UInt32),
        end=_end(),
    )
    table = pl.DataFrame({"text": texts.fill_null("")}).with_row_index("row")
    table = table.join(rows, on="row", how="left", maintain_order="left")
    table = table.with_columns(
        thinking=pl.col("thinking").fill_null("none"),
        n_boxes=pl.col("n_boxes").fill_null(0),
        end=pl.col("end").fill_null(0),
    )
    table = _count_code(table)
    blocks = table["last_block"]
    parses = find_parsable(blocks)
    paragraphs = pl.col("text").str.split("\n\n")
    longest = paragraphs.list.eval(pl.element().str.len_chars()).list.max()
    table = table.with_columns(code_parses=parses, longest_paragraph=longest)
    return table.select(STRUCTURE.names())


def find_marks(texts: pl.Series) -> pl.DataFrame:
    """(row, at, mark, blank, family, opens) of each tag and box, in order.

    `at` is in bytes, and so is the white space that the text begins with, `blank`.
    `family` is that of a tag of thinking, null for a box; `opens` says which tag.
    """
    patterns = [*OPEN, *CLOSE, BOX]
    table = pl.DataFrame({"text": texts.fill_null("")}).with_row_index("row")
    text = pl.col("text")
    positions = text.str.find_many(patterns, leftmost=True)
    spelled = text.str.extract_many(patterns, leftmost=True)
    blank = text.str.len_bytes() - text.str.strip_chars_start().str.len_bytes()
    marks = table.select("row", at=positions, mark=spelled, blank=blank)
    marks = marks.filter(pl.col("at").list.len() > 0).explode("at", "mark")
    family = pl.col("mark").replace_strict(OPEN | CLOSE, default=None)
    opens = pl.col("mark").is_in(list(OPEN))
    return marks.with_columns(
        family=family.cast(pl.String), opens=pl.when(family.is_not_null()).then(opens)
    )


def _thinking() -> pl.Expr:
    """What the tags of one text are worth, in the order in which they stand."""
    begins = pl.col("at").first() == pl.col("blank").first()
    tags = pl.col("family").is_not_null()
    opens = pl.col("opens").filter(tags)
    n_opens, n_closes = opens.sum(), (~opens).sum()
    is_single = pl.col("family").drop_nulls().n_unique() == 1
    opens_first = opens.first().fill_null(value=False) & begins
    once = is_single & (n_opens <= 1) & (n_closes == 1)
    return (
        pl.when(~tags.any())
        .then(pl.lit("none"))
        .when(once & opens_first)
        .then(pl.lit("well_formed"))
        .when(once & (n_opens == 0))
        .then(pl.lit("prefilled"))
        .when(is_single & (n_opens == 1) & (n_closes == 0))
        .then(pl.lit("unclosed"))
        .otherwise(pl.lit("broken"))
    )


def _end() -> pl.Expr:
    """Where the thinking ends: behind its last tag; never where it is unclosed."""
    behind = pl.col("at") + pl.col("mark").str.len_bytes()
    closes = behind.filter(~pl.col("opens")).max()
    is_open = pl.col("opens").any() & closes.is_null()
    return pl.when(is_open).then(pl.lit(2**32 - 1)).otherwise(closes.fill_null(0))


def _is_behind() -> pl.Expr:
    return pl.col("at") >= _end()


def _count_code(table: pl.DataFrame) -> pl.DataFrame:
    """`table` (row, text, end) with n_code_blocks, code_in_thinking and last_block.

    `last_block` is the last Python block, or one that names no language; null where
    the last block is in another language, or there is none.
    """
    fenced = table.filter(pl.col("text").str.contains("```", literal=True))
    text = pl.col("text").cast(pl.Binary)
    before = text.bin.slice(0, pl.col("end")).cast(pl.String)
    behind = text.bin.slice(pl.col("end")).cast(pl.String)
    counted = fenced.select(
        "row",
        code_in_thinking=before.str.contains(FENCE),
        _blocks=behind.str.extract_all(BLOCK),
    ).with_columns(n_code_blocks=pl.col("_blocks").list.len())
    last = pl.col("_blocks").list.last()
    source = last.str.extract(PYTHON)
    counted = counted.with_columns(last_block=source).drop("_blocks")
    table = table.join(counted, on="row", how="left", maintain_order="left")
    return table.with_columns(
        pl.col("n_code_blocks").fill_null(0),
        pl.col("code_in_thinking").fill_null(value=False),
    )

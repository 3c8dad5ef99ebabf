"""What the columns of each table are called, what they hold and what they mean.

From `collect` to `export` one rule holds: columns only grow, rows only shrink.
The meanings below are printed as the glossary of the data card.
"""

from typing import Any

import polars as pl

SOLUTION = pl.Struct(
    [
        pl.Field("text", pl.String),
        pl.Field("model", pl.String),
        pl.Field("correct", pl.Boolean),
    ]
)

# Who wrote a solution, where no model did: a human, or whom the source does not name.
# A generator's own solutions carry its name: they are right by construction.
HUMAN, UNNAMED = REFERENCE_AUTHORS = ("human", "source")

COLUMNS: dict[str, Any] = {
    "id": pl.String,
    "key": pl.String,
    "source": pl.String,
    "license": pl.String,
    "origin": pl.List(pl.String),
    "domain": pl.String,
    "problem": pl.String,
    "answer": pl.String,
    "verifier": pl.String,
    "verify_info": pl.String,
    "solutions": pl.List(SOLUTION),
    "meta": pl.String,
}
PROBLEM = pl.Schema(COLUMNS)

BENCHMARK = pl.Schema(
    {
        "id": pl.String,
        "key": pl.String,
        "benchmark": pl.String,
        "problem": pl.String,
        "answer": pl.String,
        "verifier": pl.String,
        "verify_info": pl.String,
    }
)

ROLLOUT = pl.Schema(
    {
        "id": pl.String,
        "key": pl.String,
        "sample": pl.Int32,
        "model": pl.String,
        "completion": pl.String,
        "n_tokens": pl.Int32,
        "finish_reason": pl.String,
        "seed": pl.Int64,
    }
)

GRADE = pl.Schema(
    {
        "id": pl.String,
        "sample": pl.Int32,
        "model": pl.String,
        "verifier": pl.String,
        "correct": pl.Boolean,
        "extracted": pl.String,
        "why": pl.String,
        "n_tokens": pl.Int32,
        "finish_reason": pl.String,
        "rule_correct": pl.Boolean,
        "judge_correct": pl.Boolean,
        "judge_why": pl.String,
    }
)

VERDICT = pl.Schema(
    {
        "reason": pl.String,
        "twin": pl.String,
        "score": pl.Float32,
        "evidence": pl.String,
    }
)

MEANING = {
    "id": "where it came from: <source>/<row of the source, from 00000>",
    "key": "what it says: blake2b-128 of the cleaned problem text, in hex",
    "source": "its entry under `collect` in the recipe",
    "license": "SPDX identifier of the source's licence",
    "origin": "the upstream datasets that the source names, most recent first",
    "domain": "math, code, science, puzzle or general",
    "problem": "the text shown to the model",
    "answer": "the gold answer, in the form its verifier reads",
    "verifier": "the file in pipeline/verifiers that judges answers",
    "verify_info": "JSON for the verifier: unit tests, choices, generator metadata",
    "solutions": "reference solutions: text, who wrote it, whether it was judged right",
    "meta": "JSON with what else the source says: level, type, recorded pass rates",
    "benchmark": "the evaluation set the item belongs to",
    "sample": "number of the sample within its problem, from 0",
    "model": "name@revision of the model that sampled the completion",
    "completion": "what the model wrote, as text or as messages",
    "n_tokens": "tokens in the completion, as the model's tokenizer counts",
    "finish_reason": "stop, length (cut at max_tokens) or prompt_too_long",
    "seed": "seed of the sample, derived from key and sample number",
    "correct": "true, false, or null where the verifier cannot decide",
    "extracted": "the final answer that the verifier read in the completion",
    "why": "the verifier's reason for its verdict",
    "vote": "what a sample votes for in maj@k: right, or other: and its answer",
    "rule_correct": "the verdict of the problem's own verifier, where it is a rule",
    "judge_correct": "the verdict of the model that was asked; it wins over the rule's",
    "judge_why": "the model's reason or why it has no verdict; null if not asked",
    "prompt": "messages to ask the model with: role and content",
    "messages": "a whole conversation: role and content",
    "pass_rate": "right samples over decided samples; null where there are none",
    "n_samples": "samples that were graded",
    "n_correct": "samples that were right",
    "n_undecided": "samples that the verifier could not decide",
    "rate_lo": "lower end of the 95% interval of the pass rate",
    "rates": "counts, rate, interval and mean lengths of each model",
    "p_inside": "chance that the rate is in the window, under the pool's own prior",
    "difficulty_quantile": "from 0, the problems that are solved most often",
    "difficulty_ratings": "how difficult a model judged the problem to be, each time",
    "difficulty_judged": "the mean of difficulty_ratings",
    "source_level": "the level that the source gives the problem, as a number",
    "learning_impact": "LIMR: how much a problem is learned in step with the pool",
    "rate_hi": "upper end of the 95% interval of the pass rate",
    "rate_from": "sampled, or imported:<field> of the source",
    "curriculum_rank": "rank in the order of lessons, 0 is the easiest",
    "level": "the source's own level of difficulty, as text",
    "key_suspect": "whether the samples speak against the gold answer",
    "references_agree": "whether a reference solution reaches the gold answer",
    "arbiter_sides_with": "who a model holds to be right: majority, key or neither",
    "answer_before": "the gold answer that a majority's answer replaced",
    "family": "id of the first problem of the same template with other numbers",
    "other_answers": "answers that dropped copies of the problem gave",
    "contamination": "what each method found in the row: item, level, score, spans",
    "overlap": "share of the closest benchmark item that the row holds",
    "overlap_item": "id of that item",
    "overlap_level": "exact, near, sibling (other numbers) or boilerplate",
    "leaking_traces": "places in traces of those that recite a benchmark item",
    "reason": "why the row was dropped; a stable snake_case name",
    "twin": "id of the row or benchmark item that speaks against it",
    "score": "how strongly: similarity, overlap or pass rate",
    "evidence": "JSON with what the stage saw: matched span, detail of an error",
}


def missing(table: pl.DataFrame, schema: pl.Schema) -> list[str]:
    """Columns of `schema` that `table` lacks or holds in another type."""
    return [name for name, dtype in schema.items() if table.schema.get(name) != dtype]


def conform(table: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """`table` with every column of `schema`, nulls where it had none, others kept."""
    absent = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
        if name not in table.columns
    ]
    typed = [pl.col(name).cast(dtype) for name, dtype in schema.items()]
    others = [pl.col(name) for name in table.columns if name not in schema]
    return table.with_columns(absent).select(*typed, *others)

"""What `--help` shows below the options: lines that can be typed as they are."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "init": (
        "goldsieve init my-set mine.jsonl",
        "goldsieve init my-set mine.csv --column problem=question",
    ),
    "check": ("goldsieve check",),
    "estimate": (
        "goldsieve estimate --price 2.50/h",
        "goldsieve estimate --tokens-per-s 12000 --price 0.60/M",
    ),
    "funnel": ("goldsieve funnel",),
    "view": (
        "goldsieve view",
        "goldsieve view out/",
        "goldsieve view answers.jsonl --port 0",
    ),
    "explain": ("goldsieve explain gsm8k/00042",),
    "sql": (
        'goldsieve sql "show tables"',
        'goldsieve sql "select stage, reason, count(*) n from dropped group by all"',
        "goldsieve sql \"from 'out/dropped.parquet' limit 3\" --format json",
    ),
    "lineage": ("goldsieve lineage --format csv",),
    "lengths": (
        "goldsieve lengths --out plots/",
        "goldsieve lengths old.jsonl new.jsonl --column trace=solution",
    ),
    "compare": (
        "goldsieve compare before/ .",
        "goldsieve compare org/name org/other --out difference/",
    ),
    "filter": (
        "goldsieve filter dedup_ngram mine.jsonl --set threshold=0.9 --out out/",
        "goldsieve filter decontaminate mine.parquet benchmark.jsonl --out out/",
    ),
    "score": ("goldsieve score pairs.jsonl --verifier math --out scored.jsonl",),
    "serve": ("goldsieve serve --host 0.0.0.0 --token-file token.txt",),
    "recipe": (
        "goldsieve recipe list",
        "goldsieve recipe use demo",
        "goldsieve recipe diff demo smollm2",
    ),
    "publish": (
        "goldsieve publish org/name --dry-run out/",
        "goldsieve publish org/name --public",
    ),
    "pull": ("goldsieve pull org/name --revision main",),
    "make": (
        "goldsieve make collect.gsm8k",
        "goldsieve make pool data/collect",
    ),
}


def below(command: str) -> str:
    r"""The examples of a command as Click shows them: \b keeps their lines apart."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in EXAMPLES[command])])

"""Words by what they are to a remark: those of `edge_words.toml` and `wording.toml`."""

import tomllib
from functools import cache
from typing import NamedTuple

from pipeline.dedup.number_words import ENGLISH, PARTS, SCALES, TIMES
from pipeline.dedup.quantities import UNITS
from pipeline.kernels.spelled_words import read_list

CUE = 6  # letters by which a cue is known: responding, explained
YOU = {"you", "your", "yours"}


class Lists(NamedTuple):
    """Words, small, by what they are to a remark."""

    says: set[str]
    cues: set[str]
    cue_stems: set[str]
    talk: set[str]
    asks: set[str]
    plain: set[str]
    english: set[str]
    numbers: set[str]
    turns: set[str]
    beginnings: tuple[str, ...]
    limits: set[str]
    orders: set[str]

    def turns_round(self, word: str) -> bool:
        """Whether `word` turns a problem round, or is a unit."""
        return word in self.turns or word.startswith(self.beginnings)


@cache
def remark_lists() -> Lists:
    """The words of all languages; what each is for, `remarks` says."""
    edges = tomllib.loads(read_list("edge_words.toml"))
    wording = tomllib.loads(read_list("wording.toml"))

    def words_of(*names: str) -> set[str]:
        listed = " ".join(" ".join(edges[name]) for name in names)
        return {*listed.replace("'", " ").split()}

    def words_in(*parts: str) -> set[str]:
        texts = [part for name in parts for part in wording[name].values()]
        flat = [" ".join(text) if isinstance(text, list) else text for text in texts]
        return {*" ".join(flat).split()}

    english = f"{wording['fillers']['en']} {wording['instructions']['en']}"
    turns = words_in("turns", "kinds") | {*UNITS} | {f"{unit}s" for unit in UNITS}
    return Lists(
        says=words_of("says", "cues", "pairs"),
        cues={cue for cue in words_of("cues") if len(cue) > 1},
        cue_stems={cue[:CUE] for cue in words_of("cues") if len(cue) > CUE},
        talk=words_of("talk"),
        asks=words_of("asks"),
        plain=words_in("fillers", "instructions", "soft", "pronouns"),
        english={word for word in english.split() if len(word) > 1} | YOU,
        numbers={*ENGLISH, *PARTS, *SCALES, *TIMES} - {"one"},
        turns=turns,
        beginnings=tuple(sorted(word[:-1] for word in turns if word.endswith("*"))),
        limits=words_in("limits"),
        orders=words_of("orders"),
    )

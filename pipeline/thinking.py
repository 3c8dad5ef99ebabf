"""How models mark what they think: the tags of the known families.

DeepSeek-R1 and most models since write <think>…</think> and then the answer, some of
them in <answer>…</answer>; OpenThoughts, Sky-T1 and Light-R1 mark a thought and a
solution; s1 opens its answer where its thinking ends. Where a chat template has opened
the thinking, a completion begins inside it and has the closing tag alone.
"""

from typing import NamedTuple


class Family(NamedTuple):
    """Tags around the thinking, and around the answer where it has some."""

    name: str
    open: str
    close: str
    answer_open: str = ""
    answer_close: str = ""


FAMILIES = (
    Family("think", "<think>", "</think>", "<answer>", "</answer>"),
    Family("thinking", "<thinking>", "</thinking>", "<answer>", "</answer>"),
    Family(
        "open_thoughts",
        "<|begin_of_thought|>",
        "<|end_of_thought|>",
        "<|begin_of_solution|>",
        "<|end_of_solution|>",
    ),
    Family("kimi", "◁think▷", "◁/think▷"),
    Family("magistral", "[THINK]", "[/THINK]"),
    Family("s1", "<|im_start|>think", "<|im_start|>answer"),
)

"""How models mark what they think: the tags of the known families.

DeepSeek-R1 and most models since write <think>…</think> and then the answer, some of
them in <answer>…</answer>; OpenThoughts, Sky-T1 and Bespoke-Stratos mark a thought and
a solution; s1 opens its answer where its thinking ends. Where a chat template has
opened the thinking, a completion begins inside it and has the closing tag alone.
"""

import re
from typing import Literal, NamedTuple

FamilyName = Literal[
    "think", "think_answer", "thinking", "open_thoughts", "kimi", "magistral", "s1"
]  # fmt: skip


class Family(NamedTuple):
    """What stands around the thinking, and around the answer where it is marked.

    White space at the tags is how the family sets them; they are read without.
    """

    open: str
    close: str
    answer_open: str = ""
    answer_close: str = ""


FAMILIES: dict[FamilyName, Family] = {
    "think": Family("<think>\n", "\n</think>\n\n"),
    "think_answer": Family("<think>\n", "\n</think>\n\n", "<answer>\n", "\n</answer>"),
    "thinking": Family("<thinking>\n", "\n</thinking>\n\n"),
    "open_thoughts": Family(
        "<|begin_of_thought|>\n\n",
        "\n\n<|end_of_thought|>\n\n",
        "<|begin_of_solution|>\n\n",
        "\n\n<|end_of_solution|>",
    ),
    "kimi": Family("◁think▷\n", "\n◁/think▷\n\n"),
    "magistral": Family("[THINK]", "[/THINK]"),
    "s1": Family("<|im_start|>think\n", "\n<|im_start|>answer\n"),
}
# The tags around the thinking and the family of each pair, the first that has it.
THOUGHTS = {
    (family.open.strip(), family.close.strip()): name
    for name, family in reversed(FAMILIES.items())
}
TURN = re.compile(r"<\|(?:im_start\|>(?:user|system)|im_end\||endoftext\||eot_id\|)")
ANSWERS = sorted(
    {
        (family.answer_open.strip(), family.answer_close.strip())
        for family in FAMILIES.values()
        if family.answer_open
    }
)


def strip_thinking(completion: str) -> str:
    """What follows the thinking; nothing where the thinking was cut off.

    A turn that the model invented after its own does not count either.
    """
    text = completion
    if "think" in text or "THINK]" in text or "<|" in text:
        left_open = []
        # All closings first: what one cuts off, the others need not search.
        for opening, closing in reversed(THOUGHTS):
            if (start := text.rfind(closing)) >= 0:
                text = text[start + len(closing) :]
            else:
                left_open.append(opening)
        if any(opening in text for opening in left_open):
            return ""
    if "<|" in text and (turn := TURN.search(text)):
        return text[: turn.start()]
    return text


def describe_lack(completion: str) -> str:
    """Why there is nothing in a completion to be an answer; "" where there is text."""
    if not completion.strip():
        return "the completion is empty"
    if strip_thinking(completion).strip():
        return ""
    is_closed = any(closing in completion for _, closing in THOUGHTS)
    return "nothing follows the thinking" if is_closed else "the thinking has no end"


def rewrite(text: str, target: Family) -> str:
    """`text` with its thinking and its answer marked as `target` does.

    As it is where it has no thinking, or where tags of thinking are missing, doubled
    or in the wrong order. What stands inside the tags stays, but for white space at
    its ends.
    """
    for opening, closing in THOUGHTS:
        before, closed, answer = text.partition(closing)
        if not closed or closing in answer or opening in answer:
            continue
        blank, _, thought = before.rpartition(opening)
        if blank.strip():
            continue
        marked = f"{target.open}{thought.strip()}{target.close}"
        return marked + _mark_answer(answer, target)
    return text


def _mark_answer(answer: str, target: Family) -> str:
    answer = answer.strip()
    for opening, closing in ANSWERS:
        if answer.startswith(opening) and answer.endswith(closing):
            answer = answer[len(opening) : len(answer) - len(closing)].strip()
    return target.answer_open + answer + target.answer_close

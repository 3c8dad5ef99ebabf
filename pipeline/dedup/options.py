"""Multiple choice with its options in another order: the same question.

The letter of the right option is then another one, and what it stands for the same. So
options are compared sorted and without their letters, and an answer by what it names.
"""

import re

OPTION = re.compile(r"(?:^|(?<=\s))[(\[]?([A-J])[).\]:]\s+")
LETTER = re.compile(r"\W*(?:\\text\{)?\W*([A-J])\b\W*")
SECOND_OPTION = r"(?:^|\s)[(\[]?B[).\]:]\s"  # is in a text with options


def sort_options(text: str, answer: str | None) -> tuple[str, str | None] | None:
    r"""The question with its options sorted, and what the answer stands for.

    None where the text has no options A, B and so on.

    >>> sort_options("Which is odd? (A) 2 (B) 4 (C) 1", "C")
    ('Which is odd? \n1\n2\n4', '1')
    """
    marks = list(OPTION.finditer(text))
    letters = "".join(mark[1] for mark in marks)
    if len(marks) < 2 or letters != "ABCDEFGHIJ"[: len(marks)]:
        return None
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    options = [
        text[mark.end() : end].strip().rstrip(".,;")
        for mark, end in zip(marks, ends, strict=True)
    ]
    if letter := LETTER.fullmatch(answer or ""):
        place = letters.find(letter[1])
        answer = options[place] if place >= 0 else answer
    return "\n".join([text[: marks[0].start()], *sorted(options)]), answer

"""Gold answers that a source stores as a list, in the form that the verifier reads.

A list of one is that one. Of several, either all together are the answer (the roots
of an equation) or each of them is right alone (spellings, Skywork-OR1). The adapter
knows which (`golds`), or the recipe (`set: {golds: any}`). The verifier of maths reads
"4, -4" as a set, in any order, and takes any of `verify_info.alternatives`.
"""

import re
from typing import Any

from pipeline.rows import read_json
from stages.sources._fields import Row, as_text

# A comma in a number would part it in two members of a set.
GROUPED = re.compile(r"\$?[-+]?\d{1,3}(,\d{3})+(\.\d+)?\$?")


def golds(row: Row, *names: str) -> str | list[str] | None:
    """The gold answer, or the list, under the first of `names` that holds one."""
    for value in (_parse(row.get(name)) for name in names):
        if answer := as_text(value):
            return answer
        if isinstance(value, list) and value:
            answers = [answer for each in value if (answer := as_text(each))]
            return answers if len(answers) == len(value) else None
    return None


def settle_golds(fields: Row, how: str) -> str | None:
    """Make one `answer` of a list, of `all` or `any`; why that cannot be, or None."""
    first, *others = answers = fields["answer"]
    fields["answer"] = first
    if not others:
        return None
    if fields["verifier"] not in ("math", None):  # without one, nothing is compared
        return f"answer: one expected for the verifier {fields['verifier']}: {answers}"
    if how == "all":
        fields["answer"] = ", ".join(map(_ungrouped, answers))
    else:
        more = {"alternatives": others}
        fields["verify_info"] = fields.get("verify_info", {}) | more
    return None


def _parse(value: Any) -> Any:
    """The list that a text is JSON of: of texts, since [1, 2] may be an interval."""
    is_list = isinstance(value, str) and value.startswith('["')
    return read_json(value, otherwise=value) if is_list else value


def _ungrouped(answer: str) -> str:
    return answer.replace(",", "") if GROUPED.fullmatch(answer) else answer

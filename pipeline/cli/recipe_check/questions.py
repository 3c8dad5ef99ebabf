"""How the scripted model answers a question: with values that fit its JSON Schema.

A problem is as it should be mostly: then most votes say so (true, the
first of several choices), else most say otherwise. A text that is asked for under the
name of a text that was shown is that text, said a little otherwise. Whoever judges
compares what he was shown.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

BLOCK = re.compile(r"<<(\w+) (\w+)>>\n(.*?)\n<<END \1 \2>>", re.S)
TOPICS = ("algebra", "number theory", "geometry", "combinatorics")
SOUND = 90  # percent of the problems


@dataclass(frozen=True)
class Question:
    """What was asked of which model; `guess` is its own answer to the problem.

    Of a benchmark's items nobody thinks ill: else no leak would come further.
    """

    prompt: str
    model: str
    seed: int | None
    guess: str | None
    is_item: bool

    @property
    def blocks(self) -> dict[str, str]:
        """The texts that were shown, by their names in lower case."""
        return {name.lower(): text for name, _, text in BLOCK.findall(self.prompt)}

    def answer(self, schema: dict[str, Any]) -> dict[str, Any]:
        """An object of the schema."""
        kinds, shown = schema["properties"], self.blocks
        answer = {name: self._value(name, kinds[name]) for name in kinds}
        if "verdict" in kinds and {"reference", "response"} <= shown.keys():
            is_right = shown["reference"] in shown["response"]
            answer["verdict"] = "correct" if is_right else "incorrect"
        return answer

    def _value(self, name: str, kind: dict[str, Any]) -> Any:
        if "enum" in kind:
            others = kind["enum"][1:]
            is_first = self._is_sound(name) or not others
            return (
                kind["enum"][0] if is_first else others[self._draw(len(others), name)]
            )
        if kind.get("type") == "boolean":
            return self._is_sound(name)
        if kind.get("type") in ("integer", "number"):
            low, high = kind.get("minimum", 0), kind.get("maximum", 10)
            return low + self._draw(int(high - low) + 1, name)
        return self._text(name)

    def _is_sound(self, name: str) -> bool:
        """What this vote says of the problem; one in ten is of another opinion."""
        sound = self.is_item or draw(100, "sound", name, self.prompt) < SOUND
        return sound if self._draw(10, "vote", name) else not sound

    def _text(self, name: str) -> str:
        if name == "answer":
            return self.guess or self.blocks.get(name, "0")
        if name in self.blocks:
            return f"{self.blocks[name]} Give the result."
        return TOPICS[self._draw(len(TOPICS), name)]

    def _draw(self, below: int, *of: Any) -> int:
        return draw(below, *of, self.prompt, self.model, self.seed)


def draw(below: int, *of: Any) -> int:
    """A number from 0 to `below` - 1, the same for the same things."""
    digest = blake2b(repr(of).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below

"""Runs the code of a notebook, cell by cell, as Jupyter would, without Jupyter.

    python -m tests.support.notebook docs/tour.ipynb          # is what it shows true?
    python -m tests.support.notebook docs/tour.ipynb --write  # record what it shows now

A cell shows what it prints, and the value of its last line where that is an expression.
"""

import ast
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def run_cell(source: str, names: dict[str, Any]) -> str:
    """What a cell of Python shows; `names` are those of the notebook."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            if value is not None:
                print(repr(value))
    return printed.getvalue()


def shown(cell: dict[str, Any]) -> str:
    """What a cell of a notebook's file shows."""
    return "".join("".join(output["text"]) for output in cell["outputs"])


def main(file: Path, *, write: bool) -> int:
    """Run all cells; 1 where one shows something else than the file says."""
    notebook = json.loads(file.read_text("utf-8"))
    names: dict[str, Any] = {"__name__": "notebook"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    differ = 0
    for number, cell in enumerate(cells, 1):
        text = run_cell("".join(cell["source"]), names)
        if text != shown(cell):
            differ += 1
            print(f"cell {number} shows\n{text}\nand not\n{shown(cell)}")
        stream = {"name": "stdout", "output_type": "stream"}
        lines = text.splitlines(keepends=True)
        cell |= {"execution_count": number}
        cell |= {"outputs": [stream | {"text": lines}] if text else []}
    if write:
        text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
        file.write_text(text + "\n", "utf-8")
    return int(bool(differ) and not write)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), write="--write" in sys.argv))

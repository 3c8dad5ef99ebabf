"""What the site needs beside the pages of docs/: two more pages, and links to them.

CONTRIBUTING.md stands at the root, where hosts of repositories look for it, and the
notebook becomes a page of Markdown with what its cells show. Both are written while the
site is built, and links to them are turned accordingly.
"""

import json
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
LINKS = {
    "](../CONTRIBUTING.md": "](CONTRIBUTING.md",
    "](../README.md": "](README.md",
    "](tour.ipynb": "](tour.md",
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put pages that the navigation does not name at its end."""
    named = {
        page for section in config.nav for pages in section.values() for page in pages
    }
    pages = sorted(file.name for file in Path(config.docs_dir).glob("*.md"))
    if more := [page for page in pages if page not in named]:
        config.nav.append({"More": more})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in docs/."""
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8").replace("](docs/", "](")
    notebook = json.loads((ROOT / "docs/tour.ipynb").read_text("utf-8"))
    pages = {"CONTRIBUTING.md": guide, "tour.md": read_notebook(notebook)}
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    files.remove(files.src_uris["tour.ipynb"])
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    for ours, theirs in LINKS.items():
        markdown = markdown.replace(ours, theirs)
    return markdown


def read_notebook(notebook: dict[str, Any]) -> str:
    """The cells as Markdown: texts as they are, code with what it shows below."""
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        # Code that holds a fence of its own needs a longer one.
        parts.append(f"````python\n{source}\n````")
        shown = "".join(line for output in cell["outputs"] for line in output["text"])
        if shown:
            parts.append(f"````text\n{shown}````")
    return "\n\n".join(parts) + "\n"

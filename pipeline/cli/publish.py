"""Write the data set as a repository of the Hub, and upload it.

The folder holds the card with its YAML head, the recipe and one folder of parquet per
config (pipeline/published). A config without rows is left out of the head, because
nothing can be loaded from it. New repositories are private unless --public is given.
The token comes from the environment (HF_TOKEN) alone.
"""

from pathlib import Path

from pipeline.machine import cache_folder
from pipeline.published import folder, hub


def publish(repo: str, *, dry_run: Path | None, public: bool) -> None:
    """Write the dataset repository, and upload it to the Hub unless --dry-run."""
    hub.check_name(repo)
    if dry_run is not None:
        folder.write(repo, dry_run)
        print(f"wrote {dry_run}; nothing was uploaded")
        return
    written = cache_folder("published") / repo.replace("/", "--")
    folder.write(repo, written)
    print(f"published {repo}: {hub.upload(repo, written, public=public)}")

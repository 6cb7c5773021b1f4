"""What a package index shows: the README, its links made absolute, for the index has none of the files beside it."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Readme(MetadataHookInterface):
    """Fills `readme`. Relative links lead to the Source URL of `[project.urls]`."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, metadata["urls"]["Source"])}


def absolute(text: str, base: str) -> str:
    """The text with every relative link of Markdown under base."""
    return re.sub(r"\]\((?![a-z][a-z+.-]*:|#)([^)\s]+)\)", rf"]({base.rstrip('/')}/\1)", text)

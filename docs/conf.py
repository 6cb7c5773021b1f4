"""The documentation site: Sphinx with MyST, built with warnings as errors (`make docs`)."""

import re

from sphinx.application import Sphinx

import aikido_llm

project = "aikido_llm"
author = "The aikido_llm authors"
copyright = "2026, the aikido_llm authors"
version = release = aikido_llm.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "examples/README.md"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]  # pages also link to files of the repository, which tests/test_docs.py checks

add_module_names = False  # everything public is imported from the package itself
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}

html_theme = "furo"
html_title = "aikido_llm"
html_static_path: list[str] = []


# Docstrings here are plain text: paragraphs, `code`, `name: what it is` lines with hanging indents, indented examples.
_FIELD = re.compile(r"^(\*{0,2}[a-z_]\w*(?:, \*{0,2}[a-z_]\w*)*):\s+(?=\S)")


def as_rst(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Turn one docstring, in place, into the markup that Sphinx reads."""
    out: list[str] = []
    state = ""  # "", "field" (inside a `name:` entry), "example" (inside an indented block)
    for number, line in enumerate(lines):
        field = _FIELD.match(line)
        drawn = line.strip()[:1] in ("├", "│", "└")
        if not line.strip():
            state = state if state == "example" else ""
            out.append("")
        elif field:
            if state != "field":
                out.append("")
            out.append(f"* **{escape(field[1])}**: {escape(line[field.end() :])}")
            state = "field"
        elif line.startswith(" ") and state == "field":
            out.append("  " + escape(line.strip()))
        elif drawn or (line.startswith("    ") and (state == "example" or not lines[number - 1].strip())):
            if state != "example":
                out += ["", "::", ""]
            out.append("    " + line)
            state = "example"
        else:
            if state:
                out.append("")
            out.append(escape(line.strip()))
            state = ""
    lines[:] = out


def escape(text: str) -> str:
    """Text without accidental markup; `code` stays code."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(
        f"`{part}`" if part.startswith("`") else re.sub(r"([\\*|]|(?<=\w)_(?!\w))", r"\\\1", part).replace("`", "\\`")
        for part in parts
    )


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", as_rst)

"""The documentation site: Sphinx with MyST, built with warnings as errors (`make docs`)."""

import re
import runpy
from pathlib import Path

from sphinx.application import Sphinx

import aikido_llm

project = "aikido_llm"
author = "The aikido_llm authors"
copyright = "2026, the aikido_llm authors"
version = release = aikido_llm.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_copybutton"]
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = False
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
html_static_path = ["_static"]
html_css_files = ["wide.css"]


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


# What only the library makes has no constructor to show.
_MADE_HERE = {
    "HTTPClient",
    "EventStream",
    "SyncHTTPClient",
    "SyncEventStream",
    "SyncIterator",
    "TypedStream",
    "ToolStream",
}
# Types of ours beside public ones in a union: whoever calls needs the public one.
_OWN = re.compile(r" \| (?:\w+\.)*(?:Secret|_Unset)\b|\b(?:\w+\.)*(?:Secret|_Unset) \| ")


def signature(
    app: Sphinx, what: str, name: str, obj: object, options: object, shown: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """A signature without names that nobody can import."""
    if what == "class" and (name.rpartition(".")[2] in _MADE_HERE or getattr(obj, "_is_protocol", False)):
        return "", None
    return shown and public(shown), returns and public(returns)


def skip(app: Sphinx, what: str, name: str, obj: object, default: bool, options: object) -> bool:
    """What only the library calls."""
    return default or name == "scrubbed"


def public(text: str) -> str:
    return re.sub(r"\b(?:\w+\.)*TextStream\b", "AsyncIterator[str]", _OWN.sub("", text))


def played(app: Sphinx, name: str, source: list[str]) -> None:
    """The plan of a large run is what the simulation finds now."""
    if name == "guides/clusters":
        source[0] = runpy.run_path(str(Path(__file__).parent / "generate_plan.py"))["filled"](source[0])


def setup(app: Sphinx) -> None:
    app.connect("source-read", played)
    app.connect("autodoc-process-docstring", as_rst)
    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-skip-member", skip)

"""Markdown on a terminal: rich draws it, and nothing is lost.

Each block is compared with its source when it is drawn; one that would lack a character is printed as its source.
"""

from collections.abc import Sequence
from typing import ClassVar

from markdown_it.token import Token
from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import ListElement, ListItem, Markdown, MarkdownElement, TableElement
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from .markdown import blocks, shows


class Document:
    """A Markdown text, to be printed by rich."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        apart = False
        for block in blocks(self._text):
            lines = console.render_lines(_Drawing(block.tokens), options, pad=False)
            if not shows("".join(part.text for line in lines for part in line), block.wanted):
                lines = console.render_lines(Text(block.source, overflow="fold"), options, pad=False)
            while lines and not any(part.text for part in lines[0]):  # rich's own space above an inner block
                del lines[0]
            if apart:
                yield Segment.line()
            for line in lines:
                yield from line
                yield Segment.line()
            apart = block.tokens[-1].type != "hr"


class _Item(ListItem):
    """number: as it was written, None in a list of dots."""

    number: int | None = None

    @classmethod
    def create(cls, markdown: Markdown, token: Token) -> "_Item":
        item = cls()
        item.number = int(token.info) if token.info else None
        return item


class _Items(ListElement):
    """A list, with the numbers that it came with."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        numbers = [item.number or 0 for item in self.items if isinstance(item, _Item)]
        for item in self.items:
            if isinstance(item, _Item) and item.number is not None:
                yield from item.render_number(console, options, item.number, max(numbers))
            else:
                yield from item.render_bullet(console, options)


class _Grid(TableElement):
    """A table where the terminal is wide enough for it, else its rows one below the other."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        head = (
            [] if self.header is None or self.header.row is None else [cell.content for cell in self.header.row.cells]
        )
        rows = [] if self.body is None else [[cell.content for cell in row.cells] for row in self.body.rows]
        table = Table(box=box.SIMPLE, pad_edge=False, style="markdown.table.border", collapse_padding=True)
        for title in head:
            shown = title.copy()
            shown.stylize("markdown.table.header")
            table.add_column(shown)
        for row in rows:
            table.add_row(*row)
        if Measurement.get(console, options.update(max_width=1_000_000), table).maximum <= options.max_width:
            yield table
            return
        bold = [Text.assemble(title, style="bold") for title in head]
        yield Text(" | ").join(bold)
        for row in rows:
            yield Text()
            for title, cell in zip(bold, row, strict=False):
                yield Text.assemble(title, ": ", cell)


class _Drawing(Markdown):
    """Blocks that are parsed. Addresses are shown, not hidden behind words; code takes the terminal's own colours."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "list_item_open": _Item,
        "bullet_list_open": _Items,
        "ordered_list_open": _Items,
        "table_open": _Grid,
    }

    def __init__(self, tokens: Sequence[Token]) -> None:  # rich's own makes a parser for each
        self.markup = ""
        self.parsed = list(tokens)
        self.code_theme = self.inline_code_theme = "ansi_dark"
        self.inline_code_lexer = self.justify = None
        self.style = "none"
        self.hyperlinks = False

"""Tables on stdout."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .render import safe

_WIDE = 500  # columns where no terminal is: what reads a pipe wants whole lines


def show(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Sequence[str] = ()) -> None:
    """Print a table, as wide as the terminal, or as it is in a pipe. columns: "" for all of them shows no head.
    right: the columns of numbers."""
    made = Table(box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    for name in columns:
        made.add_column(name, overflow="fold", justify="right" if name in right else "left")
    for row in rows:
        made.add_row(
            *(Text(safe(cell)) if isinstance(cell, str) else cell for cell in row)
        )  # a str would be read as markup
    console = Console()
    if console.is_terminal:
        console.print(made)
        return
    piped = Console(width=_WIDE)
    with piped.capture() as captured:
        piped.print(made)
    sys.stdout.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))

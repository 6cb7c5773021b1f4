"""Tables on stdout."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console, Group
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from .render import safe

_LEAST = 8  # cells of a column that is cut
_WIDE = 500  # columns where no terminal is: what reads a pipe wants whole lines


def show(
    columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Sequence[str] = (), cut: Sequence[str] = ()
) -> None:
    """Print a table, as wide as the terminal (a block a row where words would break), or as it is in a pipe.

    columns: "" for all of them shows no head. right: those of numbers. cut: those that a terminal shows the beginning
    of, so that a row is a line. A terminal is shown no column that is empty."""
    # a str would be read as markup
    cells = [[Text(safe(cell)) if isinstance(cell, str) else cell for cell in row] for row in rows]
    console = Console()
    if console.is_terminal:
        kept = [at for at in range(len(columns)) if not columns[at] or any(row[at].plain for row in cells)]
        columns, cells = [columns[at] for at in kept], [[row[at] for at in kept] for row in cells]
    made = Table(box=None, header_style="bold", pad_edge=False, show_header=any(columns))
    room = _room(columns, cells, cut, console.width) if console.is_terminal else None
    for name in columns:
        shorter = room if name in cut else None
        made.add_column(name, overflow="fold" if shorter is None else "ellipsis", no_wrap=shorter is not None,
                        max_width=shorter, justify="right" if name in right else "left")  # fmt: skip
    for row in cells:
        made.add_row(*row)
    if console.is_terminal:
        wide = Measurement.get(console, console.options.update(width=_WIDE), made).minimum
        narrow = not cut and wide > console.width
        console.print(_blocks(columns, cells) if narrow else made)
        return
    piped = Console(width=_WIDE)
    with piped.capture() as captured:
        piped.print(made)
    sys.stdout.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))


def _room(columns: Sequence[str], rows: Sequence[Sequence[Text]], cut: Sequence[str], width: int) -> int | None:
    """The cells that each of the columns that are cut may take, when the others are whole; None when none is cut."""
    whole = [at for at, name in enumerate(columns) if name not in cut]
    several = len(columns) - len(whole)
    if not several:
        return None
    taken = sum(max(len(columns[at]), *(row[at].cell_len for row in rows)) for at in whole)
    return max(_LEAST, (width - taken - 2 * (len(columns) - 1)) // several)


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> Group:
    """A block a row: its first cell, and under it whatever else it has."""
    lines: list[Text] = []
    for first, *others in rows:
        lines.append(Text.assemble((first.plain, "bold")))
        lines += [Text.assemble(f"  {f'{name}: ' if name else ''}", cell)
                  for name, cell in zip(columns[1:], others, strict=True) if cell.plain]  # fmt: skip
    return Group(*lines)

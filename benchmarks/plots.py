"""Rows -> SVG files, by matplotlib (the `bench` extra)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from .measure import Row

mpl.use("svg")
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "aikido", "font.size": 9, "axes.spines.right": False})
mpl.rcParams["axes.spines.top"] = False
_STYLES = ("ko--", "C0s-", "C1^-", "C2v-", "C3x-")


def draw(rows: Sequence[Row], folder: Path) -> None:
    """One file for each benchmark that has something to compare."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(row.benchmark for row in rows):
        ours = [row for row in rows if row.benchmark == name and row.who == "ours" and row.unit == "× floor"]
        if ours:
            _bars(
                f"{name}: CPU or lag, times the floor",
                [(row.case, row.value, row.spread) for row in ours],
                folder / f"{name}.svg",
                1.0,
            )
    peers = [row for row in rows if row.benchmark == "end_to_end" and row.unit == "× ours" and row.who != "socket"]
    if peers:
        bars = [(f"{row.who}: {row.case}", row.value, row.spread) for row in peers]
        _bars("events end to end: CPU of other libraries, times ours", bars, folder / "peers.svg", 1.0)
    imports = [row for row in rows if row.benchmark == "imports" and row.unit == "ms"]
    if imports:
        bars = [(row.case if row.who == "ours" else row.who, row.value, row.spread) for row in imports]
        _bars("start-up: CPU ms above bare Python", bars, folder / "imports.svg", 0.0)


def _bars(title: str, bars: Sequence[tuple[str, float, float]], file: Path, mark: float) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.8 + 0.24 * len(bars)))
    axes: Any = figure.add_subplot()
    names, values, spreads = zip(*bars, strict=True)
    places = range(len(bars), 0, -1)
    axes.barh(places, values, xerr=spreads, height=0.62, color="#3b6ea5", error_kw={"lw": 0.8, "ecolor": "#333333"})
    axes.set_yticks(list(places), names)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            f"{value:.2f}" if value < 10 else f"{value:.0f}",
            (value, place),
            (12, 0),
            textcoords="offset points",
            va="center",
        )
    if mark:
        axes.axvline(mark, color="#b03030", lw=1, ls="--")
    axes.margins(x=0.12)
    axes.set_title(title, loc="left")
    figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})


def curves(rates: dict[str, dict[str, float]], x: str, y: str, file: Path) -> None:
    """One line a name, over numbers that double."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6))
    axes: Any = figure.add_subplot()
    for (name, points), mark in zip(rates.items(), _STYLES, strict=False):
        axes.plot([int(at) for at in points], list(points.values()), mark, label=name, lw=1.4, ms=5)
    axes.set_xscale("log", base=2)
    ticks = sorted({int(at) for points in rates.values() for at in points})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    figure.savefig(file, format="svg", bbox_inches="tight", metadata={"Date": None})

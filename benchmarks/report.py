"""Rows -> a table on the terminal, and a JSON file."""

import importlib.metadata
import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import asdict

from . import measure


def heading(name: str, about: str) -> None:
    print(f"\n{name}: {about}", flush=True)


def show(row: measure.Row) -> None:
    goal = str(row.goal or "")
    details = "  ".join(f"{name} {_short(value)}" for name, value in row.details.items())
    spread = f"±{row.spread:.2f}" if row.spread else ""
    line = f"  {row.case:36}{row.who:17}{_short(row.value):>9} {row.unit:12}{spread:8}{goal:9}{row.verdict:6} {details}"
    print(line.rstrip(), flush=True)


def summary(rows: Sequence[measure.Row]) -> None:
    judged = [row for row in rows if row.goal is not None]
    short = [row for row in judged if row.verdict == "SHORT"]
    print(f"\n{len(judged) - len(short)} of {len(judged)} goals met")
    for row in short:
        print(f"  short: {row.benchmark}, {row.case}, {row.who}: {_short(row.value)} {row.unit}, goal {row.goal}")


def write(rows: Sequence[measure.Row], file: Path, peers: Sequence[str]) -> None:
    data = {"machine": machine(), "peers": {name: _version(name) for name in peers}, "rows": [*map(_plain, rows)]}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    names = ("aiohttp", "attrs", "msgspec", "pybase64", "cattrs", "anyio")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "versions": {name: importlib.metadata.version(name) for name in names},
    }


def _version(peer: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({measure.distribution_of(peer)!r}))"
    done = subprocess.run([measure.peer_python(peer), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _plain(row: measure.Row) -> Mapping[str, Any]:
    return {**asdict(row), "details": dict(row.details), "goal": str(row.goal or ""), "verdict": row.verdict}


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
    return str(value)

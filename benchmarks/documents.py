"""Whole documents without media: peak memory of the client, and its longest hold of the event loop.

Ordinary answers (prose, prose with wide characters, a call's arguments) and hostile ones (a short answer beside a list
of empty objects, of short texts, of numbers), each one body; and prose in one event of a stream. Every shape is read at
8 MiB on all wires; at 32 MiB all of them on one wire, prose and arguments on all.
"""

from collections.abc import Iterator

from .answers import DOCUMENTS, MIB, PROVIDERS, url_of
from .measure import OURS, Goal, Row, Setting, Worker, interleave, median, workers

_GROWN = ("prose", "arguments")
_ALL_GROWN = "openai_chat"


def run(setting: Setting) -> Iterator[Row]:
    for dialect in (_ALL_GROWN,) if setting.tiny else PROVIDERS:
        with workers(OURS) as running:
            for shape in DOCUMENTS:
                for mib in _sizes(setting, dialect, shape):
                    yield from _case(setting, running, dialect, shape, mib, stream=False)
            yield from _case(setting, running, dialect, "prose", setting.size(32, 1), stream=True)


def _sizes(setting: Setting, dialect: str, shape: str) -> tuple[int, ...]:
    if setting.tiny:
        return (1,)
    grown = not setting.quick and (dialect == _ALL_GROWN or shape in _GROWN)
    return (8, 32) if grown else (8,)


def _case(
    setting: Setting, running: dict[str, Worker], dialect: str, shape: str, mib: int, *, stream: bool
) -> Iterator[Row]:
    url = url_of(setting.root, dialect, f"{shape}{mib}", str(64 * 1024))
    job = {
        "verb": "document",
        "dialect": dialect,
        "provider": PROVIDERS[dialect],
        "url": url,
        "stream": stream,
        "size": mib * MIB,
    }
    runs = interleave(running, 2, job, warm=(shape, mib, stream) != (DOCUMENTS[0], 8, False))["ours"]
    case = f"{dialect} {'one event' if stream else 'body'}, {shape} of {mib} MiB"
    peak, spread = median([run["peak"] / run["size"] for run in runs])
    judged = mib >= 8 and shape != "wide"  # of a text with one wide character Python itself takes more
    held = {"held ms": min(run["stall"] for run in runs) * 1e3, "cpu ms": median([run["cpu"] * 1e3 for run in runs])[0]}
    yield Row("documents", case, "ours", peak, "× size", spread, Goal(4.0) if judged else None, held)

"""What stands around a client: what it costs beside the bare one."""

import sys
from collections.abc import Iterator

from .answers import PROVIDERS, url_of
from .measure import HERE, OURS, Goal, Row, Setting, Worker, interleave, median, ratios, workers

AROUND = ("around", sys.executable, HERE / "ours.py", "Around")

_DIALECT = "openai_chat"


def run(setting: Setting) -> Iterator[Row]:
    with workers(OURS, AROUND) as running:
        yield from _completes(setting, running)
        yield from _streams(setting, running)


def _completes(setting: Setting, running: dict[str, Worker]) -> Iterator[Row]:
    for at_once in (1, 64):
        job = {"verb": "complete", "dialect": _DIALECT, "provider": PROVIDERS[_DIALECT]}
        job["url"] = url_of(setting.root, _DIALECT, "text20")
        count = {"at_once": at_once, "count": setting.size(512, 64)}
        samples = interleave(running, setting.rounds(12), {**job, **count})
        value, spread = median(ratios(samples["around"], samples["ours"]))
        details = {who: median([run["cpu"] * 1e6 for run in runs])[0] for who, runs in samples.items()}
        yield Row(
            "middleware", f"a small complete, {at_once} at once", "ours", value, "× bare", spread, Goal(1.25), details
        )


def _streams(setting: Setting, running: dict[str, Worker]) -> Iterator[Row]:
    for shape, name in {"16384": "coalesced", "0": "one per write"}.items():
        count = setting.size(10_000, 200)
        job = {"verb": "stream", "dialect": _DIALECT, "provider": PROVIDERS[_DIALECT], "tools": False}
        job["url"] = url_of(setting.root, _DIALECT, f"text{count}", shape)
        samples = interleave(running, setting.rounds(12), job)
        value, spread = median(ratios(samples["around"], samples["ours"]))
        details = {f"{who} µs": median([run["cpu"] / count * 1e6 for run in runs])[0] for who, runs in samples.items()}
        yield Row("middleware", f"a stream, per event, {name}", "ours", value, "× bare", spread, Goal(1.02), details)

"""From the call to the first piece of text, on a kept connection: what building and sending a request costs. The server
writes one event at a time, as it would with tokens that have to be thought of."""

from collections.abc import Iterator

from .answers import PROVIDERS, url_of
from .measure import FLOOR, OURS, Goal, Row, Setting, interleave, median, peer, ratios, workers


def run(setting: Setting) -> Iterator[Row]:
    with workers(OURS, FLOOR, *map(peer, setting.peers)) as running:
        for dialect in ("openai_chat", "anthropic_messages"):
            url = url_of(setting.root, dialect, "text20", "0")
            count = setting.size(100, 3)
            job = {"verb": "first", "dialect": dialect, "provider": PROVIDERS[dialect], "url": url, "count": count}
            samples = interleave(running, setting.rounds(12), job)
            ours, floor = samples.pop("ours"), samples.pop("floor")
            value, spread = median(ratios(ours, floor, "cpu"))
            details = {
                "cpu µs": median([run["cpu"] * 1e6 for run in ours])[0],
                "wall µs": median([run["wall"] * 1e6 for run in ours])[0],
                "floor wall µs": median([run["wall"] * 1e6 for run in floor])[0],
            }
            yield Row("first_event", dialect, "ours", value, "× floor", spread, Goal(1.15), details)
            for who, runs in samples.items():
                value, spread = median(ratios(runs, ours, "cpu"))
                wall = median([run["wall"] * 1e6 for run in runs])[0]
                yield Row("first_event", dialect, who, value, "× ours", spread, details={"wall µs": wall})

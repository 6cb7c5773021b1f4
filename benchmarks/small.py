"""A small complete: CPU per request, one after the other and 64 at once."""

from collections.abc import Iterator

from .answers import PROVIDERS, url_of
from .measure import FLOOR, OURS, Goal, Row, Setting, interleave, median, peer, ratios, workers

_GOALS = {"openai": 6.0}  # how many times what ours needs


def run(setting: Setting) -> Iterator[Row]:
    with workers(OURS, FLOOR, *map(peer, setting.peers)) as running:
        for dialect in ("openai_chat", "anthropic_messages", "gemini_generate"):
            for at_once in (1, 64):
                url = url_of(setting.root, dialect, "text20")
                job: dict[str, object] = {"verb": "complete", "dialect": dialect, "provider": PROVIDERS[dialect], "url": url}
                job |= {"at_once": at_once, "count": setting.size(256, 64)}
                samples = interleave(running, setting.rounds(8), job)
                ours, floor = samples.pop("ours"), samples.pop("floor")
                value, spread = median(ratios(ours, floor))
                details = {
                    "µs": median([run["cpu"] * 1e6 for run in ours])[0],
                    "floor µs": median([run["cpu"] * 1e6 for run in floor])[0],
                }
                yield Row(
                    "small", f"{dialect}, {at_once} at once", "ours", value, "× floor", spread, Goal(1.3), details
                )
                for who, runs in samples.items():
                    value, spread = median(ratios(runs, ours))
                    goal = Goal(_GOALS[who], at_least=True) if who in _GOALS else None
                    micro = median([run["cpu"] * 1e6 for run in runs])[0]
                    case = f"{dialect}, {at_once} at once"
                    yield Row("small", case, who, value, "× ours", spread, goal, {"µs": micro})

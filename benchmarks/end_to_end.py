"""Events end to end: CPU of the client per event, from a server in another process, for every dialect."""

from collections.abc import Iterator

from .answers import PROVIDERS, url_of
from .measure import FLOOR, OURS, SOCKET, Goal, Row, Setting, Worker, interleave, median, peer, ratios, workers

SHAPES = {"16384": "coalesced", "0": "one per write"}
_GOALS = {"openai": 20.0, "anthropic": 7.0, "ollama": 7.0, "litellm": 65.0}  # how many times what ours needs


def run(setting: Setting) -> Iterator[Row]:
    count = setting.size(10_000, 200)
    clients = [OURS, FLOOR, SOCKET, *map(peer, setting.peers)]
    with workers(*clients) as running:
        for dialect in PROVIDERS:
            yield from _case(setting, running, dialect, count, "text")
        yield from _case(setting, running, "openai_chat", count, "tools")


def _case(setting: Setting, running: dict[str, Worker], dialect: str, count: int, kind: str) -> Iterator[Row]:
    for shape, name in SHAPES.items():
        url = url_of(setting.root, dialect, f"{kind}{count}", shape)
        job = {
            "verb": "stream",
            "dialect": dialect,
            "provider": PROVIDERS[dialect],
            "url": url,
            "tools": kind == "tools",
        }
        able = {who: worker for who, worker in running.items() if who != "socket" or (dialect, kind) == _SOCKET}
        samples = interleave(able, setting.rounds(12), job)
        case = f"{dialect}{' tools' if kind == 'tools' else ''}, {name}"
        ours, floor = samples.pop("ours"), samples.pop("floor")
        micro, _ = median([sample["cpu"] / count * 1e6 for sample in floor])
        value, spread = median(ratios(ours, floor))
        mine, _ = median([sample["cpu"] / count * 1e6 for sample in ours])
        details = {"µs": mine, "floor µs": micro}
        yield Row("end_to_end", case, "ours", value, "× floor", spread, Goal(1.0), details)
        for who, runs in samples.items():
            value, spread = median(ratios(runs, ours))
            micro, _ = median([sample["cpu"] / count * 1e6 for sample in runs])
            goal = Goal(_GOALS[who], at_least=True) if who in _GOALS else None
            yield Row("end_to_end", case, who, value, "× ours", spread, goal, {"µs": micro})


_SOCKET = ("openai_chat", "text")

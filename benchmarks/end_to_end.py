"""Events end to end: CPU of the client per event, from a server in another process, for every dialect."""

from collections.abc import Iterator
from typing import Any

from .answers import STREAMED, url_of
from .measure import FLOOR, OURS, SOCKET, Goal, Row, Setting, Worker, interleave, median, peer, ratios, workers

Runs = list[dict[str, Any]]
SHAPES = {"16384": "coalesced", "0": "one per write"}
_GOALS = {"openai": 20.0, "anthropic": 7.0, "ollama": 7.0, "litellm": 65.0}  # how many times what ours needs

_FLOOR_GOALS = {"bedrock_converse": 1.1}  # its frames have checksums, which both count


def run(setting: Setting) -> Iterator[Row]:
    with workers(OURS, FLOOR, SOCKET, *map(peer, setting.peers)) as running:
        for dialect in STREAMED:
            yield from _case(setting, running, dialect, "text")
        yield from _case(setting, running, "openai_chat", "tools")


def _case(setting: Setting, running: dict[str, Worker], dialect: str, kind: str) -> Iterator[Row]:
    mine = ("ours", "floor", "socket") if (dialect, kind) == ("openai_chat", "text") else ("ours", "floor")
    others = ("ours", *(who for who in running if who not in ("ours", "floor", "socket")))
    for shape, name in SHAPES.items():
        case = f"{dialect}{' tools' if kind == 'tools' else ''}, {name}"
        job: dict[str, object] = {"verb": "stream", "dialect": dialect, "provider": STREAMED[dialect]}
        job["tools"] = kind == "tools"
        count = setting.size(30_000 if name == "coalesced" else 10_000, 200)  # 40 ms each: less is noise
        job["url"] = url_of(setting.root, dialect, f"{kind}{count}", shape)
        samples = interleave({who: running[who] for who in mine}, setting.rounds(12), job)
        yield _against_floor(case, samples["ours"], samples["floor"], count, _FLOOR_GOALS.get(dialect, 1.0))
        if "socket" in samples:
            yield from _against_ours(case, {"socket": samples["socket"]}, samples["ours"], count)
        if len(others) > 1:
            # how many events a peer reads makes no difference to each of them, and they take longer
            count = setting.size(2_000, 200)
            job["url"] = url_of(setting.root, dialect, f"{kind}{count}", shape)
            samples = interleave({who: running[who] for who in others}, setting.rounds(5), job)
            yield from _against_ours(case, samples, samples.pop("ours"), count)


def _against_floor(case: str, ours: Runs, floor: Runs, count: int, goal: float) -> Row:
    value, spread = median(ratios(ours, floor))
    details = {
        "µs": median([sample["cpu"] / count * 1e6 for sample in ours])[0],
        "floor µs": median([sample["cpu"] / count * 1e6 for sample in floor])[0],
    }
    return Row("end_to_end", case, "ours", value, "× floor", spread, Goal(goal), details)


def _against_ours(case: str, samples: dict[str, Runs], ours: Runs, count: int) -> Iterator[Row]:
    for who, runs in samples.items():
        value, spread = median(ratios(runs, ours))
        goal = Goal(_GOALS[who], at_least=True) if who in _GOALS else None
        details = {"µs": median([sample["cpu"] / count * 1e6 for sample in runs])[0]}
        yield Row("end_to_end", case, who, value, "× ours", spread, goal, details)

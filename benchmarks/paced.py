"""Many streams at once, a token each 20 ms on every one, on one core: lag, CPU, memory."""

from collections.abc import Iterator

from .answers import PROVIDERS, url_of
from .measure import FLOOR, OURS, Goal, Row, Setting, interleave, median, peer, ratios, workers


def run(setting: Setting) -> Iterator[Row]:
    for streams in (5,) if setting.tiny else (100, 1000, 2000):
        yield from _case(setting, streams)


def _case(setting: Setting, streams: int) -> Iterator[Row]:
    tokens = setting.size(100, 10)
    url = url_of(setting.root, "openai_chat", f"paced{tokens}", "paced20")
    job: dict[str, object] = {
        "verb": "paced",
        "dialect": "openai_chat",
        "provider": PROVIDERS["openai_chat"],
        "url": url,
    }
    job |= {"streams": streams, "count": tokens}
    peers = setting.peers if streams == 100 else ()
    with workers(OURS, FLOOR, *map(peer, peers)) as running:
        # the first run counts for memory: later ones find what the ones before had used
        memory = {who: worker.run(**job).get("memory", 0.0) / 1e3 for who, worker in running.items()}
        rounds = 5 if streams == 1000 else 3  # the core is full there: a little more or less work is much lag
        samples = interleave(running, 2 if setting.quick or setting.tiny else rounds, job, warm=True)
    ours, floor = samples.pop("ours"), samples.pop("floor")
    case = f"{streams} streams"
    lag, spread = median(ratios(ours, floor, "p99"))
    details = {
        "p50 ms": median([run["p50"] * 1e3 for run in ours])[0],
        "p99 ms": median([run["p99"] * 1e3 for run in ours])[0],
        "floor p99 ms": median([run["p99"] * 1e3 for run in floor])[0],
    }
    judged = streams == 1000
    yield Row("paced", f"{case}, p99 lag", "ours", lag, "× floor", spread, Goal(1.3) if judged else None, details)
    cpu, spread = median(ratios(ours, floor, "cpu"))
    each = {"µs an event": median([run["cpu"] / run["events"] * 1e6 for run in ours])[0]}
    yield Row("paced", f"{case}, CPU", "ours", cpu, "× floor", spread, None, each)
    base = {"floor kB": memory["floor"]}
    goal = Goal(60) if judged else None
    yield Row("paced", f"{case}, memory", "ours", memory["ours"], "kB a stream", 0.0, goal, base)
    for who, runs in samples.items():
        details = {"p99 ms": median([run["p99"] * 1e3 for run in runs])[0]}
        details["kB a stream"] = memory[who]
        value, spread = median(ratios(runs, ours, "cpu"))
        yield Row("paced", f"{case}, CPU", who, value, "× ours", spread, None, details)

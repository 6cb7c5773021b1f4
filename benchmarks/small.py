"""A small complete: CPU per request, one after the other and 64 at once."""

from collections.abc import Iterator

from .answers import PROVIDERS, url_of
from .measure import FLOOR, OURS, Goal, Row, Setting, Worker, interleave, median, peer, ratios, workers

_GOALS = {"openai": 6.0}  # how many times what ours needs


def run(setting: Setting) -> Iterator[Row]:
    with workers(OURS, FLOOR, *map(peer, setting.peers)) as running:
        for dialect in ("openai_chat", "anthropic_messages", "gemini_generate"):
            for at_once in (1, 64):
                yield from _case(setting, running, dialect, at_once)


def _case(setting: Setting, running: dict[str, Worker], dialect: str, at_once: int) -> Iterator[Row]:
    case = f"{dialect}, {at_once} at once"
    url = url_of(setting.root, dialect, "text20")
    job = {"verb": "complete", "dialect": dialect, "provider": PROVIDERS[dialect], "url": url}
    count = {"at_once": at_once, "count": setting.size(512, 64)}
    samples = interleave({who: running[who] for who in ("ours", "floor")}, setting.rounds(12), {**job, **count})
    value, spread = median(ratios(samples["ours"], samples["floor"]))
    details = {
        "µs": median([run["cpu"] * 1e6 for run in samples["ours"]])[0],
        "floor µs": median([run["cpu"] * 1e6 for run in samples["floor"]])[0],
    }
    yield Row("small", case, "ours", value, "× floor", spread, Goal(1.3 if at_once == 1 else 1.5), details)
    others = {who: worker for who, worker in running.items() if who != "floor"}
    if len(others) > 1:
        count["count"] = 64  # they take longer
        samples = interleave(others, 3, {**job, **count})
        ours = samples.pop("ours")
        for who, runs in samples.items():
            value, spread = median(ratios(runs, ours))
            goal = Goal(_GOALS[who], at_least=True) if who in _GOALS else None
            yield Row("small", case, who, value, "× ours", spread, goal, {"µs": runs[0]["cpu"] * 1e6})

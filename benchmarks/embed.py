"""2,048 texts, 1,024 dimensions, base64 on the wire: the peak of memory beside the vectors' own bytes, and CPU.

A peer that has no such call, or does it in another way than one list of texts, is left out.
"""

from collections.abc import Iterator

from .answers import url_of
from .measure import OURS, Goal, Row, Setting, interleave, median, peer, ratios, workers

_GOALS = {"openai": 2.0}  # how many times what ours needs
_PEERS = ("openai",)


def run(setting: Setting) -> Iterator[Row]:
    texts, dimensions = setting.size(2048, 128), setting.size(1024, 64)
    case = f"{texts:,} texts, {dimensions:,} dimensions"
    url = url_of(setting.root, "openai_chat", f"vectors{dimensions}")
    job = {"verb": "embed", "dialect": "openai_chat", "provider": "openai-chat", "url": url, "count": texts}
    others = [name for name in setting.peers if name in _PEERS]
    with workers(OURS, *map(peer, others)) as running:
        samples = interleave(running, setting.rounds(8), job)
    ours = samples.pop("ours")
    value, spread = median([sample["peak"] / sample["size"] for sample in ours])
    details = {"ms": median([sample["cpu"] * 1000 for sample in ours])[0]}
    yield Row("embed", case, "ours", value, "× vectors", spread, Goal(1.3), details)
    for who, theirs in samples.items():
        value, spread = median(ratios(theirs, ours))
        goal = Goal(_GOALS[who], at_least=True) if who in _GOALS else None
        memory = median([sample["peak"] / sample["size"] for sample in theirs])[0]
        details = {"ms": median([sample["cpu"] * 1000 for sample in theirs])[0], "× vectors": memory}
        yield Row("embed", case, who, value, "× ours", spread, goal, details)

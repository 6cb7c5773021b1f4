"""Pictures: CPU, peak memory, longest hold of the event loop; as an answer on both roads in two JSON shapes, and sent.

The floor is what most SDKs do: the whole body through `json` and `base64`.
"""

from collections.abc import Iterator
from typing import Any

from .answers import MIB, PROVIDERS, url_of
from .measure import FLOOR, OURS, Goal, Row, Setting, Worker, interleave, median, peer, ratios, workers

_SENT = 10_000_000  # bytes
_PEERS = {"openai_chat": ("openai",), "gemini_generate": ("google-genai",)}  # who takes a picture of this shape


def run(setting: Setting) -> Iterator[Row]:
    for dialect in ("openai_chat", "gemini_generate"):
        with workers(OURS, FLOOR) as running:
            for stream in (True, False):
                for mib in (1,) if setting.tiny else (1, 8, 32):
                    yield from _received(setting, running, dialect, stream, mib)
        yield from _beside_peers(setting, dialect)
    yield from _sent(setting)


def _received(setting: Setting, running: dict[str, Worker], dialect: str, stream: bool, mib: int) -> Iterator[Row]:
    url = url_of(setting.root, dialect, f"image{mib}", str(64 * 1024))
    job = {"verb": "image", "dialect": dialect, "provider": PROVIDERS[dialect], "url": url, "stream": stream}
    case = f"{dialect} {'stream' if stream else 'body'}, {mib} MiB"
    large = mib == 32  # the smaller ones have warmed the clients up
    samples = interleave(running, 2 if setting.tiny else 4 if setting.quick else 5 if large else 6, job, warm=large)
    yield from _rows(case, samples, mib * MIB, judged=mib >= 8)


def _beside_peers(setting: Setting, dialect: str) -> Iterator[Row]:
    """One size is enough: their costs grow with it as ours do."""
    peers = [who for who in _PEERS[dialect] if who in setting.peers]
    if not peers:
        return
    mib = setting.size(8, 1)
    url = url_of(setting.root, dialect, f"image{mib}", str(64 * 1024))
    with workers(OURS, *map(peer, peers)) as running:
        for stream in (True, False):
            job = {"verb": "image", "dialect": dialect, "provider": PROVIDERS[dialect], "url": url, "stream": stream}
            samples = interleave(running, 3, job)
            ours = samples.pop("ours")
            for who, runs in samples.items():
                value, spread = median(ratios(runs, ours))
                details = {
                    "ms/MiB": median([run["cpu"] * 1e3 / mib for run in runs])[0],
                    "× decoded": median([run["peak"] / mib / MIB for run in runs])[0],
                    "stall ms": min(run["stall"] for run in runs) * 1e3,
                }
                case = f"{dialect} {'stream' if stream else 'body'}, {mib} MiB, CPU"
                yield Row("images", case, who, value, "× ours", spread, None, details)


def _rows(case: str, samples: dict[str, list[dict[str, Any]]], size: int, *, judged: bool) -> Iterator[Row]:
    ours, floor = samples["ours"], samples["floor"]
    per_mib = {
        "ms/MiB": median([run["cpu"] * 1e3 / size * MIB for run in ours])[0],
        "floor ms/MiB": median([run["cpu"] * 1e3 / size * MIB for run in floor])[0],
    }
    cpu, spread = median(ratios(ours, floor))
    yield Row("images", f"{case}, CPU", "ours", cpu, "× floor", spread, Goal(0.6) if judged else None, per_mib)
    peak, spread = median([run["peak"] / size for run in ours])
    base = {"floor": median([run["peak"] / size for run in floor])[0]}
    yield Row("images", f"{case}, peak", "ours", peak, "× decoded", spread, Goal(1.15) if judged else None, base)
    # the shortest of the longest: what we hold the loop for, without what else the machine did meanwhile
    stall = min(run["stall"] for run in ours) * 1e3
    base = {"floor": min(run["stall"] for run in floor) * 1e3}
    yield Row("images", f"{case}, stall", "ours", stall, "ms", 0.0, Goal(20.0) if judged else None, base)


def _sent(setting: Setting) -> Iterator[Row]:
    size = setting.size(_SENT, 256 * 400)
    url = url_of(setting.root, "openai_chat", "text20")
    job = {"verb": "send_image", "dialect": "openai_chat", "provider": "openai", "url": url, "size": size}
    with workers(OURS, FLOOR) as running:
        samples = interleave(running, 2 if setting.tiny else 5, job)
    encoded = (size + 2) // 3 * 4
    for who, runs in samples.items():
        judged = who == "ours"
        stall = min(run["stall"] for run in runs) * 1e3
        cpu = {"cpu ms": median([run["cpu"] * 1e3 for run in runs])[0]}
        yield Row("images", "request of 10 MB, stall", who, stall, "ms", 0.0, Goal(20.0) if judged else None, cpu)
        peak, spread = median([run["peak"] / encoded for run in runs])
        yield Row("images", "request of 10 MB, peak", who, peak, "× encoded", spread, Goal(1.6) if judged else None)

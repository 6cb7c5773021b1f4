"""`python -m benchmarks`: run them, print the table, keep the numbers."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from . import measure, report

BENCHMARKS = {
    "framing": "bytes to frames, against a bare split",
    "decode": "frames to events per dialect, against untyped JSON and a walk",
    "end_to_end": "events end to end per dialect, coalesced and one per write",
    "first_event": "from the call to the first event",
    "small": "a small complete, one and 64 at once",
    "conversation": "the next request of a conversation of 200 messages, against encoding it from the start",
    "connections": "500 calls at once of a new client to one TLS host",
    "paced": "100 to 2,000 streams with a token each 20 ms: lag, CPU, memory",
    "middleware": "what stands around a client, beside the bare one",
    "signing": "a request signed for a cloud, beside a key in a header",
    "bulk": "many rows: bulk.map with its log against a bare loop; what the log takes",
    "images": "pictures of 1, 8, 32 MiB on both roads in both JSON shapes, and one of 10 MB in a request",
    "embed": "vectors of 2,048 texts: memory / vectors, and CPU beside other libraries",
    "documents": "whole documents of 8 and 32 MiB without media, ordinary and hostile, on all wires: memory / size",
    "limits": "being let pass by a limiter, in process and over Redis",
    "imports": "start-up: CPU and modules",
    "install_size": "megabytes on disk, dependencies included",
}
PEERS = ("openai", "anthropic", "google-genai", "ollama", "litellm", "any-llm", "pydantic-ai", "langchain-openai")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the benchmarks and end")
    parser.add_argument("--only", metavar="NAME", action="append", choices=list(BENCHMARKS), help="may be given again")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--tiny", action="store_true", help="whether they run at all; the numbers mean nothing")
    parser.add_argument("--peers", action="store_true", help="beside other libraries (make bench-peers installs them)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the numbers here")
    parser.add_argument("--plots", metavar="DIR", type=Path, help="draw SVG files here (needs matplotlib)")
    options = parser.parse_args(arguments)
    if options.list:
        for name, about in BENCHMARKS.items():
            print(f"{name:14}{about}")
        return 0
    peers = _installed() if options.peers else ()
    rows: list[measure.Row] = []
    with measure.server() as root:
        setting = measure.Setting(root, quick=options.quick, tiny=options.tiny, peers=peers)
        for name in options.only or BENCHMARKS:
            report.heading(name, BENCHMARKS[name])
            for row in import_module(f"{__package__}.{name}").run(setting):
                report.show(row)
                rows.append(row)
    report.summary(rows)
    if options.json:
        report.write(rows, options.json, peers)
    if options.plots:
        from . import plots

        plots.draw(rows, options.plots)
    return 0


def _installed() -> tuple[str, ...]:
    for name in PEERS:
        if not measure.peer_python(name).exists():
            print(f"{name}: not installed (make bench-peers)")
    return tuple(name for name in PEERS if measure.peer_python(name).exists())


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.hostile [words]`: every script on every wire and road; prints what each took at most."""

import asyncio
import sys

from tests.hostile.case import MIB, Cost, check, play
from tests.hostile.scripts import SERVERS


def main() -> int:
    wanted = sys.argv[1:]
    failed = total = 0
    print("| server | road | ends | s | MiB | held, ms | requests |\n|---|---|---|---|---|---|---|")
    for hostile in [one for one in SERVERS if not wanted or any(word in one.name for word in wanted)]:
        for road in hostile.roads:
            costs: list[Cost] = []
            for dialect in hostile.wires:
                cost = asyncio.run(play(hostile, dialect, road))
                costs.append(cost)
                total += 1
                try:
                    check(hostile, dialect, cost)
                except AssertionError as failure:
                    failed += 1
                    print(f"FAILED {hostile.name}, {road}, {dialect}: {failure}", flush=True)
            print(f"| {hostile.name} | {road} | {_row(costs)} |", flush=True)
    print(f"\n{total - failed} of {total} held; {len(SERVERS)} servers")
    return 1 if failed else 0


def _row(costs: list[Cost]) -> str:
    """The most that any wire took."""
    most = (
        f"{max(cost.seconds for cost in costs):.2f}",
        f"{max(cost.memory for cost in costs) / MIB:.0f}",
        f"{max(cost.held for cost in costs) * 1000:.0f}",
        str(max(cost.requests for cost in costs)),
    )
    return " | ".join((", ".join(sorted({cost.end for cost in costs})), *most))


if __name__ == "__main__":
    sys.exit(main())

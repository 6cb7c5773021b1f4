"""Print the matrix: fault x wire x road, passed / total on asyncio's loop and on uvloop."""

import asyncio
import sys
import traceback
from collections.abc import Callable

import uvloop

from tests.faults.case import Road, check_all
from tests.faults.table import DIALECTS, ROWS

LOOPS: tuple[Callable[[], asyncio.AbstractEventLoop], ...] = (asyncio.new_event_loop, uvloop.new_event_loop)
ROADS: tuple[Road, ...] = ("stream", "complete")


def main() -> int:
    short = [f"{dialect.partition('_')[0][:6] if dialect != 'openai_responses' else 'respon'}" for dialect in DIALECTS]
    print("| fault | " + " | ".join(f"{name} {road[0]}" for name in short for road in ROADS) + " |")
    print("|---|" + "---|" * len(short) * len(ROADS))
    failed = total = 0
    wanted = [word for word in sys.argv[1:] if word != "-v"]
    for row in [row for row in ROWS if not wanted or any(word in row.name for word in wanted)]:
        cells: dict[tuple[str, str], list[bool]] = {}
        for road in ROADS:
            if row.end(road) is None:
                continue
            for loop in LOOPS:
                with asyncio.Runner(loop_factory=loop) as runner:
                    results = runner.run(check_all(row, road))
                for dialect, result in results.items():
                    cells.setdefault((dialect, road), []).append(result is None)
                    total += 1
                    if result is not None:
                        failed += 1
                        if "-v" in sys.argv:
                            print(row.name, dialect, road, loop.__module__, file=sys.stderr)
                            traceback.print_exception(result)
        shown = [cells.get((dialect, road)) for dialect in DIALECTS for road in ROADS]
        print(f"| {row.name} | " + " | ".join(f"{sum(c)}/{len(c)}" if c else "-" for c in shown) + " |", flush=True)
    print(f"\n{total - failed} of {total} passed; {len(ROWS)} faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Print the matrix: client, state and thread x other process, the programs of each cell that ended as they should."""

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.processes.matrix import CLIENTS, ENDS, PROCESSES, PROGRAMS, STATES, THREADS, Outcome, Program, run, serve
from tests.testing.threaded import wire_server


def main() -> int:
    wanted = sys.argv[1:]
    programs = [program for program in PROGRAMS if all(word in str(program) for word in wanted)]
    with wire_server() as (server, _), ThreadPoolExecutor(2) as pool:
        serve(server)
        outcomes = dict(zip(programs, pool.map(run, programs, itertools.repeat(server.dsn("vllm"))), strict=False))
    print(table(outcomes))
    bad = {program: outcome for program, outcome in outcomes.items() if outcome.fault}
    for program, outcome in bad.items():
        print(f"{program}: {outcome.fault}", file=sys.stderr)
    slowest = max(outcome.seconds for outcome in outcomes.values())
    print(f"\n{len(programs) - len(bad)} of {len(programs)} ended as they should, the slowest within {slowest:.2f} s.")
    return 1 if bad else 0


def table(outcomes: dict[Program, Outcome]) -> str:
    lines = ["| client | thread | " + " | ".join(PROCESSES) + " |", "|---" * (len(PROCESSES) + 2) + "|"]
    for client, state, thread in itertools.product(CLIENTS, STATES, THREADS):
        cells = ([outcomes.get(Program(client, state, thread, process, end)) for end in ENDS] for process in PROCESSES)
        shown = (f"{sum(not o.fault for o in cell if o)}/{sum(o is not None for o in cell)}" for cell in cells)
        lines.append(f"| {client}, {state} | {thread} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

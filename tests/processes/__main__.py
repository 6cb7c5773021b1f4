"""Print the matrix: client, state and thread x other process, the programs of each cell that ended as they should."""

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.processes.matrix import CLIENTS, ENDS, PROCESSES, STATES, THREADS, Outcome, Program, run, serve
from tests.testing.threaded import wire_server


def main() -> int:
    """Arguments: words that a program must have in its name."""
    wanted = sys.argv[1:]
    outcomes: list[Outcome] = []
    print("| client | thread | " + " | ".join(PROCESSES) + " |")
    print("|---" * (len(PROCESSES) + 2) + "|")
    with wire_server() as (server, _), ThreadPoolExecutor(2) as pool:
        serve(server)
        for client, state, thread in itertools.product(CLIENTS, STATES, THREADS):
            row = [[Program(client, state, thread, other, end) for end in ENDS] for other in PROCESSES]
            row = [[program for program in cell if all(word in str(program) for word in wanted)] for cell in row]
            ran = [list(pool.map(run, cell, itertools.repeat(server.dsn("vllm")))) for cell in row]
            shown = (f"{sum(not outcome.fault for outcome in cell)}/{len(cell)}" for cell in ran)
            print(f"| {client}, {state} | {thread} | " + " | ".join(shown) + " |", flush=True)
            for program, outcome in zip(itertools.chain(*row), itertools.chain(*ran), strict=True):
                outcomes.append(outcome)
                if outcome.fault:
                    print(f"{program}: {outcome.fault}", file=sys.stderr, flush=True)
    bad = sum(bool(outcome.fault) for outcome in outcomes)
    slowest = max(outcome.seconds for outcome in outcomes)
    print(f"\n{len(outcomes) - bad} of {len(outcomes)} ended as they should, the slowest within {slowest:.2f} s.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

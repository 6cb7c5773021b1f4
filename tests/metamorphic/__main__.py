"""`python -m tests.metamorphic`: every change on every recorded answer; prints the table, and what was wrong.

`--records 300` takes a seeded sample, `--show 5` that many of the wrong ones for each change and wire.
"""

import argparse
import random
import sys
from collections import defaultdict

from .table import Outcome, records, table, tried


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.metamorphic", description=__doc__)
    parser.add_argument("--records", type=int, default=0, help="a sample of so many; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=2)
    options = parser.parse_args()
    chosen = list(records())
    if options.records:
        chosen = random.Random(options.seed).sample(chosen, min(options.records, len(chosen)))
    outcomes = list(tried(chosen, options.seed))
    print(f"{len(chosen)} answers, {len(outcomes)} changed ones\n\n{table(outcomes)}")
    wrong: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.verdict == "wrong":
            wrong[outcome.change, outcome.wire].append(outcome)
    for (change, wire), found in sorted(wrong.items()):
        print(f"\n{change}, {wire}: {len(found)} wrong")
        for outcome in found[: options.show]:
            print(f"  {outcome.record.exchange.id}: {repr(outcome.said)[:300]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

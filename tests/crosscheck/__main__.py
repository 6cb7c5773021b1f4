"""`python -m tests.crosscheck`: the table SDK x wire, passed / total, and what went wrong."""

import asyncio
import logging
import sys

from .table import PAIRS, Outcome, both


def main() -> int:
    logging.getLogger("aikido_llm.testing").setLevel(logging.ERROR)  # a wrong key is one of the scenarios
    missing = sorted({pair.sdk for pair in PAIRS if not pair.python.exists()})
    if missing:
        print(f"no environment for {', '.join(missing)}: run `make cross-check`")
        return 2
    print(f"{'SDK':14}{'wire':22}{'SDK':>9}{'ours':>9}")
    wrong: list[str] = []
    for pair in PAIRS:
        theirs, ours = asyncio.run(both(pair))
        print(f"{pair.sdk:14}{pair.wire:22}{shown(theirs):>9}{shown(ours):>9}", flush=True)
        for who, outcome in ((pair.sdk, theirs), ("ours", ours)):
            told = [f"{pair.wire}, {who}, {scenario}: {seen}" for scenario, seen in outcome.wrong.items()]
            wrong += [*told, *(f"{pair.wire}, {who}, refused: {reason}" for reason in outcome.refused)]
    print("\n".join(wrong))
    return 1 if wrong else 0


def shown(outcome: Outcome) -> str:
    return f"{outcome.passed}/{outcome.total}"


sys.exit(main())

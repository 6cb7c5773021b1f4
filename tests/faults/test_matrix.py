"""The matrix. A test is one fault on one road and one event loop: a share of the wires at the same time (all in
`make deep`), each on its server."""

import pytest

from tests.faults.case import Road, check_all
from tests.faults.table import DIALECTS, ROWS, Row

CASES: list[tuple[Row, Road]] = [
    *((row, "stream") for row in ROWS if row.stream is not None),
    *((row, "complete") for row in ROWS if row.complete is not None),
]


@pytest.mark.deep
@pytest.mark.parametrize(("row", "road"), CASES, ids=[f"{row.name}, {road}" for row, road in CASES])
async def test_fault(row: Row, road: Road) -> None:
    failures = {dialect: error for dialect, error in (await check_all(row, road)).items() if error is not None}
    for dialect, error in failures.items():
        error.add_note(f"{row.name}, {road}, {dialect}")
    assert not failures, "; ".join(f"{dialect}: {error!r}" for dialect, error in failures.items())


def test_every_wire_is_in_the_matrix() -> None:
    from aikido_llm.testing.wires import NAMES

    assert set(NAMES) == set(DIALECTS)
    assert len({row.name for row in ROWS}) == len(ROWS)

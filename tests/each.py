"""One test over many equal cases: an item of pytest's costs some milliseconds in every process, a case little more than
what it checks."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

import pytest

T = TypeVar("T")


def each(
    find: Callable[[], Sequence[T]], name: Callable[[T], str] = repr, parts: int = 1
) -> Callable[[Callable[[T], None]], Callable[[int], None]]:
    """Makes of a check of one case a test of all that are found, when it is played, in so many parts; what fails is
    told with the name of its case."""

    found = cache(find)

    def of_all(check: Callable[[T], None]) -> Callable[[int], None]:
        def test(part: int) -> None:
            cases = found()
            assert cases, "there is no case to check"
            for case in cases[part::parts]:
                try:
                    check(case)
                except Exception as failure:
                    failure.add_note(f"the case: {name(case)}")
                    raise

        test.__name__ = test.__qualname__ = check.__name__
        test.__module__, test.__doc__ = check.__module__, check.__doc__
        result: Callable[[int], None] = pytest.mark.parametrize("part", range(parts))(test)
        return result

    return of_all

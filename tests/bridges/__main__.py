"""`python -m tests.bridges`: writes anew what each bridge makes of each scenario, when that was changed on purpose."""

import asyncio

from .scenarios import GOLDEN, ROWS


async def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for row in ROWS:
        row.golden.write_text(await row.written(), "utf-8")


if __name__ == "__main__":
    asyncio.run(main())

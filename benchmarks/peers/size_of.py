"""`python size_of.py NAME [SOURCE]`: [bytes, packages] of an installed distribution and all that it requires.

SOURCE: the folder of the package, for one that is installed from its sources. Standard library only: every
environment's Python can run it.
"""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


def closure(name: str, seen: set[str]) -> None:
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in seen:
        return
    try:
        found = distribution(name)
    except PackageNotFoundError:  # for another system or version
        return
    seen.add(name)
    for line in found.requires or ():
        if "extra ==" not in line:
            closure(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0], seen)


def size(name: str) -> int:
    total = 0
    for file in distribution(name).files or ():
        path = Path(str(file.locate()))
        if path.is_file() and path.suffix != ".pyc":
            total += path.stat().st_size
    return total


names: set[str] = set()
closure(sys.argv[1], names)
own = sum(path.stat().st_size for path in Path(sys.argv[2]).rglob("*.py")) if len(sys.argv) > 2 and sys.argv[2] else 0
print(json.dumps([own + sum(map(size, names)), len(names)]))

"""Constraints for pip. `pinned PYTHON...` writes constraints.txt, `lowest` prints those of `make lowest`.

Pinned is one version of each package that any extra needs, and that every Python named can install: the first decides,
each other one must live with its versions and adds the packages that it alone needs. Lowest holds each package that
pyproject.toml names at the lowest version allowed there; what those need in turn is free.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
CONSTRAINTS = HERE / "constraints.txt"
HEADER = """\
# What `make test`, `.ci/run` and the other targets install under. Written by `make pins`: renew it with that.
# Names and versions alone, so that it holds on any index. Resolved for Python {versions}.
"""


def requirements() -> list[str]:
    """All that pyproject.toml asks for: the project's own needs, and those of every extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    return [line for line in lines if not line.startswith(project["name"])]


def resolve(python: str, pins: dict[str, str]) -> dict[str, str]:
    """What pip would install for all requirements with that Python, under the pins: {name: version}."""
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "held.txt"
        held.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
        subprocess.run([python, "-m", "venv", f"{folder}/venv"], check=True)
        done = subprocess.run(
            [f"{folder}/venv/bin/python", "-m", "pip", "install", "--dry-run", "--quiet", "--disable-pip-version-check",
             "--only-binary", ":all:", "--report", "-", "--constraint", str(held), *requirements()],
            stdout=subprocess.PIPE,
            check=True,
        )  # fmt: skip
    found = (package["metadata"] for package in json.loads(done.stdout)["install"])
    return {re.sub(r"[-_.]+", "-", package["name"]).lower(): package["version"] for package in found}


def version(python: str) -> str:
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


def pinned(*pythons: str) -> None:
    pins: dict[str, str] = {}
    for python in pythons:
        print(f"resolving for {python} ...", flush=True)
        pins = resolve(python, pins) | pins
    lines = [f"{name}=={pins[name]}\n" for name in sorted(pins)]
    CONSTRAINTS.write_text(HEADER.format(versions=", ".join(map(version, pythons))) + "".join(lines))
    print(f"{CONSTRAINTS.relative_to(ROOT)}: {len(lines)} packages. Read the diff, then: make check")


def lowest() -> None:
    for line in requirements():
        bound = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[.*\])?[>=]=([0-9.]+)(?:;.*)?", line)
        if bound is None:
            sys.exit(f"pyproject.toml: {line!r} has no lowest version")
        print(f"{bound[1]}=={bound[2]}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["pinned", *pythons] if pythons:
            pinned(*pythons)
        case ["lowest"]:
            lowest()
        case _:
            sys.exit(__doc__)

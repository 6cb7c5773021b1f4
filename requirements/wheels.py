"""wheels.py FOLDER PYTHON...: what `make dist` gave, tried as a user would, in empty environments of each Python.

The wheel and the sdist alone: the program of the README's first screen, `--version`, and what is said where the
command line is not installed. The wheel with each extra that users have, alone: its libraries import, pip finds no
conflict. The wheel with all of them: the command line and the demo run, and `import aikido_llm` has loaded none of
it. Where no release of what an extra needs is for a Python, that is said and is no failure. The newest versions of
an index are taken.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What each extra that users have stands on, as it is imported. Those of developers are tried by `make` itself.
EXTRAS = {
    "cli": "click rich prompt_toolkit dotenv markdown_it",
    "aws": "botocore",
    "azure": "azure.identity",
    "google": "google.auth",
    "parquet": "pyarrow.parquet",
    "arrow": "pyarrow",
    "prices": "genai_prices",
    "redis": "redis",
    "otel": "opentelemetry",
    "ray": "ray",
}
DEVELOPERS = {"test", "cluster", "dev", "bench", "fuzz", "docs", "engines"}
APART = {"ray"}  # three hundred megabytes, and not for every Python: tried alone
LOADED_LATER = {"aiohttp", "ssl", *(name.split(".")[0] for names in EXTRAS.values() for name in names.split())}
NO_RELEASE = "No matching distribution found"
IMPORT = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
LOADED = "import sys, aikido_llm\nprint(*{name.split('.')[0] for name in sys.modules})"


class Failed(Exception):
    """Something is not as a user may expect it; the text says what."""


class Environment:
    """An empty one, in a folder of its own. pip: its own, as a user's has; else the one of the Python that made it."""

    def __init__(self, python: str, folder: Path, *, pip: bool) -> None:
        self.folder = folder
        self._run(python, "-m", "venv", *([] if pip else ["--without-pip"]), folder)
        bin = folder / ("Scripts" if os.name == "nt" else "bin")
        self.python, self.command = bin / "python", bin / "aikido-llm"
        self._pip = (self.python, "-m", "pip") if pip else (python, "-m", "pip", "--python", self.python)

    def install(self, what: str) -> None:
        self._run(*self._pip, "install", "--quiet", "--disable-pip-version-check", what)

    def has_no_conflict(self) -> None:
        self._run(*self._pip, "check")

    def says(self, *words: str | Path, code: int = 0) -> str:
        """What a command of it prints, on both streams. Raises Failed for another exit status."""
        return self._run(*words, code=code)

    def _run(self, *words: str | Path, code: int = 0) -> str:
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder.parent,
            env=self._clean(),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode != code:
            shown = " ".join(str(word) for word in words[-4:])
            raise Failed(f"`{shown}` ended with {done.returncode}:\n{done.stdout[-2000:]}")
        return done.stdout

    def _clean(self) -> dict[str, str]:
        """Nothing of the user's decides what is tried."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("PYTHON", "VIRTUAL_ENV", "LLM_", "XDG_"))}  # fmt: skip
        return {**kept, "AIKIDO_LLM_HOME": str(self.folder.parent / "home")}


def expect(found: str, wanted: str) -> None:
    if wanted not in found:
        raise Failed(f"{wanted!r} is not in:\n{found[-2000:]}")


def first_program() -> str:
    """The program of the README's first screen."""
    found = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return found[1] if found else ""


def try_alone(here: Environment, file: Path) -> None:
    """Without an extra."""
    here.install(str(file))
    expect(here.says(here.python, "-c", first_program()), "why is the sky blue?")
    expect(here.says(here.command, "--version"), version(file))
    expect(here.says(here.python, "-m", "aikido_llm", "demo", code=1), 'pip install "aikido-llm[cli]"')


def try_extra(here: Environment, file: Path, extra: str) -> None:
    here.install(f"{file}[{extra}]")
    here.has_no_conflict()
    here.says(here.python, "-c", IMPORT, *EXTRAS[extra].split())


def try_all(here: Environment, file: Path) -> None:
    here.install(f"{file}[{','.join(name for name in EXTRAS if name not in APART)}]")
    here.has_no_conflict()
    early = LOADED_LATER & set(here.says(here.python, "-c", LOADED).split())
    if early:
        raise Failed(f"`import aikido_llm` loads {', '.join(sorted(early))}")
    expect(here.says(here.command, "--version"), version(file))
    expect(here.says(here.command, "chat", "hello"), "hello")
    expect(here.says(here.python, "-m", "aikido_llm", "demo"), "StreamTruncated")


def version(file: Path) -> str:
    """`aikido_llm-0.2.0.tar.gz` -> `0.2.0`."""
    return file.name.split("-")[1].removesuffix(".tar.gz")


def try_python(python: str, wheel: Path, sdist: Path) -> int:
    """Everything under one Python. Returns how much failed."""
    found = subprocess.run([python, "-V"], text=True, stdout=subprocess.PIPE, check=True).stdout.strip()
    tries: list[tuple[str, bool, Callable[[Environment], None]]] = [
        ("the wheel", True, partial(try_alone, file=wheel)),
        ("the sdist", True, partial(try_alone, file=sdist)),
        *((f"the wheel [{name}]", False, partial(try_extra, file=wheel, extra=name)) for name in EXTRAS),
        ("the wheel with all extras but ray", False, partial(try_all, file=wheel)),
    ]
    failed = 0
    for what, pip, attempt in tries:
        with tempfile.TemporaryDirectory(prefix="aikido-llm-wheels-") as folder:
            try:
                attempt(Environment(python, Path(folder).resolve() / "venv", pip=pip))
                said = "works"
            except Failed as error:
                said = f"FAILED: {error}"
                if NO_RELEASE in said:
                    said = "cannot be had: no release of what it needs is for this Python"
                else:
                    failed += 1
        print(f"{found}: {what} {said}", flush=True)
    return failed


def main(folder: Path, pythons: list[str]) -> int:
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return min(1, sum(try_python(python, wheel.resolve(), sdist.resolve()) for python in pythons))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))

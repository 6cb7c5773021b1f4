"""What a clean clone needs on any machine: a Python, pinned versions, an environment, and an end to each test."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONSTRAINTS = ROOT / "requirements" / "constraints.txt"
PINS = dict(re.findall(r"^(\S+)==(\S+)$", CONSTRAINTS.read_text(), re.MULTILINE))
TOOLS = "sh make sed sort tr dirname cat cksum tail cut sleep mkdir cp ls rm".split()

shell = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"not all here: {', '.join(TOOLS)}; with them: make test"
)


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


# ---------------------------------------------------------------------- pinned versions


def asked_for() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    lines = [*PROJECT["dependencies"], *(line for lines in extras for line in lines)]
    return [needed for line in lines if (needed := Requirement(line)).name != PROJECT["name"]]


def test_what_the_project_asks_for_is_pinned_and_allowed() -> None:
    pins = {canonicalize_name(name): version for name, version in PINS.items()}
    missing = [needed.name for needed in asked_for() if canonicalize_name(needed.name) not in pins]
    assert not missing, "not in requirements/constraints.txt: make pins"
    stale = [
        str(needed) for needed in asked_for() if not needed.specifier.contains(pins[canonicalize_name(needed.name)])
    ]
    assert not stale, "requirements/constraints.txt holds another version: make pins"


def test_the_pins_are_names_and_versions_alone() -> None:
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == len(PINS)
    assert list(PINS) == sorted(PINS)
    assert "make pins" in CONSTRAINTS.read_text()


def test_everything_asked_for_has_a_lowest_version() -> None:
    done = run(sys.executable, "requirements/constraints.py", "lowest")
    assert done.stderr == ""
    lowest = dict(re.findall(r"^(\S+)==(\S+)$", done.stdout, re.MULTILINE))
    assert [needed.name for needed in asked_for()] == list(lowest)
    assert all(needed.specifier.contains(lowest[needed.name]) for needed in asked_for())


def test_targets_that_the_docs_and_the_tests_name_are_there() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), CONSTRAINTS, ROOT / "requirements" / "constraints.py"]
    named = {
        (file.relative_to(ROOT).as_posix(), target)
        for files, pattern in (
            (pages, r"(?:`|\$ |: )make ([a-z][a-z-]*)"),
            ((ROOT / "tests").rglob("*.py"), r"(?:`|; with [a-z ]+|: )make ([a-z][a-z-]*)"),
        )
        for file in files
        for target in re.findall(pattern, file.read_text("utf-8"))
    }
    assert {target for _, target in named} >= {"test", "engines", "fuzz", "demo", "newest", "lowest", "pins"}
    assert not [f"{file}: make {target}" for file, target in sorted(named) if target not in targets]


def test_what_is_skipped_says_how_it_would_run() -> None:
    calls = (
        (file, node)
        for file in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".skip", ".skipif", ".importorskip"))
    )
    reasons = [
        (f"{file.relative_to(ROOT)}:{node.lineno}", ast.unparse(reason))
        for file, node in calls
        for reason in [keyword.value for keyword in node.keywords if keyword.arg == "reason"] or node.args[-1:]
    ]
    assert len(reasons) > 20
    silent = [
        place
        for place, reason in reasons
        if "make " not in reason and "MISSING" not in reason and not reason.endswith("reason}'")
    ]
    assert not silent, "name the make target that would run it"


# ---------------------------------------------------------------------- finding a Python


def machine(folder: Path, **pythons: str) -> dict[str, str]:
    """The environment of a machine that has the usual tools and these Pythons: this one, which says another version."""
    found = folder / "bin"
    found.mkdir()
    for tool in TOOLS:
        found.joinpath(tool).symlink_to(shutil.which(tool) or "")
    for name, version in pythons.items():
        program = found / name.replace("_", ".")
        code = f"import sys; sys.version_info = ({version.replace('.', ', ')}, 0); sys._base_executable = '{program}'"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}; exec(sys.argv[1])" "$2"\n')
        program.chmod(0o755)
    return {"PATH": str(found), "HOME": str(folder)}


@shell
def test_too_old_a_python_is_said_in_one_line_and_nothing_is_made(tmp_path: Path) -> None:
    done = run("make", "demo", f"VENV={tmp_path}/venv", env=machine(tmp_path, python3="3.10", python3_12="3.9"))
    assert done.returncode == 2
    [line] = (done.stdout + done.stderr).splitlines()
    assert "aikido_llm needs Python 3.11 or later" in line
    assert "python3 is 3.10, python3.13 is not here, python3.12 is 3.9, python3.11 is not here" in line
    assert not (tmp_path / "venv").exists()


@shell
@pytest.mark.parametrize(
    ("pythons", "wanted"),
    [
        ({"python3": "3.11", "python3_13": "3.13"}, "python3"),
        ({"python3": "3.10", "python3_11": "3.11", "python3_12": "3.12"}, "python3.12"),
        ({"python3": "3.14"}, "python3"),
    ],
)
def test_python3_is_taken_and_another_where_it_is_too_old(tmp_path: Path, pythons: dict[str, str], wanted: str) -> None:
    done = run("sh", "requirements/python.sh", env=machine(tmp_path, **pythons))
    assert done.stdout == f"{tmp_path}/bin/{wanted}\n"


@shell
def test_a_named_python_is_taken_and_no_other(tmp_path: Path) -> None:
    here = machine(tmp_path, python3="3.12", python3_11="3.11", python3_10="3.10")
    assert run("sh", "requirements/python.sh", env={**here, "PYTHON": "python3.11"}).stdout.endswith("/python3.11\n")
    assert run("sh", "requirements/python.sh", "newest", env={**here, "PYTHON": "python3.11"}).stdout.endswith("3.11\n")
    done = run("sh", "requirements/python.sh", env={**here, "PYTHON": "python3.10"})
    assert (done.returncode, "python3.10 is 3.10" in done.stdout) == (1, True)


@shell
def test_the_oldest_the_newest_and_all_of_them(tmp_path: Path) -> None:
    here = machine(tmp_path, python3="3.12", python3_11="3.11", python3_12="3.12", python3_13="3.13")
    names = {
        which: [Path(line).name for line in run("sh", "requirements/python.sh", which, env=here).stdout.splitlines()]
        for which in ("oldest", "newest", "all")
    }
    assert names == {
        "oldest": ["python3.11"], "newest": ["python3.13"], "all": ["python3.11", "python3.12", "python3.13"]
    }  # fmt: skip


# ---------------------------------------------------------------------- the environment


class Machine:
    """A Python that makes environments in no time and installs nothing: it writes down what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.venv, self.log = folder, folder / "venv", folder / "log"

    def python(self, version: str) -> Path:
        program = self.folder / f"python{version}"
        program.write_text(f"""#!/bin/sh
case "$1 $2" in
  "-m venv") rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"
             echo "command = $0 -m venv --clear $4" >"$4/pyvenv.cfg" ;;
  "-m pip") echo "{version} constraint=$PIP_CONSTRAINT build=$PIP_BUILD_CONSTRAINT upgrade=$PIP_UPGRADE $*" >>{self.log}
            test ! -e {self.folder}/broken || {{ echo "no such package"; exit 1; }} ;;
  *) echo {version} ;;
esac
""")
        program.chmod(0o755)
        return program

    def install(self, version: str = "3.12", extra: str = "dev", constraints: str = "") -> str:
        """What install.sh says; nothing where there is nothing to do."""
        done = run("sh", "requirements/install.sh", self.python(version), self.venv, extra, constraints)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def pip(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def fresh(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@shell
def test_an_environment_is_made_once(fresh: Machine) -> None:
    said = fresh.install(constraints="requirements/constraints.txt")
    assert "making an environment" in said
    assert "installing [dev] under requirements/constraints.txt" in said
    [asked] = fresh.pip()
    assert asked.startswith("3.12 constraint=requirements/constraints.txt build=requirements/constraints.txt upgrade= ")
    assert asked.endswith("--editable .[dev]")
    assert fresh.install(constraints="requirements/constraints.txt") == ""
    assert fresh.install(extra="cli", constraints="requirements/constraints.txt") == "", "dev holds it"


@shell
def test_another_extra_or_other_constraints_are_installed(fresh: Machine, tmp_path: Path) -> None:
    fresh.install()
    assert "upgrade=1" in fresh.pip()[0]
    assert "making" not in fresh.install(extra="docs")
    other = tmp_path / "other.txt"
    other.write_text("attrs==26.1.0\n")
    assert f"under {other}" in fresh.install(constraints=str(other))
    assert len(fresh.pip()) == 3


@shell
def test_an_environment_of_another_python_is_made_again(fresh: Machine) -> None:
    fresh.install("3.12")
    said = fresh.install("3.13")
    assert "(the one here is of Python 3.12)" in said
    assert [line[:4] for line in fresh.pip()] == ["3.12", "3.13"]


@shell
@pytest.mark.parametrize("harm", ["gone", "dead"])
def test_a_broken_environment_is_made_again(fresh: Machine, harm: str) -> None:
    fresh.install()
    python = fresh.venv / "bin" / "python"
    python.unlink()
    if harm == "dead":
        python.symlink_to(fresh.folder / "a Python that was uninstalled")
    assert "(the one here is broken)" in fresh.install()
    assert fresh.install() == ""


@shell
def test_an_environment_that_was_moved_is_made_again(fresh: Machine) -> None:
    fresh.install()
    fresh.venv.rename(fresh.folder / "elsewhere")
    fresh.venv = fresh.folder / "elsewhere"
    assert "(the one here was made elsewhere)" in fresh.install()
    assert fresh.install() == ""


@shell
def test_a_folder_of_something_else_is_left_alone(fresh: Machine) -> None:
    fresh.venv.mkdir()
    (fresh.venv / "thesis.txt").write_text("years of work")
    done = run("sh", "requirements/install.sh", fresh.python("3.12"), fresh.venv, "dev")
    assert (done.returncode, "is a folder of something else" in done.stderr) == (1, True)
    assert (fresh.venv / "thesis.txt").exists()


@shell
def test_what_cannot_be_installed_is_said_and_next_time_all_is_made_again(fresh: Machine) -> None:
    (fresh.folder / "broken").touch()
    done = run("sh", "requirements/install.sh", fresh.python("3.12"), fresh.venv, "dev")
    assert done.returncode == 1
    assert "no such package" in done.stderr
    assert "pip.log" in done.stderr
    (fresh.folder / "broken").unlink()
    assert "did not end" in (said := fresh.install())
    assert "installing [dev]" in said
    assert fresh.install() == ""


# ---------------------------------------------------------------------- how the tests run


def test_a_test_that_hangs_is_named_and_the_next_one_runs(tmp_path: Path) -> None:
    file = tmp_path / "test_slow.py"
    file.write_text(
        "import asyncio\n\n"
        "async def test_that_hangs(): await asyncio.Event().wait()\n\n"
        "async def test_after_it(): pass\n"
    )
    limits = ("-o", "timeout=0.5", "-p", "no:cacheprovider", "-p", "no:xdist")
    done = run(sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", tmp_path, *limits, file)
    assert re.search(r"^FAILED \S*test_slow.py::test_that_hangs", done.stdout, re.MULTILINE)
    assert "Timeout (>0.5s)" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
    limit = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["timeout"]
    assert 10 <= limit <= 300


@pytest.mark.skipif(os.name != "posix", reason="signals; on POSIX: make test")
def test_ctrl_c_can_be_tested_where_a_shell_ignores_it() -> None:
    tests = "tests/test_sync.py tests/testing/test_server.py -k 'ctrl_c or command_line'"
    done = run("sh", "-c", f"trap '' INT; exec {sys.executable} -m pytest -p no:xdist {tests}")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout

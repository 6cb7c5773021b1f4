"""The wheel and the sdist: the same bytes from the same source, what is in them, and that they work once installed.

Installed means: in an environment made for the test, in which nothing can be imported but the wheel, what its metadata
declares (linked from the environment that runs the tests, so no network is needed), and the standard library.
"""

import email
import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path

import pytest
from attrs import frozen
from packaging.requirements import Requirement

import aikido_llm

ROOT = Path(__file__).parent.parent
NAME = f"aikido_llm-{aikido_llm.__version__}"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "LLM_"))}

pytestmark = [
    pytest.mark.skipif(not importlib.util.find_spec(tool), reason=f"{tool} is not installed: make test")
    for tool in ("hatchling", "pip")
]


def run(*command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(
        words,
        cwd=cwd,
        env=CLEAN | env,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


@frozen
class Built:
    """The two files that one source gave, by the build backend that pyproject.toml names."""

    folder: Path

    @classmethod
    def of(cls, source: Path, folder: Path, **env: str) -> "Built":
        done = run(
            sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=source, SOURCE_DATE_EPOCH="1700000000", **env
        )
        assert done.returncode == 0, done.stderr
        return cls(folder)

    @property
    def sdist(self) -> Path:
        return self.folder / f"{NAME}.tar.gz"

    @property
    def wheel(self) -> Path:
        return self.folder / f"{NAME}-py3-none-any.whl"

    @property
    def names(self) -> set[str]:
        with zipfile.ZipFile(self.wheel) as wheel:
            return set(wheel.namelist())

    @property
    def metadata(self) -> Message:
        with zipfile.ZipFile(self.wheel) as wheel:
            return email.message_from_bytes(wheel.read(f"{NAME}.dist-info/METADATA"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built.of(ROOT, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def unpacked(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked elsewhere, as of now."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(built.sdist) as sdist:
        for member in sdist.getmembers():
            data = sdist.extractfile(member)
            assert data is not None, f"{member.name} is no file"
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.read())
            path.chmod(member.mode)
    return folder / NAME


def tree(folder: Path) -> set[str]:
    """The files of a folder that belong to the project."""
    made = {"__pycache__", "_build", "node_modules"}
    files = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    return {file.as_posix() for file in files if not made & set(file.parts)}


# ---------------------------------------------------------------- what is built


def test_the_same_source_gives_the_same_bytes(built: Built, unpacked: Path, tmp_path: Path) -> None:
    """Elsewhere, in another time zone, with other times and rights on the files: from the sdist, which so is whole."""
    for file in unpacked.rglob("*"):
        os.utime(file, (1, 1))
    (unpacked / "aikido_llm" / "errors.py").chmod(0o600)
    again = Built.of(unpacked, tmp_path, TZ="Pacific/Kiritimati", LC_ALL="C", PYTHONHASHSEED="7")
    assert again.wheel.read_bytes() == built.wheel.read_bytes()
    assert again.sdist.read_bytes() == built.sdist.read_bytes()


def test_the_wheel_holds_the_package_and_nothing_else(built: Built) -> None:
    about = {name for name in built.names if name.startswith(f"{NAME}.dist-info/")}
    assert built.names - about == {f"aikido_llm/{name}" for name in tree(ROOT / "aikido_llm")}
    assert "aikido_llm/py.typed" in built.names
    endings = {name.partition("/")[2] for name in about}
    assert endings == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


def test_the_metadata_says_what_is_needed(built: Built) -> None:
    metadata = built.metadata
    assert (metadata["Name"], metadata["Version"]) == ("aikido-llm", aikido_llm.__version__)
    assert (metadata["Requires-Python"], metadata["License-Expression"]) == (">=3.11", "MIT")
    needed = {Requirement(text).name for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text}
    assert needed == {"aiohttp", "anyio", "attrs", "backoff", "cattrs", "msgspec", "pybase64"}
    assert {"cli", "dev", "docs"} <= set(metadata.get_all("Provides-Extra", []))


def test_the_changelog_has_this_version_below_what_is_unreleased() -> None:
    sections = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert sections[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(aikido_llm.__version__)} \(\d{{4}}-\d\d-\d\d\)", sections[1])


def test_a_package_index_shows_links_that_lead_somewhere(built: Built) -> None:
    urls = dict(text.split(", ") for text in built.metadata.get_all("Project-URL", []))
    assert set(urls) == {"Homepage", "Documentation", "Source", "Changelog"}
    shown = str(built.metadata.get_payload())
    targets = re.findall(r"\]\(([^)\s]+)\)", shown)
    assert f"{urls['Source']}/docs/guides/command-line.md" in targets
    assert all(target.startswith("https://") for target in targets)


def test_the_sdist_holds_what_its_tests_need(unpacked: Path) -> None:
    for folder in ("aikido_llm", "tests", "docs", "benchmarks"):
        assert tree(unpacked / folder) == tree(ROOT / folder)
    files = {"README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml"}
    assert files <= tree(unpacked)
    some = ("tests/test_provider_pages.py", "tests/test_docs.py::test_links_between_pages_lead_somewhere")
    done = run(sys.executable, "-m", "pytest", *some, cwd=unpacked)
    assert done.returncode == 0, done.stdout


def test_every_extra_of_users_is_tried(built: Built) -> None:
    """`make wheels` installs each of them."""
    spec = importlib.util.spec_from_file_location("wheels", ROOT / "requirements" / "wheels.py")
    assert spec is not None
    assert spec.loader is not None
    wheels = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wheels)
    extras = set(built.metadata.get_all("Provides-Extra", []))
    assert set(wheels.EXTRAS) == extras - wheels.DEVELOPERS
    assert wheels.version(built.sdist) == wheels.version(built.wheel) == aikido_llm.__version__
    assert "chat_stream" in wheels.first_program()


# ---------------------------------------------------------------- what is installed


@frozen
class Installed:
    folder: Path

    @property
    def python(self) -> Path:
        return self.path("scripts") / Path(sys.executable).name

    def path(self, kind: str) -> Path:
        base = str(self.folder)
        return Path(
            sysconfig.get_path(kind, "venv", {"base": base, "platbase": base, "installed_base": sys.base_prefix})
        )

    def run(self, *command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return run(*command, cwd=self.folder, **env)


Install = Callable[..., Installed]


@pytest.fixture(scope="module")
def install(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Install:
    def install(*requirements: str) -> Installed:
        """An empty environment, the wheel, and what it and these declare."""
        here = Installed(tmp_path_factory.mktemp("installed"))
        venv.create(here.folder, with_pip=False, symlinks=os.name != "nt")
        pip = (sys.executable, "-m", "pip", "--python", here.python)
        done = here.run(*pip, "install", "--quiet", "--no-deps", "--no-index", "--no-compile", built.wheel)
        assert done.returncode == 0, done.stderr
        for name in sorted(closure(built.metadata.get_all("Requires-Dist", []), requirements)):
            link(name, here.path("purelib"))
        return here

    return install


def closure(ours: list[str], asked: tuple[str, ...]) -> set[str]:
    """The distributions that the wheel needs with these requirements, and what those need in turn."""
    seen: set[tuple[str, str]] = set()  # name, extra ("" without one)
    waiting = [Requirement("aikido-llm"), *(Requirement(text) for text in asked)]
    while waiting:
        wanted = waiting.pop()
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        for extra in {"", *wanted.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            declared = ours if name == "aikido-llm" else importlib.metadata.requires(name) or []
            waiting += [Requirement(text) for text in declared if applies(text, extra)]
    return {name for name, _ in seen} - {"aikido-llm"}


def applies(requirement: str, extra: str) -> bool:
    marker = Requirement(requirement).marker
    return marker is None or marker.evaluate({"extra": extra})


def link(name: str, site: Path) -> None:
    """Make one distribution of the running environment importable in another, and nothing beside it."""
    distribution = importlib.metadata.distribution(name)
    for top in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
        if not (site / top).exists():
            (site / top).symlink_to(Path(str(distribution.locate_file(top))))


@pytest.fixture(scope="module")
def plain(install: Install) -> Installed:
    return install()


@pytest.fixture(scope="module")
def with_cli(install: Install) -> Installed:
    return install("aikido-llm[cli]", "pytest")


def modules(built: Built) -> Iterator[str]:
    for name in sorted(built.names):
        if name.endswith(".py"):
            yield name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


ON_OTEL = ("aikido_llm.middleware.telemetry.instruments", "aikido_llm.middleware.telemetry.spans")
IMPORT_ALL = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"


def test_without_extras_all_but_the_command_line_works(plain: Installed, built: Built) -> None:
    apart = ("aikido_llm.cli", "aikido_llm.testing.plugin", *ON_OTEL)  # the first two stand on click and on pytest
    done = plain.run(plain.python, "-c", IMPORT_ALL, *(name for name in modules(built) if not name.startswith(apart)))
    assert (done.returncode, done.stderr) == (0, "")
    ask = (
        "import asyncio, aikido_llm as llm\n"
        "async def main():\n"
        "    async with llm.open('echo') as client: print((await client.chat('hello')).text)\n"
        "asyncio.run(main()); print(llm.__file__)"
    )
    answer, file = plain.run(plain.python, "-c", ask).stdout.splitlines()
    assert answer == "hello"
    assert Path(file).is_relative_to(plain.folder)


def test_without_the_cli_extra_one_line_says_how_to_install_it(plain: Installed) -> None:
    for command in ((plain.python, "-m", "aikido_llm"), (plain.path("scripts") / "aikido-llm",)):
        done = plain.run(*command, "--version")
        assert (done.returncode, done.stdout) == (0, f"aikido-llm, version {aikido_llm.__version__}\n")
        done = plain.run(*command, "chat", "hello")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == 'aikido-llm: the command line needs an extra: pip install "aikido-llm[cli]"\n'


def test_with_the_otel_extra_a_call_is_observed(install: Install) -> None:
    here = install("aikido-llm[otel]")
    done = here.run(here.python, "-c", IMPORT_ALL, *ON_OTEL)
    assert (done.returncode, done.stderr) == (0, "")
    ask = (
        "import asyncio, aikido_llm as llm\n"
        "from aikido_llm.middleware import observed\n"
        "async def main():\n"
        "    async with observed(llm.open('echo')) as client: print((await client.chat('hello')).text)\n"
        "asyncio.run(main())"
    )
    done = here.run(here.python, "-c", ask)
    assert (done.stdout, done.stderr) == ("hello\n", "")


def test_the_command_line_works(with_cli: Installed, built: Built) -> None:
    done = with_cli.run(with_cli.python, "-c", IMPORT_ALL, *(name for name in modules(built) if name not in ON_OTEL))
    assert (done.returncode, done.stderr) == (0, "")
    for command in ((with_cli.python, "-m", "aikido_llm"), (with_cli.path("scripts") / "aikido-llm",)):
        done = with_cli.run(*command, "--version")
        assert (done.returncode, done.stdout) == (0, f"aikido-llm, version {aikido_llm.__version__}\n")
        done = with_cli.run(*command, "chat", "hello")
        assert (done.returncode, done.stdout) == (0, "hello\n")


def test_the_demo_runs(with_cli: Installed) -> None:
    done = with_cli.run(with_cli.python, "-m", "aikido_llm", "demo")
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert "Traceback" not in done.stderr


USES_THE_PLUGIN = """
import asyncio
import pytest
import aikido_llm as llm

@pytest.fixture
def anyio_backend(): return "asyncio"

def test_stub(stub_client, no_network):
    assert asyncio.run(stub_client("Hello").chat("hi")).text == "Hello"

@pytest.mark.anyio
async def test_server(wire_server):
    wire_server.answer("Hello")
    async with llm.open("gemini", wire_server.dsn("gemini")) as client:
        assert (await client.chat("hi")).text == "Hello"
"""


def test_pytest_finds_the_plugin(with_cli: Installed) -> None:
    (with_cli.folder / "test_it.py").write_text(USES_THE_PLUGIN)
    done = with_cli.run(with_cli.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout

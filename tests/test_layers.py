"""The house from the ground up: a file imports only what stands below it, and each library has its one place.

Imports inside functions count too (they only come later). Those for type checkers never come: one that would run back
up or close a circle is named in the table.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import aikido_llm

from .each import each
from .layers import BELOW, BUILT_ON, FOR_CHECKERS, LIBRARIES, PAGE, TOP, page

ROOT = Path(aikido_llm.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def test_the_table_is_in_order() -> None:
    below: set[str] = set()
    for room, allowed in BELOW.items():
        assert set(allowed) <= below, f"{room} stands below {sorted(set(allowed) - below)}"
        below.add(room)


def test_the_page_shows_the_table() -> None:
    text = PAGE.read_text("utf-8")
    assert page(text) == text, "docs/data-flow.md is behind: run python -m tests.layers"


def test_every_module_has_a_place() -> None:
    homeless = {relative(file) for file in FILES if room_of(module_name(file)) not in (*BELOW, *TOP)}
    assert not homeless, "give each a place in tests/layers.py"


def test_every_place_is_taken() -> None:
    rooms = {room_of(module_name(file)) for file in FILES}
    assert not set(BELOW) - rooms, "these rooms of tests/layers.py hold no file"


@each(lambda: FILES, lambda file: relative(file))
def test_imports_only_what_stands_below(file: Path) -> None:
    against = {target for target in our_imports(file) if not may_import(room_of(module_name(file)), target)}
    assert not against, f"aikido_llm/{relative(file)} imports {', '.join(sorted(against))}: see tests/layers.py"


def test_what_is_named_for_type_checkers_alone_is_known() -> None:
    upward = {
        (relative(file), target)
        for file in FILES
        if room_of(module_name(file)) not in TOP
        for target in our_imports(file, for_checkers=True) - our_imports(file)
        if not may_import(room_of(module_name(file)), target) or way(target, module_name(file))
    }
    assert upward == set(FOR_CHECKERS)


def test_each_library_has_its_place() -> None:
    misplaced = {
        (relative(file), library)
        for file in FILES
        for library in libraries(file)
        if not relative(file).startswith(LIBRARIES.get(library, ()))
    }
    assert not misplaced, "name the place in LIBRARIES of tests/layers.py"


def test_the_checks_see_what_they_shall() -> None:
    assert may_import("call", "dialects.base")
    assert may_import("framing", "framing.lines")
    assert not may_import("framing", "types.events")
    assert not may_import("errors", "types.response")
    assert not may_import("transport", "dialects.base")
    assert "dialects.base" in our_imports(ROOT / "call" / "answer.py")
    assert "types.response" not in our_imports(ROOT / "errors.py")
    assert "types.response" in our_imports(ROOT / "errors.py", for_checkers=True)
    assert "transport.aiohttp" in our_imports(ROOT / "transport" / "lazy.py"), "an import inside a function counts"
    assert libraries(ROOT / "retry.py") == {"anyio", "attrs", "backoff"}
    assert room_of("providers.openai") == "providers"
    assert way("call.stream", "errors")


def test_no_module_imports_itself_by_way_of_others() -> None:
    circles = {name: found for name in graph() if (found := way(name, name))}
    assert not circles, "\n".join(" -> ".join(circle) for circle in circles.values())


def test_no_dialect_imports_another() -> None:
    for file in FILES:
        home = dialect(module_name(file))
        others = {dialect(target) for target in our_imports(file)} - {"", home, BUILT_ON.get(home, "")}
        assert not home or not others, f"{relative(file)} imports {others}"


def test_shared_code_names_no_provider() -> None:
    """Framing, the shared rooms of the dialects and all that stands below them ask no one who they serve."""
    rows = {file.stem for file in (ROOT / "providers").glob("*.py")} - {"__init__", "base", "echo"}
    shared = [
        *(ROOT / "framing").glob("*.py"),
        *(ROOT / "dialects").glob("*.py"),
        ROOT / "call" / "answer.py",
        ROOT / "call" / "stream.py",
    ]
    for file in shared:
        words = {str(node.value).lower() for node in ast.walk(tree(file)) if isinstance(node, ast.Constant)}
        assert not words & rows, f"{relative(file)} names {words & rows}"


# ---------------------------------------------------------------- reading imports


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def module_name(file: Path) -> str:
    """`dialects.base`, `dialects` for its `__init__`, `__init__` for the front door."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1]) if parts[-1] == "__init__" and len(parts) > 1 else ".".join(parts)


def dialect(module: str) -> str:
    """The dialect whose room this is, "" for shared rooms and all else."""
    parts = module.split(".")
    return parts[1] if parts[0] == "dialects" and len(parts) > 1 and (ROOT / "dialects" / parts[1]).is_dir() else ""


def room_of(module: str) -> str:
    if module in BELOW:
        return module
    return room_of(module.rpartition(".")[0]) if "." in module else module


def may_import(room: str, target: str) -> bool:
    return room in TOP or room_of(target) in (room, *BELOW.get(room, ()))


@cache
def our_imports(file: Path, *, for_checkers: bool = False) -> frozenset[str]:
    """Modules of ours that it imports, at once or inside a function; for_checkers: those that only they read too."""
    found: set[str] = set()
    for node in imports(tree(file), for_checkers=for_checkers):
        for name in names(node, file):
            top, _, rest = name.partition(".")
            if top == "aikido_llm":
                found.add(existing(rest))
    return frozenset(found - {module_name(file)})


@cache
def graph() -> dict[str, frozenset[str]]:
    """Module -> what it imports. The front door loads names when they are asked for, so no way leads through it."""
    return {module_name(file): our_imports(file) - {"__init__"} for file in FILES}


def way(start: str, goal: str) -> tuple[str, ...]:
    """The modules by which start comes to import goal; () when it never does."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    while ways:
        so_far = ways.pop()
        for target in graph().get(so_far[-1], ()):
            if target == goal:
                return (*so_far, target)
            if target not in seen:
                seen.add(target)
                ways.append((*so_far, target))
    return ()


def libraries(file: Path) -> set[str]:
    tops = {name.partition(".")[0] for node in imports(tree(file)) for name in names(node, file)}
    return tops - {"aikido_llm", *sys.stdlib_module_names}


def imports(node: ast.AST, *, for_checkers: bool = False) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test) and not for_checkers:
            continue
        else:
            yield from imports(child, for_checkers=for_checkers)


def names(node: ast.Import | ast.ImportFrom, file: Path) -> list[str]:
    """Full names of what is imported: modules, or names inside them."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        package = ("aikido_llm", *file.relative_to(ROOT).parts[:-1])
        base = ".".join((*package[: len(package) - node.level + 1], *([base] if base else [])))
    return [f"{base}.{alias.name}" for alias in node.names]


def existing(name: str) -> str:
    """The module that a full name is, or is in; `__init__` for the front door."""
    while (
        name and not (ROOT / f"{name.replace('.', '/')}.py").exists() and not (ROOT / name.replace(".", "/")).is_dir()
    ):
        name = name.rpartition(".")[0]
    return name or "__init__"

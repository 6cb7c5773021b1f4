"""The house from the ground up: a file imports only what stands below it, and each library has its one place.

Imports inside functions count too (they only come later); those under TYPE_CHECKING do not (they never come).
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import aikido_llm

ROOT = Path(aikido_llm.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# Layer -> the layers that it may import, beside itself. A layer is a module, or a package with all that is in it; the
# longest name that fits a module is its layer. Each stands above those that it names.
LAYERS: dict[str, set[str]] = {
    # vocabulary
    "_base64": set(),
    "secret": set(),
    "_json": {"_base64"},
    "_plain": {"_base64"},
    "types": {"_base64"},
    "errors": {"secret", "types"},
    "serialize": {"_base64", "_plain", "errors", "types"},
    "accumulate": {"types"},
    "client": {"types"},
    # pure: no I/O, no event loop
    "framing": {"_base64", "_json", "errors"},
    "dialects": {"_base64", "_json", "errors", "framing", "types"},
    "answer": {"_json", "accumulate", "dialects", "errors", "framing", "secret", "types"},
    "providers": {"_json", "dialects", "errors", "types"},
    "dsn": {"errors", "secret"},
    "parameters": {"errors", "providers", "types"},
    # I/O
    "transport": {"errors", "secret"},
    "echo": {"_json", "transport", "types"},
    "providers.echo": {"dialects", "echo", "providers"},
    "clocks": {"errors", "transport"},
    "stream": {"answer", "clocks", "errors", "transport", "types"},
    "retry": {"accumulate", "client", "errors", "types"},
    "exchange": {"clocks", "dialects", "errors", "framing", "providers", "retry", "secret", "transport", "types"},
    "http_client": {
        *("_json", "answer", "clocks", "dialects", "errors", "exchange", "providers", "retry", "stream"),
        *("transport", "types"),
    },
    "connect": {
        *(
            "dsn",
            "errors",
            "exchange",
            "http_client",
            "parameters",
            "providers",
            "retry",
            "secret",
            "transport",
            "types",
        )
    },
    "notebook": {"_base64", "types"},
    "growing": {"_json"},
    "typed": {"_json", "client", "errors", "growing", "retry", "serialize", "types"},
    "tools": {"_json", "client", "errors", "types"},
    "default": {"connect", "errors", "http_client", "stream", "types"},
}

# On top of all this: they may import whatever is public.
TOP = ("__init__", "__main__", "cli", "sync", "testing")

# Third-party package -> where it may be named.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "attrs": ("",),
    "aiohttp": ("transport/aiohttp.py",),
    "anyio": ("retry.py", "sync.py", "tools.py"),
    "backoff": ("retry.py",),
    "cattrs": ("serialize.py",),
    "click": ("cli/", "__main__.py"),
    "dotenv": ("cli/",),
    "msgspec": ("_json.py", "dialects/"),
    "prompt_toolkit": ("cli/typing_in.py",),
    "pybase64": ("_base64.py",),
    "pytest": ("testing/plugin.py",),
    "pytest_asyncio": ("testing/plugin.py",),
    "rich": ("cli/", "__main__.py"),
    "yarl": ("transport/aiohttp.py",),
}

# (file, what it imports against the order, inside a function) -> why.
LAZY: dict[tuple[str, str], str] = {
    ("types/messages.py", "_json"): "ToolCall.parsed reads JSON when it is asked to; the values stand on nothing",
    ("types/messages.py", "notebook"): "a value shows itself in a notebook, if it is in one",
    ("types/response.py", "notebook"): "a value shows itself in a notebook, if it is in one",
    ("types/messages.py", "tools"): "ToolDef.from_function is a constructor that the front door promises",
    ("types/messages.py", "errors"): "ToolCall.parsed raises InvalidToolArguments, and errors stand on types",
}


def test_the_table_is_in_order() -> None:
    below: set[str] = set()
    for layer, allowed in LAYERS.items():
        assert allowed <= below, f"{layer} stands below {sorted(allowed - below)}"
        below.add(layer)


def test_every_module_has_a_place() -> None:
    homeless = {module_name(file) for file in FILES if layer_of(module_name(file)) not in (*LAYERS, *TOP)}
    assert not homeless, "give each a place in LAYERS"


def test_a_file_imports_only_what_stands_below_it() -> None:
    against = {
        (relative(file), target)
        for file in FILES
        for target, lazy in our_imports(file)
        if not may_import(layer_of(module_name(file)), target) and not (lazy and (relative(file), target) in LAZY)
    }
    assert not against


def test_each_library_has_its_place() -> None:
    misplaced = {
        (relative(file), library)
        for file in FILES
        for library in libraries(file)
        if not relative(file).startswith(LIBRARIES.get(library, ()))
    }
    assert not misplaced


def test_the_checks_see_what_they_shall() -> None:
    assert may_import("answer", "dialects.base")
    assert may_import("framing", "framing.lines")
    assert not may_import("framing", "types.events")
    assert not may_import("types", "errors")
    assert not may_import("transport", "dialects.base")
    assert ("dialects.base", False) in our_imports(ROOT / "answer.py")
    assert ("errors", True) in our_imports(ROOT / "types" / "messages.py")
    assert ("errors", False) not in our_imports(ROOT / "types" / "events.py"), "that one is for type checkers"
    assert libraries(ROOT / "retry.py") == {"anyio", "attrs", "backoff"}
    assert layer_of("providers.echo") == "providers.echo"
    assert layer_of("providers.openai") == "providers"


def test_every_exception_is_still_needed() -> None:
    for (path, target), reason in LAZY.items():
        assert reason
        assert (target, True) in our_imports(ROOT / path), f"{path} no longer imports {target}"
        assert not may_import(layer_of(module_name(ROOT / path)), target)


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {module_name(file): {target for target, lazy in our_imports(file) if not lazy} for file in FILES}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way, module))
        if module in done or module not in graph:
            return
        for target in graph[module]:
            visit(target, (*way, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def test_no_dialect_imports_another() -> None:
    for file in FILES:
        home = dialect(module_name(file))
        others = {dialect(target) for target, _ in our_imports(file)} - {"", home}
        assert not home or not others, f"{relative(file)} imports {others}"


def test_shared_code_names_no_provider() -> None:
    """Framing, the shared rooms of the dialects and all that stands below them ask no one who they serve."""
    rows = {file.stem for file in (ROOT / "providers").glob("*.py")} - {"__init__", "base", "echo"}
    shared = [
        *(ROOT / "framing").glob("*.py"),
        *(ROOT / "dialects").glob("*.py"),
        ROOT / "answer.py",
        ROOT / "stream.py",
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


def layer_of(module: str) -> str:
    if module in LAYERS:
        return module
    return layer_of(module.rpartition(".")[0]) if "." in module else module


def may_import(layer: str, target: str) -> bool:
    return layer in TOP or layer_of(target) in (layer, *LAYERS.get(layer, ()))


@cache
def our_imports(file: Path) -> frozenset[tuple[str, bool]]:
    """(module of ours, whether only inside a function)."""
    found: set[tuple[str, bool]] = set()
    for node, lazy in imports(tree(file)):
        for name in names(node, file):
            top, _, rest = name.partition(".")
            if top == "aikido_llm" and rest != "__version__":
                found.add((existing(rest), lazy))
    return frozenset(found - {(module_name(file), False), (module_name(file), True)})


def libraries(file: Path) -> set[str]:
    tops = {name.partition(".")[0] for node, _ in imports(tree(file)) for name in names(node, file)}
    return tops - {"aikido_llm", *sys.stdlib_module_names}


def imports(node: ast.AST, lazy: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, lazy
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports(child, lazy or inside)


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

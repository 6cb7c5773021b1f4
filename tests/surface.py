"""The public surface as text: each public name as its source declares it, without the bodies.

    python -m tests.surface     writes tests/public_api.txt anew, for when the surface was changed on purpose

It is read from the source and not from the imported objects, so that it is the same on every Python.
"""

import ast
from functools import cache
from pathlib import Path

import aikido_llm
import aikido_llm.bridges
import aikido_llm.bulk
import aikido_llm.middleware
import aikido_llm.testing

ROOT = Path(aikido_llm.__file__).parent
SNAPSHOT = Path(__file__).parent / "public_api.txt"

_DIALECTS = sorted(folder.name for folder in (ROOT / "dialects").iterdir() if (folder / "quirks.py").exists())

# Module that a user imports from -> its public names, and the module of each ("" for that module itself).
SURFACE: dict[str, dict[str, str]] = {
    "aikido_llm": vars(aikido_llm)["_HOME"] | {"providers": "providers"},
    "aikido_llm.middleware": {name: f"middleware.{home}" for name, home in vars(aikido_llm.middleware)["_HOME"].items()}
    | {"CallStore": "store"},
    "aikido_llm.bulk": {name: f"bulk.{home}" for name, home in vars(aikido_llm.bulk)["_HOME"].items()},
    "aikido_llm.bridges": {name: f"bridges.{home}" for name, home in vars(aikido_llm.bridges)["_HOME"].items()},
    "aikido_llm.serialize": dict.fromkeys(("from_dict", "to_dict"), "serialize"),
    "aikido_llm.client": dict.fromkeys(
        ("NOTHING", "Embedder", "Gate", "Gated", "Lease", "Reranker", "TokenCounter"), "client"
    ),
    "aikido_llm.store": {
        **dict.fromkeys(("Asked", "CallStore", "identify"), "store"),
        **dict.fromkeys(("Call", "Outcome"), "types.calls"),
    },
    "aikido_llm.sync": dict.fromkeys(("SyncEventStream", "SyncHTTPClient", "open", "wrap"), "sync"),
    "aikido_llm.testing": {name: f"testing.{home}" for name, home in vars(aikido_llm.testing)["_HOME"].items()},
    "aikido_llm.testing.plugin (pytest fixtures)": dict.fromkeys(
        ("NetworkUsed", "no_network", "stub_client", "wire_server"), "testing.plugin"
    ),
    "aikido_llm.dialects.base": dict.fromkeys(
        ("FEATURES", "Decoder", "Dialect", "ErrorReply", "ModelPage", "WireRequest"), "dialects.base"
    ),
    "aikido_llm.transport.base": dict.fromkeys(("HTTPRequest", "HTTPResponse", "Transport"), "transport.base"),
    **{f"aikido_llm.dialects.{name}": {"Quirks": f"dialects.{name}.quirks"} for name in _DIALECTS},
}

_SHOWN_DECORATORS = ("classmethod", "staticmethod", "property", "overload", "frozen", "define", "runtime_checkable")
_SILENT_NAMES = (
    "__slots__",
    "__repr__",
    "__str__",
    "__del__",
    "__attrs_post_init__",
    "__reduce__",
    "__eq__",
    "__hash__",
)
_MADE_BY_US = ("EventStream", "HTTPClient", "SyncEventStream", "SyncHTTPClient", "TypedStream")  # by a public function


def surface() -> str:
    """The whole text: a heading per module, the names in alphabetical order."""
    sections = [
        "\n".join([f"# {module}", "", *(_declared(name, names[name]) for name in sorted(names))])
        for module, names in SURFACE.items()
    ]
    return "\n\n".join(sections) + "\n"


@cache
def _tree(module: str) -> ast.Module:
    path = ROOT.joinpath(*module.split("."))
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8"))


def _declared(name: str, module: str) -> str:
    nodes = [node for node in _tree(module).body if _name(node) == name]
    assert nodes, f"{module}.py does not declare {name}: name the module that does"
    return "\n".join(line for node in nodes for line in _lines(node, module))


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.target)
    return ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""


def _lines(node: ast.stmt, module: str) -> list[str]:
    if isinstance(node, ast.ClassDef):
        inside = [f"    {line}" for line in _members(node, module)]
        if node.name in _MADE_BY_US:
            inside = [line for line in inside if not line.startswith("    def __init__")]
        bases = f"({found})" if (found := _bases(node)) else ""
        return [*_decorators(node), f"class {node.name}{bases}:{'' if inside else ' ...'}", *inside]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        returns = f" -> {_annotation(node.returns)}" if node.returns else ""
        return [*_decorators(node), f"{word} {node.name}({_arguments(node.args)}){returns}"]
    if isinstance(node, ast.AnnAssign):
        value = "" if node.value is None else _default(node.value)
        return [f"{ast.unparse(node.target)}: {_annotation(node.annotation)}{value}"]
    return [ast.unparse(node)] if isinstance(node, ast.Assign) else []


def _members(node: ast.ClassDef, module: str) -> list[str]:
    """Fields, methods and what `__init__` sets, those of private base classes among them."""
    found: list[str] = []
    for base in node.bases:
        name = ast.unparse(base).partition("[")[0]
        if name.startswith("_"):
            private = next(each for each in _tree(module).body if isinstance(each, ast.ClassDef) and each.name == name)
            found += _members(private, module)
    for member in node.body:
        name = _name(member)
        if name and (not name.startswith("_") or (name.startswith("__") and name not in _SILENT_NAMES)):
            found += _lines(member, module)
        if name == "__init__":
            found += _set_on_self(member)
    own = [line for line in found if line.partition(":")[0].isidentifier()]
    last = {line.partition(":")[0]: line for line in own}  # a field that is declared again takes the base's place
    return [line for line in found if line not in own or last.get(line.partition(":")[0]) == line]


def _set_on_self(init: ast.stmt) -> list[str]:
    targets = [
        target
        for node in ast.walk(init)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return [
        f"self.{target.attr}"
        for target in targets
        if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self" and target.attr[0] != "_"
    ]


def _decorators(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [f"@{text}" for each in node.decorator_list if (text := ast.unparse(each)).startswith(_SHOWN_DECORATORS)]


def _bases(node: ast.ClassDef) -> str:
    return ", ".join(text for base in node.bases if not (text := ast.unparse(base)).startswith("_"))


def _arguments(arguments: ast.arguments) -> str:
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg) and argument.annotation is not None:
            argument.annotation = ast.parse(_annotation(argument.annotation), mode="eval").body
    return ast.unparse(arguments)


def _annotation(node: ast.expr) -> str:
    """Without the quotes that only stand for a later name."""
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)


def _default(value: ast.expr) -> str:
    """` = ...`; of attrs' field() only whether there is a default, and which."""
    if not (isinstance(value, ast.Call) and ast.unparse(value.func) == "field"):
        return f" = {ast.unparse(value)}"
    said = {keyword.arg: keyword.value for keyword in value.keywords}
    if "factory" in said:
        return " = ..."
    return f" = {ast.unparse(said['default'])}" if "default" in said else ""


if __name__ == "__main__":
    SNAPSHOT.write_text(surface(), "utf-8")
    print(f"written: {SNAPSHOT}")

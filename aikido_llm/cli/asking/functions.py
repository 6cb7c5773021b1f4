"""`--tools FILE.py`: the functions of a file, and the question whether a call of one may run."""

import asyncio
import inspect
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from attrs import define, field

import aikido_llm as llm

from ..terminal.render import visible
from . import typing_in

_NOBODY = "nobody could be asked whether this call may run (--yes runs all)"


def load(path: str) -> list[Callable[..., Any]]:
    """What `__all__` names, else each function that the file defines and that has no underscore in front.

    raises: ConfigError that says what went wrong while it ran.
    """
    file = Path(path)
    spec = spec_from_file_location(f"aikido_llm_tools_{file.stem}", file)
    if file.suffix != ".py" or not file.is_file() or spec is None or spec.loader is None:
        raise llm.ConfigError(f"--tools takes a file of Python, which {path} is not")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # annotations are looked up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise llm.ConfigError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    names = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == spec.name and not name.startswith("_")
    ]  # fmt: skip
    found = [getattr(module, name, None) for name in names]
    functions = [function for function in found if callable(function)]
    if not functions or len(functions) < len(found):
        raise llm.ConfigError(f"{path} has no functions to offer")
    return functions


@define
class Offer:
    """The functions of some files, by the path that was typed. yes: they run without a question."""

    yes: bool = False
    files: dict[str, list[Callable[..., Any]]] = field(factory=lambda: dict[str, list[Callable[..., Any]]]())
    approval: "Approval" = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.approval = Approval(self.yes)

    def add(self, path: str) -> None:
        """Raises ConfigError, and then nothing has changed."""
        found = load(path)
        taken = {function.__name__ for file, several in self.files.items() if file != path for function in several}
        for function in found:
            if function.__name__ in taken:
                raise llm.ConfigError(f"{path}: there is a function {function.__name__} already")
        self.files[path] = found

    @property
    def functions(self) -> list[Callable[..., Any]]:
        return [function for several in self.files.values() for function in several]

    @property
    def tools(self) -> list[llm.ToolDef]:
        """What the model is told of them."""
        return [llm.ToolDef.from_function(function) for function in self.functions]


@define
class Approval:
    """Asks a person at the terminal, one call after another; who answers `a` is not asked about that tool again.

    yes: nobody is asked.
    """

    yes: bool = False
    _always: set[str] = field(factory=lambda: set[str]())
    _one: asyncio.Lock = field(factory=asyncio.Lock)

    async def __call__(self, call: llm.ToolCall) -> bool | str:
        if self.yes:
            return True
        if not typing_in.can_ask():
            return _NOBODY
        async with self._one:
            if call.name in self._always:
                return True
            said = await typing_in.ask(f"run {visible(call.name)}({visible(call.arguments)})? [y]es, [N]o, [a]lways: ")
        if said == "a":
            self._always.add(call.name)
        return said in ("y", "a", "yes")

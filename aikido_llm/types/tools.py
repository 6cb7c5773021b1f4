"""Tools of the caller: what the model may call, and what it called. Tools that the provider runs: `server_tools`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from attrs import field, frozen

from ..codecs import json
from ..errors import InvalidToolArguments
from .checks import of
from .functions import describe
from .parts import CacheBreakpoint
from .server_tools import ServerTool


@frozen
class ToolCall:
    """A tool that the caller shall run.

    arguments:     the model's own JSON text; of a function "{}" when it sent none. Of kind "custom": free text.
    provider_data: what its wire wants back with the call (a thought signature, an item id), opaque.
    kind:          "function", "custom", or the provider's word for another call that the caller must answer
                   ("computer", "shell", "apply_patch", "mcp_approval", ...); its request is in arguments.
    """

    id: str = field(validator=of(str))
    name: str = field(validator=of(str))
    arguments: str = field(default="{}", validator=of(str))
    provider_data: dict[str, Any] | None = field(default=None, validator=of(dict, type(None)))
    kind: str = field(default="function", validator=of(str), kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.arguments and self.kind == "function":
            object.__setattr__(self, "arguments", "{}")

    def parsed(self) -> dict[str, Any]:
        """The arguments as a dict. Raises InvalidToolArguments when they are not a JSON object."""
        try:
            return json.loads_object(self.arguments)
        except ValueError as error:
            raise InvalidToolArguments(f"the arguments of tool {self.name!r}: {error}") from None


@frozen
class ToolDef:
    """A tool the model may call; parameters is a JSON Schema of type object."""

    name: str = field(validator=of(str))
    description: str = field(default="", validator=of(str))
    parameters: Mapping[str, Any] = field(
        factory=lambda: dict[str, Any](type="object", properties={}), validator=of(Mapping)
    )
    cache: CacheBreakpoint | None = field(default=None, validator=of(CacheBreakpoint, type(None)))

    @classmethod
    def from_function(cls, function: Callable[..., Any]) -> "ToolDef":
        """A typed function -> its tool: the name, the docstring, and the parameters from the annotations.

        raises: ConfigError for a parameter without an annotation, or of a type that JSON has no form for.
        """
        return cls(*describe(function))


@frozen
class CustomTool:
    """A tool whose input is free text, not JSON: its calls are of kind "custom".

    format: what the text must look like, in the wire's own words (a grammar), where the wire has such a thing.
    """

    name: str = field(validator=of(str))
    description: str = field(default="", validator=of(str))
    format: Mapping[str, Any] | None = field(default=None, validator=of(Mapping, type(None)))


Tool: TypeAlias = ToolDef | CustomTool | ServerTool
"""What a request may offer: a function, free text in, or a tool that the provider runs itself."""

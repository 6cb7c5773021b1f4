"""Tools that the provider runs itself (search, code, files, MCP): asked for by a request, told of by an answer."""

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from .checks import of, one_of


def _no_data() -> dict[str, Any]:
    return {}


@frozen
class ServerTool:
    """A tool of the provider, to be offered beside functions.

    name:    the wire's own word for it, or a short name where the wires agree: "web_search", "code_execution".
    options: its settings, in the wire's own words.
    """

    name: str = field(validator=of(str))
    options: Mapping[str, Any] = field(factory=_no_data, validator=of(Mapping))


@frozen
class ServerToolCall:
    """A tool that the provider has run.

    kind:      what sort of tool, in the wire's word (web_search, code_execution, mcp, ...). name: the tool's own name.
    arguments: what it was called with: JSON text, or plain text where the wire has that; "" when it does not tell.
    status:    "completed", "failed", or "open" when the answer tells no result.
    output:    what it gave: JSON text, or plain text where the wire has that; "" when it does not tell.
    """

    id: str = field(default="", validator=of(str))
    name: str = field(default="", validator=of(str))
    kind: str = field(default="", validator=of(str))
    arguments: str = field(default="", validator=of(str))
    status: Literal["completed", "failed", "open"] = field(
        default="completed", validator=one_of("completed", "failed", "open")
    )
    output: str = field(default="", validator=of(str))
    provider_data: dict[str, Any] = field(factory=_no_data, validator=of(dict))

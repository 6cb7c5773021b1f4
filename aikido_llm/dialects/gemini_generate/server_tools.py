"""What the service ran itself -> server tool calls (source: Gemini API reference, Part, and python-genai's types of
ToolCall and ToolResponse, 2.19, read 2026-11).

Code stands in a part, its result in a later one, as do a search and its result where the request asked to see them.
Where it did not, the grounding tells the queries and the URL context the pages, behind the answer.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from ...codecs import json
from ...types.events import Event
from ..server_tools import Running, ServerTools
from ..values import as_list, as_object, as_objects, as_text

PARTS = frozenset(("executableCode", "codeExecutionResult", "toolCall", "toolResponse"))
_CODE = "code_execution"
_SEARCH = "web_search"
_URL = "url_context"
_KINDS = {"GOOGLE_SEARCH_WEB": _SEARCH, "GOOGLE_SEARCH_IMAGE": "image_search"}  # others in small letters


class ServedTools:
    """The server tools of one answer. next_index: of the one count with the calls."""

    def __init__(self, next_index: Callable[[], int]) -> None:
        self._tools = ServerTools(next_index)
        self._waiting: dict[tuple[str, str], deque[Running]] = {}  # by kind and id, which may be missing
        self._queries: set[str] = set()  # that a part has told

    @property
    def running(self) -> bool:
        """Some tool has no result yet."""
        return self._tools.any_running

    def add(self, part: dict[str, Any], out: list[Event]) -> None:
        """A part that holds one of PARTS."""
        if "executableCode" in part:
            code = as_object(part["executableCode"])
            tool = self._begin(out, as_text(code.get("id")), _CODE, _CODE, as_text(code.get("code")))
            tool.data |= _rest(code, "id", "code")
        if "codeExecutionResult" in part:
            result = as_object(part["codeExecutionResult"])
            worked = result.get("outcome") == "OUTCOME_OK"
            tool = self._first(out, as_text(result.get("id")), _CODE, _CODE)
            tool.data |= _rest(result, "id", "output", *(("outcome",) if worked else ()))
            self._tools.end(out, tool, as_text(result.get("output")), failed=not worked)
        if "toolCall" in part:
            call = as_object(part["toolCall"])
            name = as_text(call.get("toolType"))
            self._queries.update(map(as_text, as_list(as_object(call.get("args")).get("queries"))))
            tool = self._begin(out, as_text(call.get("id")), name, _kind(name), _written(call.get("args")))
            tool.data |= _rest(call, "id", "toolType", "args")
        if "toolResponse" in part:
            response = as_object(part["toolResponse"])
            name = as_text(response.get("toolType"))
            tool = self._first(out, as_text(response.get("id")), name, _kind(name))
            tool.data |= _rest(response, "id", "toolType", "response")
            self._tools.end(out, tool, _written(response.get("response")))

    def close(self, provider_data: dict[str, Any], out: list[Event]) -> None:
        """The answer is over: what has no result yet, and what is told behind it, which leaves provider_data."""
        self._tools.leave_open(out)
        grounding = as_object(provider_data.get("groundingMetadata"))
        asked = map(as_text, as_list(grounding.pop("webSearchQueries", None)))
        queries = [query for query in asked if query and query not in self._queries]
        if queries:
            searched = self._tools.start(out, "", "google_search", _SEARCH, json.text({"queries": queries}))
            self._tools.end(out, searched)
        if not any(kind == _URL for kind, _ in self._waiting):  # else a part has told them
            for page in as_objects(as_object(provider_data.pop("urlContextMetadata", None)).get("urlMetadata")):
                self._page(page, out)

    def _begin(self, out: list[Event], id: str, name: str, kind: str, arguments: str) -> Running:
        tool = self._tools.start(out, id, name, kind, arguments)
        self._waiting.setdefault((kind, id), deque()).append(tool)
        return tool

    def _first(self, out: list[Event], id: str, name: str, kind: str) -> Running:
        """Whose result this is: the first one of that kind and id, begun now if none is known."""
        waiting = self._waiting.get((kind, id))
        return waiting.popleft() if waiting else self._tools.start(out, id, name, kind)

    def _page(self, page: dict[str, Any], out: list[Event]) -> None:
        read = page.get("urlRetrievalStatus") == "URL_RETRIEVAL_STATUS_SUCCESS"
        tool = self._tools.start(out, "", _URL, _URL, json.text({"url": page.get("retrievedUrl")}))
        tool.data |= _rest(page, "retrievedUrl", *(("urlRetrievalStatus",) if read else ()))
        self._tools.end(out, tool, failed=not read)


def _kind(name: str) -> str:
    return _KINDS.get(name, name.lower())


def _written(value: Any) -> str:
    return json.text(value) if value else ""


def _rest(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: item for name, item in fields.items() if name not in names and item is not None}

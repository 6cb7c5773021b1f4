"""Bodies as the encoder makes them, held against the rules, and the pieces they are compared with."""

import json
from typing import Any

from aikido_llm.codecs import json as _json
from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.types.messages import Message, user
from aikido_llm.types.request import Request
from aikido_llm.types.tools import ToolDef
from tests.dialects.rules import gemini_generate as rules

DIALECT = GeminiGenerate()
PNG = b"\x89PNG\r\n\x1a\n"
GEO = ToolDef("geo", "Look up", {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]})
SKIP = "skip_thought_signature_validator"


def body_of(*messages: Message, dialect: GeminiGenerate = DIALECT, **fields: Any) -> Any:
    request = Request(messages or (user("hi"),), model=fields.pop("model", "gemini-x"), **fields)
    wire = dialect.encode(request, stream=False, provider="gemini")
    assert wire.body is not None
    if not request.extra:
        rules.check(wire.body)
    return json.loads(_json.dumps(wire.body))


def contents_of(*messages: Message, dialect: GeminiGenerate = DIALECT) -> Any:
    return body_of(*messages, dialect=dialect)["contents"]


def config_of(**fields: Any) -> Any:
    return body_of(**fields).get("generationConfig")


def said(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


def called(name: str, args: Any = None, signature: str = SKIP) -> dict[str, Any]:
    signed = {"thoughtSignature": signature} if signature else {}
    return {"functionCall": {"name": name, "args": args or {}}, **signed}


def result(name: str, output: Any, key: str = "output") -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": {key: output}}}

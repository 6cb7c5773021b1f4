"""One validator per wire, written from the providers' references: does this body keep the wire's own rules?"""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aikido_llm.codecs import json
from aikido_llm.dialects.base import WireRequest
from aikido_llm.testing.wires import wire
from aikido_llm.testing.wires.base import Received
from tests.dialects.rules import (
    anthropic_messages,
    bedrock_converse,
    bedrock_invoke,
    cohere_chat,
    gemini_generate,
    ollama_chat,
    openai_chat,
    openai_responses,
)
from tests.speakers import row_of

_CHECKS = {
    "anthropic_messages": anthropic_messages.check,
    "bedrock_converse": bedrock_converse.check,
    "bedrock_invoke": bedrock_invoke.check,
    "cohere_chat": cohere_chat.check,
    "gemini_generate": gemini_generate.check,
    "ollama_chat": ollama_chat.check,
    "openai_responses": openai_responses.check,
}


def check(dialect: str, body: dict[str, Any], provider: str = "") -> None:
    """dialect, provider: names. Raises AssertionError for the rule that the body breaks, KeyError for no validator."""
    if dialect == "openai_chat":
        openai_chat.check(body, provider)
    else:
        _CHECKS[dialect](body)


def _as_first_party(encoded: WireRequest) -> dict[str, Any]:
    """The body, with what another host of the wire wants in the path put back."""
    body = dict(encoded.body or {})
    if body.pop("anthropic_version", None) is not None:
        body["model"] = encoded.path.rpartition("/")[2].partition(":")[0]
    return body


def check_request(provider: str, encoded: WireRequest, *, stream: bool) -> Received:
    """The request as a server gets it, held against both judges: the validator here and the test server's own rules."""
    row = row_of(provider)
    dialect = row.dialect.name
    speaks = wire(dialect)
    assert encoded.body is not None
    hosted = dialect == "anthropic_messages"
    check(dialect, _as_first_party(encoded) if hosted else dict(encoded.body), provider)
    raw = json.dumps(encoded.body)
    target = urlsplit(encoded.path)
    headers = {name.lower(): value for name, value in row.with_options({}).provider.headers.items()}
    path, query = speaks.base_path + target.path, dict(parse_qsl(target.query))
    received = Received("POST", path, query, headers, body=json.loads(raw), raw=raw, provider=provider)
    assert speaks.wants_stream(received) is stream
    assert speaks.check(received) is None
    return received

"""How the hosts of OpenAI's wires differ in what they send and ask for. A host that is not here does it the common way.

Source: the hosts' API references and recorded streams, read 2026-11.
"""

from typing import Literal

from attrs import frozen

from .base import Received


@frozen
class Host:
    """How one host does it.

    reasoning: the field of a thought: one of two names for a string, OpenRouter's string with details beside it, or
               Mistral's content parts.
    usage:     in a chunk of its own when `stream_options` asks, in one always, on the chunk with the finish reason, or
               (OpenRouter) in a chunk that repeats the finish reason.
    whole_calls: a call comes in one delta, not in fragments. apart: completion tokens do not count reasoning.
    fingerprints: chunks carry OpenAI's own extra keys, and requests must follow its stricter rules.
    sources:   where it says what a text stands on, if it does: annotations of the message, or a list of URLs beside the
               choices. executed: it tells in `executed_tools` what it ran itself; the others tell nothing of that.
    comment:   sent before the first event. models: the shape of the model list.
    most_texts: whose vectors one request may ask for. int8: base64 holds a byte for each number of a vector.
    needs_key, needs_model: False for servers that usually run without a key, or with one model.
    """

    reasoning: Literal["reasoning_content", "reasoning", "details", "parts"] = "reasoning_content"
    usage: Literal["asked", "always", "finish", "repeated"] = "asked"
    whole_calls: bool = False
    apart: bool = False
    fingerprints: bool = False
    comment: bytes = b""
    needs_key: bool = True
    needs_model: bool = True
    models: Literal["list", "prices", "array", "cards"] = "list"
    sources: Literal["annotations", "list"] = "annotations"
    executed: bool = False
    most_texts: int = 2048
    int8: bool = False


_OPENAI = Host(fingerprints=True)
_COMMON = Host()
_XAI = Host(whole_calls=True, apart=True, sources="list")
HOSTS = {
    "azure": _OPENAI,
    "cerebras": Host("reasoning", "finish", whole_calls=True),
    "chutes": Host(usage="always"),
    "deepseek": Host(usage="finish", comment=b": keep-alive\n\n"),
    "groq": Host("reasoning", "finish", whole_calls=True, executed=True),
    "grok": _XAI,
    "xai": _XAI,
    "llamacpp": Host(needs_key=False, needs_model=False),
    "mistral": Host("parts", "finish", whole_calls=True, models="cards", most_texts=256),
    "openai": _OPENAI,
    "openai-chat": _OPENAI,
    "openai-responses": _OPENAI,
    "openai-compatible": Host(needs_key=False),
    "openrouter": Host("details", "repeated", comment=b": OPENROUTER PROCESSING\n\n", models="prices"),
    "perplexity": Host(most_texts=512, int8=True),
    "qwen": Host(most_texts=10),
    "siliconflow": Host(most_texts=32),
    "together": Host("reasoning", "always", models="array"),
    "vllm": Host("reasoning", needs_key=False),
}


def host(name: str) -> Host:
    return HOSTS.get(name, _COMMON if name else _OPENAI)


def bearer_or_api_key(request: Received) -> str | None:
    """The key of a request to one of these hosts, see `Wire.key`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    other = request.headers.get("api-key")  # Azure
    return other or (None if host(request.provider).needs_key else "")

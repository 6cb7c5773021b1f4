"""By which marks an answer tells the wire that it is written in: for the error of who asked on another one."""

import re

from attrs import frozen

from ..errors import MalformedStream

HEAD = 2048  # bytes of a body that are looked at


@frozen
class WireMarks:
    """dialect: its name. title: what people call it. row: the provider's name that opens it at any address.
    marks: what stands near the beginning of its answers, whole or streamed, and of no other's."""

    dialect: str
    title: str
    row: str
    marks: re.Pattern[bytes]


def _marks(*patterns: str) -> re.Pattern[bytes]:
    return re.compile("|".join(patterns).replace(" ", r"\s*").encode())


WIRES = (
    WireMarks(
        "openai_chat",
        "Chat Completions",
        "openai-compatible",
        _marks('"object" : "chat\\.completion', '"choices" : \\[', '"delta" : \\{ "(?:role|content)"'),
    ),
    WireMarks(
        "openai_responses",
        "Responses",
        "openai-responses",
        _marks('"object" : "response"', '"type" : "response\\.[a-z_.]+"', "event: response\\.", '"output" : \\[ \\{ "'),
    ),
    WireMarks(
        "anthropic_messages",
        "Anthropic Messages",
        "anthropic",
        _marks(
            '"type" : "(?:message_start|content_block_start|message_delta)"',
            "event: message_start",
            '"type" : "message" ,',
        ),
    ),
    WireMarks(
        "gemini_generate",
        "Gemini",
        "gemini",
        _marks('"candidates" : \\[', '"usageMetadata" : \\{', '"promptFeedback" : \\{'),
    ),
    WireMarks(
        "cohere_chat",
        "Cohere Chat",
        "cohere",
        _marks(
            '"type" : "(?:message-start|content-start|tool-plan-delta)"',
            "event: message-start",
            '"finish_reason" : "[A-Z_]+"',
        ),
    ),
    WireMarks(
        "ollama_chat",
        "Ollama",
        "ollama",
        _marks('"done" : (?:true|false)', '"created_at" : "[^"]{1,40}" , "message" : \\{'),
    ),
    WireMarks(
        "bedrock_converse",
        "Converse",
        "bedrock-converse",
        _marks(
            ":event-type\\x07\\x00\\x0cmessageStart",
            "event: messageStart",
            '"messageStart"',
            '"output" : \\{ "message" : \\{',
            '"stopReason" : "[a-z_]+"',
        ),
    ),
)


def wire_of(head: bytes) -> WireMarks | None:
    """The wire whose mark comes first, None where there is none. head: how the body begins."""
    found = [(match.start(), number) for number, wire in enumerate(WIRES) if (match := wire.marks.search(head[:HEAD]))]
    return WIRES[min(found)[1]] if found else None


def another_wire(head: bytes, own: str) -> MalformedStream | None:
    """Why the body that begins so cannot be read by the dialect `own`, where it is of another wire: the address may be
    that of a server that speaks that one."""
    spoken = wire_of(head)
    if spoken is None or spoken.dialect == own:
        return None
    said = f"this server speaks the {spoken.title} wire: use open({spoken.row!r}, base_url=...)"
    return MalformedStream(said, permanent=True)

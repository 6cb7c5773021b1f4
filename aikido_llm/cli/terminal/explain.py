"""An error as one line that says what to do. Pure."""

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider

_PASS = "pass model="  # a library's advice, which is none at a prompt


def explain(error: llm.LLMError | OSError) -> str:
    """What happened and what helps, on one line, in the words of the command line."""
    if isinstance(error, OSError):  # a file that cannot be read or written
        return one_line(f"{error.filename or 'input or output'}: {error.strerror or error}")
    said = str(error).replace("what arrived is in .partial", "what arrived stands above")
    if _PASS in error.message:
        said = f"{error.provider}: no model" if error.provider else "no model"
    advice = _advice(error)
    return one_line(f"{said}; {advice}" if advice else said)


def one_line(text: str) -> str:
    """Without line ends and control characters, which a server may have put into its message."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _advice(error: llm.LLMError) -> str:
    row = _row(error.provider)
    match error:
        case llm.ConfigError() if _PASS in error.message:
            return (
                f"name one with -m NAME or LLM_MODEL (`aikido-llm models -p {error.provider or 'PROVIDER'}` lists them)"
            )
        case llm.ConfigError():
            return ""  # its message says it
        case llm.InsufficientCreditsError():
            return "add credit or use another key"
        case llm.AuthError() if row is not None:
            return f"check the key: {', '.join((*row.key_env[:1], '--key-file'))} or `aikido-llm keys set {row.name}`"
        case llm.ModelNotFoundError() if not error.available and row is not None:
            return f"`aikido-llm models -p {row.name}` lists the models"
        case llm.ContextLengthError():
            return "shorten the prompt or choose a model with a longer context"
        case llm.RateLimitedError():
            return "wait a moment and ask again"
        case llm.ConnectError() if row is not None and not row.key_needed:
            return "is the server running, and is its address right? (--dsn http://HOST:PORT)"
        case llm.ConnectError():
            return "check the network and the address"
        case llm.StreamTruncated() | llm.TimedOutError() | llm.OverloadedError():
            return "ask again"
        case _:
            return ""


def _row(name: str) -> Provider | None:
    try:
        return find(name) if name else None
    except llm.ConfigError:
        return None

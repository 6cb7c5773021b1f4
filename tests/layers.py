"""The house as one table: which room stands on which. `python -m tests.layers` writes it into docs/data-flow.md.

tests/test_layers.py holds the imports of the package to it.
"""

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "data-flow.md"

# Room -> the rooms that it may import, beside itself. A room is a module, or a package with all that is in it; the
# longest name that fits a module is its room. A line stands above every line that it names.
LAYERS: dict[str, dict[str, tuple[str, ...]]] = {
    "ground: leaves": {
        "_version": (),
        "secret": (),
        "codecs": (),
    },
    "vocabulary": {
        "errors": ("secret",),
        "types": ("codecs", "errors"),
        "serialize": ("codecs", "errors", "types"),
        "client": ("codecs", "errors", "types"),
    },
    "pure: no I/O, no event loop": {
        "framing": ("codecs", "errors"),
        "dialects": ("codecs", "errors", "framing", "types"),
        "auth": ("errors", "secret"),
        "providers": ("auth", "codecs", "dialects", "errors", "secret", "types"),
    },
    "I/O": {
        "transport": ("codecs", "errors", "secret"),
        "retry": ("client", "codecs", "errors", "types"),
        "call": (
            *("auth", "client", "codecs", "dialects", "errors", "framing", "providers", "retry", "secret"),
            "serialize",
            *("transport", "types"),
        ),
        "connect": (
            *("_version", "auth", "call", "codecs", "errors", "providers", "retry", "secret", "transport"),
            "types",
        ),
    },
    "on top of the Client protocol": {
        "store": ("client", "codecs", "errors", "secret", "serialize", "types"),
        "bulk": ("client", "codecs", "errors", "retry", "serialize", "store", "types"),
        "structured": ("client", "codecs", "errors", "retry", "types"),
        "tools": ("client", "codecs", "errors", "structured", "types"),
        # its streams are EventStreams over ours, read by read: it stands on `call`, and looks at no row, wire or socket
        "middleware": (
            *("_version", "call", "client", "codecs", "errors", "retry", "secret", "store", "transport"),
            "types",
        ),
        # answers that are kept lie where limits are shared: in one Redis, which one file speaks to
        "bridges": ("codecs", "errors", "middleware", "serialize", "tools", "types"),
    },
}

BELOW: dict[str, tuple[str, ...]] = {room: below for rooms in LAYERS.values() for room, below in rooms.items()}

# On top of all this: they may import whatever is public.
TOP = ("__init__", "__main__", "cli", "sync", "testing")

# Third-party package -> where it may be named.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "attrs": ("",),
    "aiohttp": ("transport/aiohttp.py", "transport/direct.py", "transport/failures.py", "transport/pool.py"),
    "anyio": ("call/portal.py", "retry.py", "tools.py"),
    "backoff": ("retry.py",),
    "cattrs": ("codecs/strict.py", "serialize.py", "structured/reading.py"),
    "click": ("cli/", "__main__.py"),
    "dotenv": ("cli/",),
    "genai_prices": ("middleware/prices.py",),
    "markdown_it": ("cli/",),
    "msgspec": ("codecs/dense.py", "codecs/json.py", "codecs/scalars.py", "codecs/schema.py", "dialects/"),
    "opentelemetry": ("middleware/telemetry/instruments.py", "middleware/telemetry/spans.py"),
    "prompt_toolkit": ("cli/asking/typing_in.py",),
    "pybase64": ("codecs/base64.py",),
    "pytest": ("testing/plugin.py",),
    "pytest_asyncio": ("testing/plugin.py",),
    "redis": ("middleware/limits/redis.py",),
    "rich": ("cli/", "__main__.py"),
    "yarl": ("transport/aiohttp.py", "transport/direct.py"),
}

# Dialect -> the one whose content it carries: what it has no room for is that one's. No other dialect imports another.
BUILT_ON: dict[str, str] = {"bedrock_invoke": "anthropic_messages"}

# (file, what it names for type checkers alone) -> why. Only what would run back up, or in a circle, stands here.
FOR_CHECKERS: dict[tuple[str, str], str] = {
    ("errors.py", "types.response"): "an error carries the partial Response, and never looks into it",
    ("providers/base.py", "client"): "a factory gives one, and a row never does",
    ("providers/base.py", "transport.base"): "a row may bring its own transport; only a client uses one",
    ("errors.py", "types.embeddings"): "an error carries the vectors that are there, and never looks into them",
    ("errors.py", "types.exchange"): "an error carries what the exchange told, and never looks into it",
    ("types/notebook.py", "types.parts"): "the values stand on their views",
    ("types/notebook.py", "types.usage"): "the values stand on their views",
    ("types/notebook.py", "types.response"): "the values stand on their views",
}


def drawn() -> str:
    """The table as a reader sees it: a line a room, from the ground up."""
    width = max(map(len, BELOW)) + 2
    lines: list[str] = []
    for title, rooms in LAYERS.items():
        lines.append(f"-- {title} --")
        lines += [f"{room:{width}}{', '.join(below) or '(nothing of ours)'}" for room, below in rooms.items()]
    lines += ["-- at the front --", f"{', '.join(name for name in TOP if not name.startswith('__'))}: the public names"]
    return "```\n" + "\n".join(lines) + "\n```"


def page(text: str) -> str:
    """The page with the table put in between its two marks."""
    return re.sub(r"(?<=<!-- layers -->\n\n).*?(?=\n\n<!-- end -->)", lambda _: drawn(), text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")

"""The public names: they are there, they are what they say, and importing them costs next to nothing."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import aikido_llm as llm
import aikido_llm.providers.base

PROMISED = """
    open Options Request Message system user assistant tool TextPart ImagePart AudioPart FilePart ToolCall ToolDef
    ThinkingConfig CacheBreakpoint ImageConfig ResponseFormat Usage Response FinishReason ModelInfo
    TextDelta ThinkingDelta ToolCallStart ToolCallDelta ToolCallEvent ImageEvent AudioEvent UsageEvent ErrorEvent
    EndEvent Event EventKind Client HTTPClient EventStream register providers get_provider
    ProviderType ProviderConfig default_client chat chat_stream close
    LLMError ConfigError InvalidRequestError UnsupportedFeatureError ContextLengthError ModelNotFoundError
    InvalidToolArguments AuthError InsufficientCreditsError RateLimitedError ContentFilteredError ServerError
    OverloadedError ConnectError TimedOutError StreamError StreamTruncated MalformedStream TooLargeError
    RetryPolicy default_streaming_retry_policy collect collect_with_retry complete_with_retry
    is_transient_server_error is_content_filter is_rate_limited is_retryable Timeouts Limits Provider
""".split()


@pytest.mark.parametrize("name", PROMISED)
def test_promised_name_is_there(name: str) -> None:
    assert getattr(llm, name) is not None
    assert name in dir(llm)


def test_lazy_table_matches_the_imports_for_type_checkers() -> None:
    tree = ast.parse(Path(llm.__file__).read_text(encoding="utf-8"))
    guard = next(node for node in tree.body if isinstance(node, ast.If))
    for_checkers = {
        (node.module, alias.name)
        for node in guard.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert for_checkers - {("providers", "providers")} == {(m, name) for name, m in vars(llm)["_HOME"].items()}


@pytest.mark.parametrize("front", ["testing", "middleware", "bridges"])
def test_all_of_a_folder_is_had_at_once(front: str) -> None:
    """Of the front door and of `bulk` it is not: `open` and `map` would hide Python's own."""
    had: dict[str, object] = {}
    exec(f"from aikido_llm.{front} import *", had)
    assert set(dir(importlib.import_module(f"aikido_llm.{front}"))) == set(had) - {"__builtins__"}


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = vars(llm)["__getattr__"]("nonsense")


def test_providers_is_a_function_whatever_was_imported_before() -> None:
    assert "echo" in llm.providers()
    assert "anthropic" in aikido_llm.providers()


@pytest.mark.parametrize(
    ("code", "unloaded"),
    [
        ("import aikido_llm", "aiohttp cattrs attr msgspec anyio asyncio click backoff"),
        ("import aikido_llm as m; m.open('echo'); m.open('openai', api_key='k')", "aiohttp cattrs backoff click"),
    ],
)
def test_import_loads_no_more_than_it_needs(code: str, unloaded: str) -> None:
    check = f"{code}\nimport sys\nprint(*(set('{unloaded}'.split()) & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []


def test_building_a_client_needs_no_loop() -> None:
    client = llm.open("openai", "?api_key=k&model=m")
    assert client.model == "m"
    assert "k" not in repr(client).replace("k>", "")

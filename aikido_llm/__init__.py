"""aikido_llm: stream from large language models, every provider's own wire behind one asyncio Client.

    import aikido_llm as llm

    async with llm.open("openrouter", model="anthropic/claude-haiku-4.5") as client:
        async for event in client.stream(llm.Request(messages=[llm.user("hello")])):
            if isinstance(event, llm.TextDelta):
                print(event.text, end="")

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from . import errors as errors
    from . import middleware as middleware
    from . import retry as retry
    from . import serialize as serialize
    from . import sync as sync
    from . import testing as testing
    from .call.http_client import HTTPClient as HTTPClient
    from .call.stream import EventStream as EventStream
    from .client import Client as Client
    from .codecs.plain import OMIT as OMIT
    from .connect.default import chat as chat
    from .connect.default import chat_stream as chat_stream
    from .connect.default import close as close
    from .connect.default import default_client as default_client
    from .connect.factory import AnthropicProvider as AnthropicProvider
    from .connect.factory import OllamaProvider as OllamaProvider
    from .connect.factory import OpenAIProvider as OpenAIProvider
    from .connect.factory import OpenRouterProvider as OpenRouterProvider
    from .connect.factory import ProviderConfig as ProviderConfig
    from .connect.factory import get_provider as get_provider
    from .connect.open import open as open
    from .errors import AuthError as AuthError
    from .errors import BudgetExceededError as BudgetExceededError
    from .errors import ConfigError as ConfigError
    from .errors import ConnectError as ConnectError
    from .errors import ContentFilteredError as ContentFilteredError
    from .errors import ContextLengthError as ContextLengthError
    from .errors import InsufficientCreditsError as InsufficientCreditsError
    from .errors import InvalidAnswer as InvalidAnswer
    from .errors import InvalidRequestError as InvalidRequestError
    from .errors import InvalidToolArguments as InvalidToolArguments
    from .errors import LLMError as LLMError
    from .errors import MalformedStream as MalformedStream
    from .errors import ModelNotFoundError as ModelNotFoundError
    from .errors import OverloadedError as OverloadedError
    from .errors import RateLimitedError as RateLimitedError
    from .errors import ServerError as ServerError
    from .errors import StreamError as StreamError
    from .errors import StreamTruncated as StreamTruncated
    from .errors import TimedOutError as TimedOutError
    from .errors import TooLargeError as TooLargeError
    from .errors import UnsupportedFeatureError as UnsupportedFeatureError
    from .providers import providers as providers
    from .providers import register as register
    from .providers.base import DsnOption as DsnOption
    from .providers.base import Provider as Provider
    from .providers.names import ProviderType as ProviderType
    from .retry import RetryPolicy as RetryPolicy
    from .retry import collect as collect
    from .retry import collect_with_retry as collect_with_retry
    from .retry import complete_with_retry as complete_with_retry
    from .retry import default_streaming_retry_policy as default_streaming_retry_policy
    from .retry import is_content_filter as is_content_filter
    from .retry import is_rate_limited as is_rate_limited
    from .retry import is_retryable as is_retryable
    from .retry import is_transient_server_error as is_transient_server_error
    from .structured.typed import TypedStream as TypedStream
    from .structured.typed import complete_as as complete_as
    from .structured.typed import stream_as as stream_as
    from .tools import ToolRun as ToolRun
    from .tools import ToolStream as ToolStream
    from .tools import run_tools as run_tools
    from .tools import stream_tools as stream_tools
    from .transport.base import Limits as Limits
    from .transport.base import Timeouts as Timeouts
    from .types.citations import Citation as Citation
    from .types.embeddings import Embeddings as Embeddings
    from .types.events import AudioEvent as AudioEvent
    from .types.events import CitationEvent as CitationEvent
    from .types.events import EndEvent as EndEvent
    from .types.events import ErrorEvent as ErrorEvent
    from .types.events import Event as Event
    from .types.events import EventKind as EventKind
    from .types.events import ImageEvent as ImageEvent
    from .types.events import RunEvent as RunEvent
    from .types.events import ServerToolEvent as ServerToolEvent
    from .types.events import ServerToolStart as ServerToolStart
    from .types.events import TextDelta as TextDelta
    from .types.events import ThinkingDelta as ThinkingDelta
    from .types.events import ToolCallDelta as ToolCallDelta
    from .types.events import ToolCallEvent as ToolCallEvent
    from .types.events import ToolCallStart as ToolCallStart
    from .types.events import ToolResultEvent as ToolResultEvent
    from .types.events import UsageEvent as UsageEvent
    from .types.exchange import Hop as Hop
    from .types.exchange import RateLimits as RateLimits
    from .types.exchange import ResumeToken as ResumeToken
    from .types.exchange import Timing as Timing
    from .types.logprobs import TokenLogprob as TokenLogprob
    from .types.messages import Message as Message
    from .types.messages import Replay as Replay
    from .types.messages import Role as Role
    from .types.messages import ThinkingPart as ThinkingPart
    from .types.messages import assistant as assistant
    from .types.messages import system as system
    from .types.messages import tool as tool
    from .types.messages import user as user
    from .types.parts import AudioPart as AudioPart
    from .types.parts import CacheBreakpoint as CacheBreakpoint
    from .types.parts import FilePart as FilePart
    from .types.parts import ImagePart as ImagePart
    from .types.parts import Part as Part
    from .types.parts import TextPart as TextPart
    from .types.ranking import Ranking as Ranking
    from .types.ranking import RerankResult as RerankResult
    from .types.request import ImageConfig as ImageConfig
    from .types.request import Options as Options
    from .types.request import Request as Request
    from .types.request import ResponseFormat as ResponseFormat
    from .types.request import ThinkingConfig as ThinkingConfig
    from .types.response import FinishReason as FinishReason
    from .types.response import ModelInfo as ModelInfo
    from .types.response import Response as Response
    from .types.server_tools import ServerTool as ServerTool
    from .types.server_tools import ServerToolCall as ServerToolCall
    from .types.tools import CustomTool as CustomTool
    from .types.tools import Tool as Tool
    from .types.tools import ToolCall as ToolCall
    from .types.tools import ToolDef as ToolDef
    from .types.usage import Usage as Usage

# Module -> its public names. tests/test_front_door.py holds this against the imports above.
_HOMES = {
    "call.http_client": "HTTPClient",
    "call.stream": "EventStream",
    "client": "Client",
    "codecs.plain": "OMIT",
    "connect.default": "chat chat_stream close default_client",
    "connect.factory": "AnthropicProvider OllamaProvider OpenAIProvider OpenRouterProvider ProviderConfig get_provider",
    "connect.open": "open",
    "errors": "AuthError BudgetExceededError ConfigError ConnectError ContentFilteredError ContextLengthError "
    "InsufficientCreditsError InvalidAnswer InvalidRequestError InvalidToolArguments LLMError "
    "MalformedStream ModelNotFoundError OverloadedError RateLimitedError ServerError StreamError "
    "StreamTruncated TimedOutError TooLargeError UnsupportedFeatureError",
    "providers": "register",
    "providers.base": "DsnOption Provider",
    "providers.names": "ProviderType",
    "retry": "RetryPolicy collect collect_with_retry complete_with_retry default_streaming_retry_policy "
    "is_content_filter is_rate_limited is_retryable is_transient_server_error",
    "structured.typed": "TypedStream complete_as stream_as",
    "tools": "ToolRun ToolStream run_tools stream_tools",
    "transport.base": "Limits Timeouts",
    "types.citations": "Citation",
    "types.embeddings": "Embeddings",
    "types.events": "AudioEvent CitationEvent EndEvent ErrorEvent Event EventKind ImageEvent RunEvent "
    "ServerToolEvent ServerToolStart TextDelta ThinkingDelta ToolCallDelta ToolCallEvent "
    "ToolCallStart ToolResultEvent UsageEvent",
    "types.exchange": "Hop RateLimits ResumeToken Timing",
    "types.logprobs": "TokenLogprob",
    "types.messages": "Message Replay Role ThinkingPart assistant system tool user",
    "types.parts": "AudioPart CacheBreakpoint FilePart ImagePart Part TextPart",
    "types.ranking": "Ranking RerankResult",
    "types.request": "ImageConfig Options Request ResponseFormat ThinkingConfig",
    "types.response": "FinishReason ModelInfo Response",
    "types.server_tools": "ServerTool ServerToolCall",
    "types.tools": "CustomTool Tool ToolCall ToolDef",
    "types.usage": "Usage",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}
_MODULES = (
    "errors",
    "middleware",
    "providers",
    "retry",
    "serialize",
    "sync",
    "testing",
)  # providers is callable: the package and the function in one

if not TYPE_CHECKING:  # a type checker shall find a misspelt name

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
            globals()[name] = value  # found at once the next time
            return value
        if name in _MODULES:
            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*_HOME, *_MODULES, "__version__"})

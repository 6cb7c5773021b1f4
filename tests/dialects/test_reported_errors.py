"""Error bodies that users of other clients reported: class, whether to try again, the wait. None was known when the
tables of words were made; what they found missing stands there now.

source: public issues of the projects named beside each, read 2026-11; names and ids are invented.
"""

import json
from typing import Any, TypeAlias

import pytest

from aikido_llm import is_retryable
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.errors import (
    ContentFilteredError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    ServerError,
)
from aikido_llm.providers import find
from tests.wire import Road, error_of

Reported: TypeAlias = tuple[str, str, int, Any, type[LLMError], float | None]


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


def flat(message: str, **more: Any) -> dict[str, Any]:
    return {"object": "error", "message": message, **more}


def google(code: int, message: str, status: str, *details: dict[str, Any]) -> dict[str, Any]:
    return said(message, code=code, status=status, details=list(details))


_TPD = "Rate limit reached for model `m` in organization `o` service tier `on_demand` on tokens per day (TPD): Limit "
_QUOTA = "You exceeded your current quota, please check your plan and billing details."
_AZURE = "have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 86400 seconds."

# (where it was reported, row, status, body, class, seconds to wait)
REPORTED: list[Reported] = [
    # no money
    ("BerriAI/litellm#5983", "openai", 429, said(_QUOTA, type="insufficient_quota", code="insufficient_quota"),
     InsufficientCreditsError, None),
    ("anthropics/claude-code#66314", "anthropic", 400,
     {"type": "error", "error": {"type": "invalid_request_error", "message": "Your credit balance is too low to "
     "access "
      "the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}, InsufficientCreditsError,
     None),
    ("BerriAI/litellm#37599", "anthropic", 400,
     {"type": "error", "error": {"type": "invalid_request_error", "message": "You have reached your specified API "
      "usage limits. You will regain access on 2026-09-01 at 00:00 UTC."}}, InsufficientCreditsError, None),
    ("continuedev/continue#10062", "gemini", 429,
     google(429, f"{_QUOTA} * Quota exceeded for metric: generate_content_free_tier_requests, limit: 0, model: m\n"
            "Please retry in 20.04466179s.", "RESOURCE_EXHAUSTED"), InsufficientCreditsError, None),
    ("continuedev/continue#11540", "openrouter", 402,
     said("Prompt tokens limit exceeded: 36163 > 29652. To increase, upgrade to a paid account", code=402),
     InsufficientCreditsError, None),
    ("continuedev/continue#11154", "openrouter", 402, said("This request requires more credits, or fewer max_tokens. "
     "You requested up to 4096 tokens, but can only afford 222.", code=402), InsufficientCreditsError, None),
    ("MCPJam/inspector#1287", "openrouter", 403, said("Key limit exceeded (total limit). Manage it in your settings",
     code=403), InsufficientCreditsError, None),
    ("continuedev/continue#11823", "openai-chat", 429, said("余额不足或无可用资源包,请充值。", code="1113"),
     InsufficientCreditsError, None),
    ("continuedev/continue#13195", "openai-chat", 403, said("your subscription payment is past due. update your "
     "payment method: https://host.example/billing", type="api_error"), InsufficientCreditsError, None),
    ("MoonshotAI/Kimi-K2#5", "openai-chat", 403, said("Your account o is not active, organization <o> exceeded "
     "current quota, please check your plan and billing details", type="exceeded_current_quota_error"),
     InsufficientCreditsError, None),
    ("anomalyco/opencode#24462", "openai-chat", 429, said("Error from provider: Provider returned error", code=429,
     metadata={"raw": json.dumps(said("Your account o <k> is suspended due to insufficient balance, please recharge "
     "your account or check your plan and billing details"))}), InsufficientCreditsError, None),
    ("tencentmusic/supersonic#1572", "openai-chat", 400, {"statusCode": 400, "message": "Access denied, please make "
     "sure your account is in good standing.", "code": "Arrearage"}, InsufficientCreditsError, None),
    ("continuedev/continue#10373", "grok", 429, "Your team t has either used all available credits or reached its "
     "monthly "
     "spending limit. To continue making API requests, please purchase more credits or raise your spending limit.",
     InsufficientCreditsError, None),
    ("Anantys-oss/koan#2412", "grok", 403, {"message": "API error (status 403 Forbidden): permission-denied: Your "
     "team t has either used all available credits or reached its monthly spending limit.", "http_status": 403},
     InsufficientCreditsError, None),
    ("luxus/pi-xai#10", "grok", 403, said("You have run out of credits or need a Grok subscription."),
     InsufficientCreditsError, None),
    ("huggingface/agents-course#386", "openai-chat", 402, {"error": "You have exceeded your monthly included credits "
     "for Inference Providers. Subscribe to PRO to get 20x more monthly included credits."}, InsufficientCreditsError,
     None),
    ("google-gemini/gemini-cli#10925", "gemini", 429,
     [google(429, "Quota exceeded for quota metric 'Requests' and limit 'Requests per day per user per tier' of "
             "service 's' for consumer 'c'.", "RESOURCE_EXHAUSTED",
             {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
              "metadata": {"quota_limit": "Gemini25ProRequestsPerDay"}})], InsufficientCreditsError, None),
    # no money, as the services' own pages have it, read 2026-11
    ("help.openai.com, 6614457", "openai", 429, said("The organization is over its limit.",
     code="organization_usage_limit_exceeded"), InsufficientCreditsError, None),
    ("developers.openai.com, spend-limits", "openai-responses", 429, said("Requests are stopped.",
     code="project_spend_limit_exceeded"), InsufficientCreditsError, None),
    ("platform.claude.com, errors", "anthropic", 429, {"type": "error", "error": {"type": "rate_limit_error",
     "message": "Usage is paused.", "details": {"error_code": "enforced_spend_limit_reached"}}},
     InsufficientCreditsError, None),
    ("platform.claude.com, errors", "anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error",
     "message": "You have reached your specified workspace API usage limits."}}, InsufficientCreditsError, None),
    ("docs.z.ai, 1308", "openai-chat", 429, said("Usage limit reached for 5 hour. Your limit will reset at noon.",
     code="1308"), InsufficientCreditsError, None),
    ("docs.bigmodel.cn, 1310", "openai-chat", 429, said("您已达到每周/每月使用上限", code="1310"),
     InsufficientCreditsError, None),
    ("docs.z.ai, 1309", "openai-chat", 429, said("Your GLM Coding Plan package has expired and is temporarily "
     "unavailable", code="1309"), InsufficientCreditsError, None),
    ("help.aliyun.com, error-code", "openai-chat", 403, said("The free tier of the model has been exhausted.",
     code="AllocationQuota.FreeTierOnly"), InsufficientCreditsError, None),
    # too many
    ("RooCodeInc/Roo-Code#3883", "gemini", 429,
     google(429, _QUOTA, "RESOURCE_EXHAUSTED",
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
             "violations": [{"quotaId": "GenerateContentInputTokensPerModelPerMinute-FreeTier",
     "quotaValue": "250000"}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}), RateLimitedError, 26),
    ("continuedev/continue#10920", "groq", 429, said(f"{_TPD}100000, Used 97050, Requested 3619. Please try again in "
     "9m38.016s. Need more tokens? Upgrade to Dev Tier today at https://host.example/settings/billing", type="tokens",
     code="rate_limit_exceeded"), RateLimitedError, 578.016),
    ("kaitranntt/ccs#402", "openai-chat", 429, said("High concurrency usage of this API, please reduce concurrency "
     "or contact customer service to increase limits", code="1302"), RateLimitedError, None),
    ("yilewang/llm-for-zotero#17", "openai-chat", 429, said("您的账户已达到速率限制，请您控制请求频率", code="1302"),
     RateLimitedError, None),
    ("continuedev/continue#9800", "cerebras", 429, "Tokens per minute limit exceeded - too many tokens processed.",
     RateLimitedError, None),
    ("harry0703/MoneyPrinterTurbo#339", "openai-chat", 429, said("Your account o<k> request reached max request: 3, "
     "please try again after 1 seconds", type="rate_limit_reached_error"), RateLimitedError, 1),
    ("LLM-Red-Team/kimi-cc#41", "anthropic", 429, said("Your account o / p <k> request reached project TPM rate "
     "limit, current: 1410, limit: 100", type="rate_limit_reached_error"), RateLimitedError, None),
    ("crmne/ruby_llm#775", "anthropic", 429, {"type": "error", "error": {"type": "rate_limit_error",
     "message": "This "
     "request would exceed your organization's rate limit of 5,000,000 input tokens per minute."}},
     RateLimitedError, None),
    ("Aider-AI/aider#1858", "anthropic", 429, {"type": "error", "error": {"type": "rate_limit_error",
     "message": "Number "
     "of request tokens has exceeded your daily rate limit; see the response headers for current usage. Please "
     "reduce the prompt length or the maximum tokens requested, or try again later."}}, RateLimitedError, None),
    ("BerriAI/litellm#589", "openai-chat", 429, {"message": "Too many requests, please wait before trying again. You "
     "have sent too many requests.  Wait before trying again."}, RateLimitedError, None),
    ("anthropics/claude-code#236", "anthropic", 429, {"message": "Too many tokens, please wait before trying again."},
     RateLimitedError, None),
    ("alex-wolf-ps/dbchatprov2#2", "azure", 429, said(f"Requests to the ChatCompletions_Create Operation under Azure "
     f"OpenAI API version 2024-05-01-preview {_AZURE}", code="429"), RateLimitedError, 86400),
    ("jasonacox/TinyLLM#17", "openai-chat", 429, said("litellm.RateLimitError: AzureException RateLimitError - Error "
     "code: 429 - {'error': {'code': '429', 'message': 'Requests to the ChatCompletions_Create Operation under Azure "
     "OpenAI "
     f"API version 2023-05-15 {_AZURE}'}}}}\nReceived Model Group=m", type="throttling_error", code="429"),
     RateLimitedError, 86400),
    ("Azure-Samples/azure-search-openai-demo#177", "azure", 429, said("Rate limit is exceeded. Try again in 30 "
     "seconds."),
     RateLimitedError, 30),
    ("yym68686/uni-api#41", "gemini", 429, [google(429, "Quota exceeded for "
     "aiplatform.googleapis.com/online_prediction_"
     "requests_per_base_model with base model: m. Please submit a quota increase request.", "RESOURCE_EXHAUSTED")],
     RateLimitedError, None),
    ("raycast/extensions#31107", "mistral", 429, flat("Rate limit exceeded", type="rate_limited", code="1300",
     raw_status_code=429), RateLimitedError, None),
    ("anomalyco/opencode#29912", "openai-chat", 429, said("Error from provider (Xiaomi): Too many requests",
     code="429",
     type="limitation"), RateLimitedError, None),
    ("cloudflare/vibesdk#164", "openai-chat", 429, said("AI inference rate limit exceeded. Consider using lighter "
     "models. Maximum 100 credits per 1 hour or 400 credits per day."), RateLimitedError, None),
    ("OWASP/OpenCRE#1102", "openai-chat", 429, said("No deployments available for selected model, Try again in 5 "
     "seconds. Passed model=m."), RateLimitedError, 5),
    # too long
    ("BerriAI/litellm#15968", "azure", 400, said("Input tokens exceed the configured limit of 272000 tokens. Your "
     "messages resulted in 509178 tokens. Please reduce the length of the messages."), ContextLengthError, None),
    ("BerriAI/litellm#10793", "openai-chat", 400, flat("The input (5000 tokens) is longer than the model's context "
     "length (4096 tokens).", type="BadRequestError", code=400), ContextLengthError, None),
    ("BrokkAi/brokk-app#540", "anthropic", 400, said("input length and `max_tokens` exceed context limit: 179413 + "
     "32768 > 200000, decrease input length or `max_tokens` and try again", type="invalid_request_error"),
     ContextLengthError, None),
    ("vllm-project/vllm#4667", "vllm", 400, flat("max_tokens must be at least 1, got -186.", type="BadRequestError",
     param=None, code=400), ContextLengthError, None),
    ("OpenHands/OpenHands#5350", "openai-chat", 400, said("litellm.BadRequestError: "
     "litellm.ContextWindowExceededError: "
     'AnthropicError - {"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 209303 '
     'tokens > 200000 maximum"}}', code="400"), ContextLengthError, None),
    ("google-gemini/gemini-cli#15184", "gemini", 400, google(400, "The input token count exceeds the maximum number "
     "of tokens allowed 1048576.", "INVALID_ARGUMENT"), ContextLengthError, None),
    ("continuedev/continue#10218", "groq", 413, said("Request too large for model `m` in organization `o` service "
     "tier "
     "`on_demand` on tokens per minute (TPM): Limit 12000, Requested 14137, please reduce your message size and try "
     "again.", type="tokens", code="rate_limit_exceeded"), ContextLengthError, None),
    ("vanna-ai/vanna-flask#11", "openai-chat", 429, said("Request too large for m on tokens per min (TPM): Limit "
     "30000, Requested 342389. The input or output tokens must be reduced in order to run successfully."),
     ContextLengthError, None),
    ("cloud.baidu.com, qianfan", "openai-chat", 400, said("Prompt tokens too long", code="tokens_too_long"),
     ContextLengthError, None),
    ("docs.bigmodel.cn, 1261", "openai-chat", 400, said("Prompt 超长", code="1261"), ContextLengthError, None),
    # of the caller's in another way
    ("RooCodeInc/Roo-Code#248", "openai-chat", 400, {"message": "The maximum tokens you requested exceed the model "
     "limit of 4096. Try again with a maximum tokens value lower than 4096."}, InvalidRequestError, None),
    ("anthropics/claude-code#1466", "anthropic", 400, {"message": "Invocation of model ID m with on-demand "
     "throughput "
     "isn\u2019t supported. Retry your request with the ID or ARN of an inference profile that contains this model."},
     InvalidRequestError, None),
    # policies
    ("langroid/langroid#659", "azure", 400, said("The response was filtered due to the prompt triggering Azure "
     "OpenAI's content management policy. Please modify your prompt and retry.", type=None, param="prompt",
     code="content_filter",
     status=400, innererror={"code": "ResponsibleAIPolicyViolation"}), ContentFilteredError, None),
    # models
    ("chatboxai/chatbox#861", "azure", 404, said("The API deployment for this resource does not exist. If you "
     "created the "
     "deployment within the last 5 minutes, please wait a moment and try again.", code="DeploymentNotFound"),
     ModelNotFoundError, None),
    ("yym68686/uni-api#41", "gemini", 400, [google(400, "Project `p` is not allowed to use Publisher Model "
     "`projects/p/locations/l/publishers/anthropic/models/m`", "FAILED_PRECONDITION")], ModelNotFoundError, None),
    ("truefoundry/models#946", "openai-chat", 404, {"status": "failure", "message": "vertex error: Publisher Model "
     "`projects/p/locations/global/publishers/google/models/m` was not found or your project does not have access to "
     "it. Please ensure you are using a valid model version."}, ModelNotFoundError, None),
    ("earendil-works/pi#8127", "openai-chat", 404, {"type": "error", "error": {"type": "not_found_error",
     "message": "model: claude-gone"}}, ModelNotFoundError, None),
    # the server's
    ("MoonshotAI/MoonshotAI-Cookbook#16", "openai-chat", 429, said("The engine is currently overloaded, please try "
     "again later", type="engine_overloaded_error"), OverloadedError, None),
    ("continuedev/continue#6185", "mistral", 429, flat("Service tier capacity exceeded for this model.",
     type="invalid_request_error", param=None, code=None), OverloadedError, None),
    ("BerriAI/litellm#25078", "mistral", 503, flat("Service tier capacity exceeded for this model.", code="3505"),
     OverloadedError, None),
    ("sipeed/picoclaw#795", "openai-chat", 500, said("网络错误，错误id：202602261029392bc0093d0e944297，请联系客服。",
     code="1234"), ServerError, None),
    # as other clients' own tables of words have them
    ("NousResearch/hermes-agent error_classifier", "openai-chat", 429, said("Your account is out of funds."),
     InsufficientCreditsError, None),
    ("NousResearch/hermes-agent error_classifier", "openai-chat", 402, said("balance_depleted"),
     InsufficientCreditsError, None),
    ("NousResearch/hermes-agent error_classifier", "groq", 429, said("Monthly quota reached."),
     InsufficientCreditsError, None),
    ("RamiAwar/dataline#175", "openai-chat", 429, said("Your account is not active, please check your billing details "
     "on our website."), InsufficientCreditsError, None),
    ("openclaw failover-error", "together", 429, said("The account associated with this API key has reached its "
     "maximum allowed monthly spending limit."), InsufficientCreditsError, None),
    ("openclaw failover-error", "openai-chat", 429, said("Your usage limit has been reached. Please upgrade your "
     "plan."), InsufficientCreditsError, None),
    ("anomalyco/opencode provider/error", "openai-responses", 403, said("To use Codex with your ChatGPT plan, upgrade "
     "to Plus.", code="usage_not_included"), InsufficientCreditsError, None),
    ("BerriAI/litellm proxy", "litellm", 400, said("ExceededBudget: User=u over budget. Spend=12.3, Budget=10.0"),
     InsufficientCreditsError, None),
    ("gateways", "openai-chat", 403, said("No active subscription found for this API key"), InsufficientCreditsError,
     None),
    ("gateways", "openai-chat", 403, said("Your free trial has expired."), InsufficientCreditsError, None),
    ("QuantumNous/new-api", "openai-chat", 403, {"error": "insufficient_user_quota"}, InsufficientCreditsError, None),
    ("QuantumNous/new-api", "openai-chat", 401, said("token quota exhausted: 令牌额度已用尽"), InsufficientCreditsError,
     None),
    ("anomalyco/opencode#27519", "openai-chat", 400, said("tokens in request more than max tokens allowed"),
     ContextLengthError, None),
    ("earendil-works/pi overflow", "openai-chat", 400, said("Input length (265330) exceeds model's maximum context "
     "length (262144)."), ContextLengthError, None),
    ("earendil-works/pi overflow", "openai-chat", 400, said("token limit exceeded"), ContextLengthError, None),
    ("NousResearch/hermes-agent error_classifier", "vllm", 400, said("The engine prompt length 5000 exceeds the "
     "max_model_len 4096. Please reduce prompt."), ContextLengthError, None),
    ("NousResearch/hermes-agent error_classifier", "llamacpp", 400, said("slot context: 4096 tokens, prompt 5000 "
     "tokens"), ContextLengthError, None),
    ("BerriAI/litellm exception_mapping_utils", "cerebras", 400, said("Current length is 9000 while limit is 8192"),
     ContextLengthError, None),
    ("vllm-project/vllm", "vllm", 400, said("'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's "
     "maximum context length is 8192 tokens and your request has 500 input tokens (8000 > 8192 - 500)."),
     ContextLengthError, None),
    ("vllm-project/vllm", "vllm", 400, said("The prompt (total length 5000) is too long to fit into the model (context "
     "length 4096)."), ContextLengthError, None),
    ("lmstudio-ai/lmstudio-bug-tracker", "lmstudio", 400, said("Trying to keep the first 7000 tokens when context the "
     "overflows."), ContextLengthError, None),
    ("MoonshotAI", "moonshot", 400, said("The request was rejected because it was considered high risk"),
     ContentFilteredError, None),
    ("NousResearch/hermes-agent error_classifier", "openai-chat", 400, said("Responses cannot be generated due to "
     "safety concerns."), ContentFilteredError, None),
    ("DashScope, the code alone", "openai-chat", 400, {"message": "data_inspection_failed"}, ContentFilteredError,
     None),
    ("together", "together", 404, said("Unable to access model m. Please visit the list of supported models."),
     ModelNotFoundError, None),
    ("AWS Bedrock", "openai-chat", 404, said("Access denied. This Model is marked by provider as Legacy and you have "
     "not been actively using the model in the last 30 days."), ModelNotFoundError, None),
    ("Azure", "azure", 404, said("The API deployment for this resource does not exist."), ModelNotFoundError, None),
    ("lmstudio-ai/lmstudio-bug-tracker", "lmstudio", 404, said("No models loaded. Please load a model in the developer "
     "page."), ModelNotFoundError, None),
    ("gateways", "openai-chat", 400, said("Too many concurrent requests"), RateLimitedError, None),
    ("router-for-me/CLIProxyAPI", "openai-chat", 429, said("All credentials for model m are cooling down",
     code="model_cooldown", reset_seconds=41), RateLimitedError, 41.0),
    ("a gateway", "openai-chat", 429, said("Your rate limit will be renewed in 86 seconds"), RateLimitedError, 86.0),
    ("OpenAI: a parameter, not the prompt", "openai-chat", 400, said("max_tokens is too large: 5000. This model "
     "supports at most 4096 completion tokens."), InvalidRequestError, None),
    ("BerriAI/litellm exception_mapping_utils", "openai-chat", 400, said("Invalid 'user': string too long. Expected a "
     "string with maximum length 64, but got a string with length 100 instead."), InvalidRequestError, None),
    ("a parameter's name", "openai-chat", 422, said("the balance field must be a number"), InvalidRequestError, None),
    ("a feature, not the model", "openai-chat", 400, said("model m is not supported with these tools"),
     InvalidRequestError, None),
]  # fmt: skip


def ids(reported: Any) -> str:
    return str(reported[0])


@pytest.mark.parametrize("reported", REPORTED, ids=ids)
def test_as_a_status(reported: Reported) -> None:
    _, row, status, body, kind, wait = reported
    error = find(row).dialect.decode_error(ErrorReply(status, {}, json.dumps(body, ensure_ascii=False).encode()))
    assert type(error) is kind, repr(error)
    assert (error.status, error.retry_after) == (status, wait)
    assert is_retryable(error) == issubclass(kind, RateLimitedError | ServerError)


def _in_a_stream(reported: Reported) -> bytes:
    body = reported[3] if not isinstance(reported[3], str) else said(reported[3])
    return b"event: error\ndata: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


@pytest.mark.parametrize("reported", REPORTED, ids=ids)
def test_inside_a_stream(reported: Reported) -> None:
    """What says more than its status says the same there; the rest is a failure all the same."""
    error = error_of(Road(find(reported[1]).dialect).read(_in_a_stream(reported)))
    assert error is not None
    if issubclass(reported[4], InsufficientCreditsError | ContextLengthError | ContentFilteredError | OverloadedError):
        assert type(error) is reported[4], repr(error)


def test_an_envelope_whose_message_is_called_text() -> None:
    """FastChat writes it into a stream of its chat wire (lm-sys/FastChat#3367)."""
    body = {"text": "YOUR INPUT VIOLATES OUR CONTENT MODERATION GUIDELINES.\n\n(max_tokens must be at least 1, got "
     "-37938.)",
            "error_code": 50001}  # fmt: skip
    event = b"data: " + json.dumps(body).encode() + b"\n\n"
    for row in ("openai-chat", "anthropic", "gemini", "cohere"):
        error = error_of(Road(find(row).dialect).read(event))
        assert isinstance(error, LLMError)
        assert "GUIDELINES" in error.message, row


def test_there_are_many() -> None:
    assert len(REPORTED) >= 50

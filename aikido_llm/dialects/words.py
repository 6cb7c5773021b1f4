"""The words by which servers tell an error: codes, then wordings. One table for all wires, its source beside each row.

Codes are compared without their case, their punctuation and a final "error" or "exception": `rate_limit_exceeded`,
`RateLimitExceeded` and `RATE_LIMIT_EXCEEDED_ERROR` are one word. What a single host means by a word of its own (a
number, say) is not here but in that host's row; a sentence that gateways repeat is here.
"Seen" is a recorded reply or a user's report of one. All read 2026-11.
"""

import re
from collections.abc import Container, Iterable, Mapping
from functools import cache
from typing import TypeAlias

from attrs import field, frozen

from ..errors import (
    AuthError,
    ContentFilteredError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    ServerError,
    TimedOutError,
)
from . import wrong_wire

Kind: TypeAlias = type[LLMError]

_MOST_OF_A_CODE = 200  # characters; xAI's are sentences


def plain(code: str) -> str:
    """A code as it is compared."""
    bare = "".join(filter(str.isalnum, code[:_MOST_OF_A_CODE].lower()))
    return bare.removesuffix("error").removesuffix("exception") or bare


def _table(*rows: tuple[Kind, str, str]) -> dict[str, Kind]:
    return {plain(code): kind for kind, codes, _ in rows for code in codes.split()}


def _plain_keys(codes: Mapping[str, Kind]) -> dict[str, Kind]:
    return {plain(code): kind for code, kind in codes.items()}


@frozen
class Words:
    """What one host or wire says in its own way, asked before the tables below. codes: in any spelling.
    text: a part of a message, in any case."""

    codes: Mapping[str, Kind] = field(factory=lambda: dict[str, Kind](), converter=_plain_keys)
    text: Mapping[str, Kind] = field(factory=lambda: dict[str, Kind]())


NO_WORDS = Words()

# No money left; these are looked for before all others, because it must never be tried again.
MONEY_CODES = _table(
    (
        InsufficientCreditsError,
        "insufficient_quota billing_hard_limit_reached credit_balance_exhausted",
        "OpenAI pages",
    ),
    (InsufficientCreditsError, "billing billing_not_active access_terminated", "Anthropic; OpenAI"),
    (InsufficientCreditsError, "payment_required insufficient_credits insufficient_credit", "OpenRouter, gateways"),
    (InsufficientCreditsError, "insufficient_balance insufficient_funds insufficient_user_quota", "gateways (new-api)"),
    (InsufficientCreditsError, "pre_consume_token_quota_failed reject_no_credit", "new-api; ZenMux: error codes"),
    (InsufficientCreditsError, "personal-team-blocked:spending-limit", "xAI, seen"),
    (InsufficientCreditsError, "exceeded_current_quota", "Moonshot: errors"),
    (InsufficientCreditsError, "Arrearage PostpaidBillOverdue PrepaidBillOverdue", "Alibaba Model Studio: error codes"),
    (InsufficientCreditsError, "AccountOverdueError", "Volcengine Ark: error codes"),
    (InsufficientCreditsError, "NOT_ENOUGH_BALANCE BILLING_BALANCE_NOT_ENOUGH", "Novita: error codes"),
    (InsufficientCreditsError, "budget_exceeded ExceededBudget", "LiteLLM proxy"),
    (InsufficientCreditsError, "organization_usage_limit_exceeded", "OpenAI help, API usage and spend limits, 2026-11"),
    (InsufficientCreditsError, "organization_spend_limit_exceeded project_spend_limit_exceeded", "the same"),
    (InsufficientCreditsError, "enforced_spend_limit_reached", "Anthropic: error_code in details, beside a 429"),
    (InsufficientCreditsError, "AllocationQuota.FreeTierOnly", "Alibaba Model Studio: error codes"),
    (InsufficientCreditsError, "CreditsError BILLING_DISABLED", "OpenCode Zen, seen; Google: google.rpc.ErrorInfo"),
    (InsufficientCreditsError, "usage_not_included balance_depleted", "OpenAI: a plan without the API; gateways, seen"),
)

# Codes that decide whatever the wording.
TELLING_CODES = _table(
    (ContextLengthError, "context_length_exceeded context_window_exceeded ContextWindowExceeded", "OpenAI; LiteLLM"),
    (ContextLengthError, "exceed_context_size", "llama.cpp"),
    (ContextLengthError, "tokens_too_long characters_too_long", "Baidu Qianfan: error codes"),
    (ContextLengthError, "max_tokens_exceeded token_limit_exceeded string_too_long", "OpenRouter: error_type"),
    (ContextLengthError, "too_many_prompt_tokens model_max_prompt_tokens_exceeded", "Perplexity, seen; GitHub Copilot"),
    (ContextLengthError, "model_context_window_exceeded TOO_MANY_TOKENS", "Z.ai; Cohere"),
    (ContextLengthError, "CONTENT_LENGTH_EXCEEDS_THRESHOLD", "AWS Q, behind gateways"),
    (ContentFilteredError, "content_filter content_policy_violation moderation_blocked", "OpenAI, Azure"),
    (ContentFilteredError, "bio_policy cyber_policy image_content_policy_violation", "OpenAI: Responses"),
    (ContentFilteredError, "invalid_prompt refusal", "OpenAI: a prompt flagged by its usage policy; OpenRouter"),
    (ContentFilteredError, "ResponsibleAIPolicyViolation", "Azure: innererror"),
    (ContentFilteredError, "DataInspectionFailed data_inspection_failed", "Alibaba Model Studio: error codes"),
    (ContentFilteredError, "SensitiveContentDetected InputTextSensitiveContentDetected", "Volcengine Ark: error codes"),
    (ContentFilteredError, "OutputTextSensitiveContentDetected sensitive_words_detected", "Volcengine Ark; new-api"),
    (ContentFilteredError, "safety_check_failed ILLEGAL_PROMPT PROHIBITED_CONTENT", "ZenMux; Novita; Gemini"),
    (ModelNotFoundError, "model_not_found model_not_available invalid_model", "OpenAI; Together; Mistral"),
    (ModelNotFoundError, "model_decommissioned model_deprecated", "Groq, seen; gateways"),
    (ModelNotFoundError, "model_not_supported unknown_model ModelNotOpen", "Hugging Face; Z.ai; Volcengine Ark"),
    (ModelNotFoundError, "DeploymentNotFound", "Azure: errors"),
    (ModelNotFoundError, "no_endpoints model_unavailable_upstream free_variant_ended", "OpenRouter: error_type"),
    (AuthError, "invalid_api_key wrong_api_key API_KEY_INVALID InvalidApiKey", "OpenAI; Cerebras; Google; Alibaba"),
    (AuthError, "account_deactivated", "OpenAI: errors"),
    (RateLimitedError, "RESOURCE_EXHAUSTED", "Google: its wording speaks of plan and billing at every limit"),
    (OverloadedError, "overloaded server_is_overloaded engine_overloaded", "Anthropic; OpenAI; Moonshot"),
    (OverloadedError, "unavailable service_unavailable", "llama.cpp, Google; vLLM, Together"),
    (OverloadedError, "provider_overloaded temporarily_unavailable", "OpenRouter: error_type"),
    (OverloadedError, "capacity_exceeded capacity_exhausted infra_overload", "Groq flex; Chutes"),
    (OverloadedError, "insufficient_system_resource", "DeepSeek: finish reasons"),
    (OverloadedError, "ServiceUnavailableException ModelNotReadyException", "AWS Bedrock"),
    (TimedOutError, "timeout DEADLINE_EXCEEDED vector_store_timeout", "Anthropic; Google; OpenAI"),
    (TimedOutError, "ModelTimeoutException", "AWS Bedrock"),
    (InvalidRequestError, "tool_use_failed", "Groq: the model wrote a call that does not fit its tool"),
) | {plain("The service is currently unavailable"): OverloadedError}  # xAI, in a 200 that was to be a stream

# Codes that stand beside statuses of every kind: wording and status say more, so these decide where neither does.
VAGUE_CODES = _table(
    (AuthError, "authentication permission permission_denied unauthenticated unauthorized", "Anthropic; Google"),
    (AuthError, "AccessDeniedException UnrecognizedClientException ExpiredTokenException", "AWS"),
    (AuthError, "FAILED_TO_AUTH invalid_authentication incorrect_api_key", "Novita; Moonshot"),
    (RateLimitedError, "rate_limit rate_limit_exceeded rate_limited RateLimitReached", "OpenAI; Mistral; Azure"),
    (RateLimitedError, "rate_limit_reached too_many_requests slow_down", "Moonshot; gateways; OpenAI"),
    (RateLimitedError, "ThrottlingException Throttling Throttling.RateQuota limit_requests", "AWS; Alibaba"),
    (RateLimitedError, "policies.ratelimit.QuotaViolation policies.ratelimit.SpikeArrestViolation", "Apigee: faults"),
    (ServerError, "server internal_server internal api unknown cancelled provider_unavailable", "OpenAI; Google"),
    (InvalidRequestError, "invalid_request not_found request_too_large", "OpenAI; Anthropic"),
    (InvalidRequestError, "INVALID_ARGUMENT FAILED_PRECONDITION OUT_OF_RANGE UNIMPLEMENTED", "Google: google.rpc.Code"),
    (InvalidRequestError, "ValidationException ResourceNotFoundException", "AWS"),
    (InvalidRequestError, "unsupported_parameter unsupported_value invalid_value invalid_parameter", "OpenAI; Alibaba"),
    (InvalidRequestError, "data_residency_mismatch invalid_image invalid_image_format", "OpenAI: Responses"),
    (InvalidRequestError, "invalid_base64_image invalid_image_url image_too_large image_too_small", "the same"),
    (InvalidRequestError, "image_parse invalid_image_mode image_file_too_large empty_image_file", "the same"),
    (InvalidRequestError, "unsupported_image_media_type failed_to_download_image image_file_not_found", "the same"),
)  # fmt: skip


@frozen
class Wordings:
    """Sentences of one kind. at: the HTTP statuses that they may overrule (an error without a status is read by its
    words alone). rows: a pattern for any case, and who says so. Patterns are bounded, so a search is linear."""

    kind: Kind
    at: Container[int]
    rows: tuple[tuple[str, str], ...]


_ANY = frozenset(range(400, 600))
_NO_KEY = _ANY - {401, 402}  # what is no matter of keys and money
_FAILED = frozenset({429, 498, *range(500, 600)})
_MODEL = r"\bmodels?:?(?:/\S{1,100})?(?: \S{1,100}){0,3} "  # a model and its name

MONEY: tuple[Wordings, ...] = (
    Wordings(InsufficientCreditsError, _ANY, (
        (r"insufficient[ _](?:\w{1,20} ){0,2}(?:balance|credits?|funds?)\b", "DeepSeek, MiniMax, Z.ai, Xiaomi, seen"),
        (r"(?:balance|credits?|funds)(?: \w{1,20}){0,3} (?:insufficient|not enough|too low|exhausted|depleted|used up|"
         r"negative|empty)\b", "Anthropic, Gemini (prepaid), gateways, seen"),
        (r"(?:\bno|\bany|\bout of|not have enough|not enough)(?: more)? credits?\b(?! card)", "OpenAI, xAI, seen"),
        (r"(?:used|spent|consumed|depleted|exhausted|exceeded)(?: all| up)?(?: of)?(?: your| the| its)?"
         r"(?: available| monthly| included| free| remaining){0,3} credits?\b", "xAI, Hugging Face, seen"),
        (r"requires? (?:more|additional|purchased) credits?\b", "OpenRouter: errors"),
        (r"(?:credit|budget|spend(?:ing)?|billing)(?: hard)? (?:limit|cap)\b(?: \w{1,20}){0,3} (?:reached|exceeded|hit)"
         r"|credit limit exceeded", "OpenAI, Together"),
        (r"(?:reached|exceeded|hit) (?:its|your|the) (?:monthly |daily )?(?:credit|budget|spend(?:ing)?|billing)"
         r"(?: hard)? (?:limit|cap)\b|monthly spending (?:limit|cap)", "xAI, Gemini, seen"),
        (r"budget has been exceeded|key limit exceeded \((?:monthly|total)", "LiteLLM; OpenRouter"),
        (r"please (?:recharge|top[ -]?up)|(?:recharge|top[ -]?up) (?:your|the|to|at|and|in)\b", "Moonshot, Z.ai, xAI"),
        (r"account (?:is )?(?:overdue|in arrears)|overdue payment|make sure your account is in good standing"
         r"|unpaid (?:order|bill|invoice)", "Alibaba Model Studio, Volcengine: error codes"),
        (r"account balance is \$?0\b|update your payment method|payment (?:is )?(?:past due|required)",
         "Chutes, Cohere, Ollama cloud, seen"),
        (r"\bno payment method|billing (?:to be|is not|must be|has not been) (?:enabled|set up)"
         r"|(?:user|token|account) quota (?:is )?not enough|credits? (?:have |has )?expired",
         "OpenCode Zen; Google; new-api; OpenAI, seen"),
        (r"specified (?:workspace )?api usage limits?|will regain access on", "Anthropic: errors"),
        (r"requires? a (?:paid )?subscription|a subscription is required|prompt tokens limit exceeded",
         "Ollama cloud; OpenRouter"),
        (r"exceeded (?:its|your|the) (?:\w{1,20} )?budget\b|\bover budget\b|\bno active (?:subscription|billing plan)",
         "LiteLLM proxy, gateways, seen"),
        (r"\btrial (?:\w{1,20} ){0,3}(?:expired|ended|over)\b"
         r"|\bsubscription (?:\w{1,20} ){0,4}(?:expired|ended|inactive)\b", "gateways, seen"),
        (r"\bout of funds\b|account is not active.{0,20}billing"
         r"|usage limit (?:has been |was )?reached\W{1,3}please upgrade", "gateways; OpenAI; seen"),
        (r"余额不足|余额已用尽|欠费|额度不足|额度已用尽|请充值", "Chinese hosts and gateways, seen"),
    )),
    Wordings(InsufficientCreditsError, frozenset({402, 403, 429}), (
        (r"\blimit: 0\b", "Gemini: the plan has no quota at all for this model"),
        (r"(?:calls?|requests?|tokens?) ?(?:/|per|a) ?month|monthly (?:\w{1,20} ){0,2}(?:limit|quota|cap|allowance)\b",
         "Cohere's trial keys, gateways: no use in trying again before the month is over"),
        (r"usage limit for this (?:billing cycle|period|week|month)|(?:weekly|monthly) usage limit"
         r"|(?:this|the current|your) billing (?:period|cycle)|\bapi key limit exceeded", "Kimi, Ollama, gateways"),
        (r"usage limit reached for|limit will reset at|plan (?:\w{1,20} ){0,3}expired|使用上限|套餐已到期|今日调用次数",
         "Z.ai: error codes 1304 and 1308 to 1310, read 2026-11"),
    )),
)  # fmt: skip

WRONG_WIRE: tuple[Wordings, ...] = (Wordings(InvalidRequestError, _NO_KEY, wrong_wire.ROWS),)
"""They overrule codes too, which call the model unknown at times."""

WORDINGS: tuple[Wordings, ...] = (
    Wordings(ContextLengthError, _NO_KEY, (
        (r"request too large for", "OpenAI, Groq: alone above the limit of a minute, told as a rate limit"),
        (r"max_tokens must be at least 1, got -\d", "vLLM: what the prompt has left of the context, seen"),
        (r"maximum context length is \d{1,9} tokens and your (?:request|prompt|message)", "vLLM: prompt and answer"),
    )),
    Wordings(InvalidRequestError, frozenset({400, 413, 422}), (
        (r"max[_ ](?:completion[_ ]|output[_ ])?tokens?\W{0,3} (?:must be|is too large|exceeds the limit|"
         r"cannot be)|max_tokens\W{0,3} \d{1,9} exceeds", "Cohere, OpenAI, Groq: the parameter, not the prompt"),
    )),
    Wordings(RateLimitedError, frozenset({413, 429}), (
        (r"(?:tokens?|requests?|calls?|messages?|queries) ?(?:per|/|a) ?(?:second|minute|min|hour|day)\b"
         r"|per[- ](?:minute|hour|day)|\b[TRQ]P[SMHD]\b|rate.?limit|request limit|usage limit", "OpenAI, Groq, xAI"),
    )),
    Wordings(RateLimitedError, _NO_KEY, (
        (r"rate.?limit(?:ed)?(?: has been| was| is)? (?:reached|exceeded|hit)|exceed(?:s|ed)? (?:the |your )?"
         r"(?:\w{1,20} ){0,3}rate.?limit|rate limit quota violation", "gateways, behind statuses of their own"),
        (r"too many (?:\w{1,20} )?requests|request rate (?:too high|increased)"
         r"|too many (?:\w{1,20} )?tokens, please wait",
         "gateways; Alibaba; AWS Bedrock"),
        (r"(?:requests?|calls?) (?:were |was |is |are |been )?throttled|concurren\w{1,6} (?:\w{1,20} )?limit"
         r"|high concurrency usage", "Alibaba; Z.ai"),
        (r"限流|速率限制|请求频率|并发请求已达", "Chinese hosts, seen"),
    )),
    Wordings(ContextLengthError, _NO_KEY, (
        (r"maximum context|max context length|context[_ ](?:length|window)[_ ]exceeded", "OpenAI, vLLM, DeepSeek"),
        (r"\b(?:exceed\w{0,3}|longer than|greater than|larger than|beyond|fit in|over)(?: \S{1,40}){0,5} "
         r"context (?:length|window|size|limit)|exceed context limit", "OpenAI, llama.cpp, LM Studio, SGLang"),
        (r"context (?:length|window|size|limit)(?: \w{1,20}){0,3} (?:exceed\w{0,3}|overflow|full|only \d)",
         "MiniMax, llama.cpp, vLLM"),
        (r"(?:context|maximum) (?:length|size|window) of (?:only )?\d{3,9}", "LM Studio, vLLM"),
        (r"(?:prompt|input|conversation|request)s? (?:is |are )?too (?:long|large for model)", "Anthropic, Bedrock"),
        (r"too large for model with|total length of all messages is too long", "Mistral, Perplexity, seen"),
        (r"max(?:imum)?(?: allowed)? (?:prompt|input|model) (?:length|tokens)|maximum allowed number of input tokens"
         r"|prompt exceeds max", "xAI, OpenRouter, vLLM, Z.ai"),
        (r"input token count.{0,80}(?:exceeds the maximum|only supports up to)", "Gemini, Vertex AI"),
        (r"(?:prompt|input) tokens?(?: count)?(?: of)?(?: \S{1,20}){0,2} (?:exceeds?|exceeded) the"
         r" (?:limit|maximum|configured limit)|number of input tokens(?: \S{1,20}){0,2} (?:cannot exceed|exceeds)",
         "OpenAI, GitHub Copilot, watsonx, Amazon Nova"),
        (r"exceed(?:s|ed)? model token limit|exceed(?:s|ed)? max message tokens", "Moonshot; Volcengine"),
        (r"reduce (?:the length of|your prompt)|prompt is longer than the context|input length exceeds"
         r"|(?:prompt|input)(?: tokens?)? length(?: of)?(?: \S{1,20})? "
         r"(?:exceeds?|exceeded|is (?:longer|greater|larger) than)", "Groq, Cerebras, Ollama, NIM, SiliconFlow"),
        (r"too long to fit|context (?:the )?overflows?\b|\bmax_model_len\b|\bmax_sequence_length\b"
         r"|tokens in request more than max tokens allowed", "vLLM, LM Studio, seen"),
        (r"current length is \d{1,9} while limit is|\bslot context: \d|exceeds? the maximum number of input tokens"
         r"|context (?:window|length) of (?:this|the) model is \d", "Cerebras, llama.cpp, Bedrock, gateways"),
        (r"too many (?:input |prompt )?tokens\b(?!,? please wait)|too many total text bytes", "Cohere, AWS Bedrock"),
        (r"input is too large to process|context shift is disabled", "llama.cpp"),
        (r"range of input length should be|(?:prompt|输入|上下文).{0,10}(?:超长|过长|超出|超过|超限)", "Alibaba; Z.ai"),
        (r"message you submitted was too long", "ChatGPT's own backend, behind gateways"),
        (r"`inputs`(?: tokens \+ `max_new_tokens`)? must (?:have less|be <=)", "Hugging Face TGI"),
        (r"'(?:messages|input|instructions)\S{0,60}': string too long", "OpenAI: errors"),
    )),
    Wordings(ContextLengthError, frozenset({400, 413, 422}), (
        (r"\btoken limit (?:was |is |has been )?exceeded|token count(?: of \d{1,9})? exceeds the (?:limit|maximum)"
         r"|tokens exceed(?: the| your)?(?: \w{1,20})? limit", "gateways, GitHub Copilot"),
    )),
    Wordings(ContentFilteredError, _NO_KEY, (
        (r"content (?:\w{1,20} )?violates|SAFETY_CHECK_TYPE|violat\w{1,5} (?:\S{1,20} ){0,3}usage (?:guidelines|polic)",
         "xAI, OpenAI, seen"),
        (r"content.?(?:filtering |management |moderation |safety )?polic(?:y|ies)|due to safety|usage policies"
         r"|flagged (?:as|by|for)\b",
         "Azure, Anthropic, OpenAI, seen"),
        (r"content exists risk|considered (?:as )?high risk", "DeepSeek, Moonshot: their moderation's messages, seen"),
        (r"DataInspectionFailed|data may contain inappropriate content", "Alibaba, also behind routers, seen"),
        (r"(?:inappropriate|prohibited|unsafe|sensitive|nsfw)(?: or \w{1,20})?[ _](?:content|words?)\b|new_sensitive",
         "Z.ai, MiniMax, Gemini behind gateways"),
        (r"guardrail (?:policy|intervened)|(?:blocked|rejected|flagged|denied) by (?:\w{1,20} ){0,3}guardrails?\b",
         "LiteLLM proxy, AWS Bedrock behind gateways"),
        (r"safety system|blocked by (?:the |our )?(?:content|safety|moderation)|ResponsibleAIPolicyViolation",
         "OpenAI images, Azure"),
        (r"违规|敏感(?:词|内容|信息)|不安全", "Chinese hosts, seen"),
    )),
    Wordings(InsufficientCreditsError, frozenset({400, 402, 403, 429}), (
        (r"insufficient[ _](?:\w{1,20} )?quota|exceeded your current (?:token )?quota", "OpenAI, Moonshot"),
        (r"quota(?: \w{1,20}){0,2} (?:not enough|exhausted|used up)|quota exceeded and account", "gateways; Chutes"),
        (r"exceeded your monthly included|free (?:quota|tier|trial|period)(?: \S{1,40}){0,4} (?:exhausted|ended)",
         "Hugging Face; Alibaba"),
    )),
    Wordings(AuthError, frozenset({400, 401, 403}), (
        (r"(?:incorrect|invalid|missing|wrong|expired).{0,20}(?:api.?key|api.?token|authentication header|credentials|"
         r"subscription key)", "OpenAI, xAI, Cohere, Azure"),
        (r"api.?key (?:not valid|is invalid|expired|not found|is disabled|has been (?:suspended|revoked|disabled))"
         r"|no api key (?:supplied|found|provided)|invalid authentication|authentication fails", "Google, DeepSeek"),
        (r"reported as leaked|security token included in the request is|signature expired", "Google; AWS"),
    )),
    Wordings(AuthError, frozenset({400, 401, 403, 429}), (
        (r"account (?:has been |is )(?:deactivated|disabled|suspended|locked|banned)", "OpenAI, Moonshot, Z.ai"),
    )),
    Wordings(ModelNotFoundError, frozenset({400, 403, 404, 410, 422, 501}), (
        (_MODEL + r"(?:(?:has been|have been|is|are|was|were|has) )?(?:not found|not available|unavailable|retired"
         r"|not loaded|not enabled|removed|deprecated|decommissioned|discontinued|sunset"
         r"|no longer (?:available|supported|offered)"
         r"|not supported by any|not exist\b)", "OpenAI, Groq, Cohere, Together, seen"),
        (_MODEL + r"(?:does not|do not|doesn't) exist|" + _MODEL + r"(?:has )?reached (?:its|the) end of",
         "OpenAI; AWS Bedrock, seen"),
        (r"model not exist|\bmodels?:? not found|model (?:does not|doesn't) exist|model deprecated", "DeepSeek, xAI"),
        (r"not found the model|no such model|unknown model|(?:invalid|incorrect) model(?: id|:| name)", "Moonshot"),
        (r"\Amodels?: \S{1,100}\Z", "Anthropic: its only words for it, also behind gateways"),
        (r"not a valid model|supported api model names are|model identifier is invalid", "OpenRouter, DeepSeek"),
        (r"not allowed to use (?:publisher )?model", "Vertex AI: it is not enabled for the project, seen"),
        (r"requested model(?: \S{1,100}){0,2} is not (?:supported|available|valid)|unexpected model name",
         "Hugging Face; Gemini"),
        (r"unable to access model|does not have access to (?:the )?model\b|marked by provider as legacy"
         r"|\bmodel disabled\b", "Together; OpenAI; AWS Bedrock; SiliconFlow"),
        (r"\bunsupported model\b|\bmodel \S{1,100} is (?:currently )?not supported(?:\.|\Z)"
         r"|could(?: not|n't) find (?:the )?model", "gateways"),
        (r"\bno models? (?:is |are )?(?:currently )?loaded|no healthy deployments for this model"
         r"|deployment (?:\S{1,40} ){0,4}does not exist", "LM Studio; LiteLLM proxy; Azure"),
        (r"no endpoints found for |period for this model has ended|no available channels? for model",
         "OpenRouter; new-api"),
        (r"模型不存在|模型已下线", "Chinese hosts, seen"),
    )),
    Wordings(InvalidRequestError, _ANY, (
        (r"is not supported - hint|requires --jinja", "llama.cpp: not started for it, told with a 500"),
        (r"unexpected endpoint or method|no such (?:route|endpoint)|could not route to|\b404 page not found"
         r"|cannot (?:post|get) /", "LM Studio, Cloudflare, Ollama, Express: the base URL is wrong"),
    )),
    Wordings(OverloadedError, _FAILED, (
        (r"overloaded|at (?:maximum )?capacity|capacity exceeded|high demand|(?:server|system|service) is (?:too )?busy"
         r"|server busy|loading model|model is (?:currently )?loading", "Anthropic, Gemini, llama.cpp, Hugging Face"),
        (r"temporarily unavailable|no (?:available|instances) (?:accounts?|keys?|instances|available)|访问量过大|负载",
         "gateways, Chutes, Z.ai"),
    )),
)  # fmt: skip


@cache
def search(rows: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """The rows as one pattern; made for the first error, because a start has none."""
    return re.compile("|".join(f"(?:{pattern})" for pattern, _ in rows), re.IGNORECASE)


def kind_of(message: str, status: int | None, wordings: Iterable[Wordings]) -> Kind | None:
    """The first kind whose words are in message and may overrule the status."""
    for group in wordings:
        if (status is None or status < 400 or status in group.at) and search(group.rows).search(message):
            return group.kind
    return None

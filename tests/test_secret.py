import asyncio
import copy
import json
import pickle
import string
import traceback
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.secret import HIDDEN, HiddenValues, Key, KeySource, Secret, excerpt, scrub, secrets_in, sounds_secret

CANARY = "canaryK7qZ2vX9wB4n"
keys = st.text(string.ascii_letters + string.digits + "-_", min_size=8, max_size=60)
surroundings = st.text(string.printable, max_size=40)


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(CANARY)
    assert CANARY not in f"{secret!r} {secret} {secret!s} {[secret]} {Key(secret)!r} {Key(CANARY)!r}"
    assert repr(Secret("")) == "Secret()"
    assert repr(Key(None)) == "Key()"
    assert secret == Secret(CANARY)
    assert secret != CANARY
    assert hash(secret) == hash(Secret(CANARY))
    assert secret.reveal() == CANARY
    assert not isinstance(secret, str)


async def test_a_key_is_text_or_a_function_sync_or_async_asked_each_time() -> None:
    asked: list[int] = []

    def source() -> str:
        asked.append(1)
        return f"key{len(asked)}"

    async def later() -> str:
        await asyncio.sleep(0)
        return "later"

    assert (await Key("plain").get()).reveal() == "plain"
    assert (await Key(Secret("held")).get()).reveal() == "held"
    assert not await Key(None).get()
    assert not Key(None)
    assert not Key("")
    assert Key(source)
    key = Key(source)
    assert [(await key.get()).reveal(), (await key.get()).reveal()] == ["key1", "key2"]
    assert (await Key(later).get()).reveal() == "later"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc", f"Authorization: {HIDDEN}"),
        ('{"authorization": "Bearer k1234567"}', f'{{"authorization": "{HIDDEN}"}}'),
        ("{'Authorization': 'Basic dTpw', 'a': 1}", f"{{'Authorization': '{HIDDEN}', 'a': 1}}"),
        ("sent with bearer abcdef123456", f"sent with bearer {HIDDEN}"),
        ("bearer abcdefghijklmnopqrstuvwx", f"bearer {HIDDEN}"),
        ("x-api-key: abcdef1", f"x-api-key: {HIDDEN}"),
        ("{'x-goog-api-key': 'abcdef1'}", f"{{'x-goog-api-key': '{HIDDEN}'}}"),
        ("api_token=abcdef1&x", f"api_token={HIDDEN}&x"),
        ("OPENAI_API_KEY=abcdef1", f"OPENAI_API_KEY={HIDDEN}"),
        ("wrong key sk-ant-api03-abcdefghijklmnop-123.", f"wrong key {HIDDEN}."),
        ("gsk_abcdefghijklmnopqrst", HIDDEN),
        ("AIzaSyA1234567890abcdefghijk", HIDDEN),
        ("Incorrect API key provided: sk-proj-****abcd.", f"Incorrect API key provided: {HIDDEN}."),
        ("GET https://host/path?key=1&b=2 failed", f"GET https://host/path?{HIDDEN} failed"),
        ("https://user:pass@host/path", f"https://{HIDDEN}@host/path"),
    ],
)
def test_what_looks_like_a_key_is_scrubbed(text: str, shown: str) -> None:
    assert scrub(text) == shown
    assert scrub(shown) == shown, "scrubbing twice changes nothing"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Missing bearer or basic authentication in header",
        "loading... please wait",
        "pass api_key=... or set OPENAI_API_KEY",
        "https://host/path#part is where to look",
        "the model gpt-x-2026-01-01 does not exist",
    ],
)
def test_plain_words_are_left(text: str) -> None:
    assert scrub(text) == text


def test_parts_and_spellings_of_a_known_secret_are_scrubbed() -> None:
    secret = Secret("my+key/123456789=")
    assert scrub("my+key/123456789= my%2Bkey%2F123456789%3D my+k...789 my+k***789=", secret).count(HIDDEN) == 4
    assert "789" not in scrub("my+k...789 and my+key\u2026789", secret)


@pytest.mark.parametrize("key", ["sk-canary-0123456789", "my+key/123456789"])
def test_a_key_shown_in_part_is_found_wherever_its_beginning_stands(key: str) -> None:
    """Also behind a beginning that leads to nothing, in the same run of letters or in the next."""
    begin = key[:4]
    for text in (f"{begin}{begin}x...789", f"{begin} {begin}x***789", f"a{begin}b {begin}{begin}c\u2026789 {begin}"):
        assert "789" not in scrub(text, Secret(key)), text
    assert scrub(f"{begin}and {begin}ord", Secret(key)) == f"{begin}and {begin}ord"


def test_the_cut_end_of_an_excerpt_shows_no_part_of_a_key() -> None:
    text = f"no such key: {CANARY}"
    for end in range(len(text) - len(CANARY) + 6, len(text) + 1):
        assert CANARY[:6] not in scrub(excerpt(text, end), Secret(CANARY))
    assert excerpt(text, len(text)) == text
    assert excerpt("abcdef", 4) == "abc\u2026"


def test_an_address_is_shown_without_its_query_whatever_stands_before() -> None:
    assert scrub("http://http://host/a?key=1") == f"http://http://host/a?{HIDDEN}"
    assert scrub("http://one http://two?b=2 http://three") == f"http://one http://two?{HIDDEN} http://three"


@pytest.mark.parametrize("key", ["sk-canary-0123456789abcdef", "ab+cd/efgh+ij/klmn==", "-+/=.~:@!$&'()*,;"])
def test_the_signs_of_a_key_are_known_in_other_spellings(key: str) -> None:
    def with_signs(spell: Callable[[str], str]) -> str:
        return "".join(letter if letter.isalnum() else spell(letter) for letter in key)

    spellings = {
        "a URL": quote(key, safe=""),
        "a URL in small letters": with_signs(lambda sign: f"%{ord(sign):02x}"),
        "a URL in part": quote(key),
        "a URL twice": quote(with_signs(lambda sign: f"%{ord(sign):02X}"), safe=""),
        "JSON": with_signs(lambda sign: f"\\u{ord(sign):04x}"),
        "JSON in JSON": json.dumps(with_signs(lambda sign: f"\\u{ord(sign):04X}")),
        "PHP's JSON": key.replace("/", "\\/"),
        "HTML": with_signs(lambda sign: f"&#{ord(sign)};"),
        "HTML in hexadecimal": with_signs(lambda sign: f"&#x{ord(sign):X};"),
    }
    shown = {name: scrub(f"key ({spelled}) said", Secret(key)).replace('"', "") for name, spelled in spellings.items()}
    assert shown == dict.fromkeys(spellings, "key (***) said")


def test_a_secret_inside_another_leaves_no_rest() -> None:
    assert scrub("abcdefgh", Secret("abcd"), Secret("abcdefgh")) == HIDDEN


def test_a_secret_too_short_to_be_one_is_left() -> None:
    assert scrub("a cat", Secret("a"), Secret("")) == "a cat"


@settings(max_examples=150, deadline=None)
@given(keys, st.lists(surroundings, min_size=1, max_size=4))
def test_a_random_key_never_survives(key: str, around: list[str]) -> None:
    text = key.join(["", *around, ""])
    assert key not in scrub(text, Secret(key))


@settings(max_examples=100, deadline=None)
@given(surroundings, keys)
def test_scrubbing_twice_changes_nothing(text: str, key: str) -> None:
    once = scrub(f"{text} {key} {text}", Secret(key))
    assert scrub(once, Secret(key)) == once


def test_a_traceback_through_scrub_shows_no_key() -> None:
    try:
        raise ValueError(scrub(f"bad {CANARY}", Secret(CANARY)))
    except ValueError:
        assert CANARY not in traceback.format_exc()


@pytest.mark.parametrize(
    "source", [f" {CANARY}\r\n", f"\ufeff{CANARY}\n", Secret(f"{CANARY}\n"), lambda: f"{CANARY}\n"]
)
async def test_what_stands_around_a_key_in_a_file_is_no_part_of_it(source: KeySource | Secret) -> None:
    assert (await Key(source).get()) == Secret(CANARY)


SECRET_NAMES = """
Authorization proxy-authorization x-api-key X-APIKey apiKey apikey api_key x-portkey-api-key ocp-apim-subscription-key
x-goog-api-key X-Auth helicone-auth x-amz-security-token Set-Cookie Cookie x-client-secret x-session-id X-Session
x-hub-signature-256 api_token accessToken x-db-password
"""
OPEN_NAMES = """
x-portkey-provider x-portkey-metadata x-token-budget x-author x-keyword x-monkey x-tokenizer max_tokens x-max-tokens
x-ratelimit-remaining-tokens x-request-id x-secretary x-auth-user idempotency-key www-authenticate content-type - 123
"""


@pytest.mark.parametrize(
    ("name", "secret"),
    [*((name, True) for name in SECRET_NAMES.split()), *((name, False) for name in ["", *OPEN_NAMES.split()])],
)
def test_a_name_sounds_secret_by_its_last_word(name: str, secret: bool) -> None:
    assert sounds_secret(name) is secret


def test_common_words_in_settings_of_a_gateway_stay_in_messages() -> None:
    headers = {"x-portkey-provider": "openai", "x-portkey-metadata": "production", "x-portkey-api-key": CANARY}
    text = "openai error: gpt-x is not available for production traffic"
    assert scrub(text, *secrets_in(headers)) == text
    assert scrub(f"bad {CANARY}", *secrets_in(headers)) == f"bad {HIDDEN}"


@given(st.integers(0, len(CANARY) * 2 - 12), st.integers(12, 60), surroundings, surroundings)
def test_no_long_part_of_a_key_is_shown_wherever_it_is_from(start: int, size: int, before: str, behind: str) -> None:
    key = CANARY + CANARY[::-1]
    shown = scrub(f"{before}{key[start : start + size]}{behind}", Secret(key))
    assert not any(key[at : at + 12] in shown for at in range(len(key) - 11))


def test_short_parts_are_words_that_are_left() -> None:
    assert scrub("not sk-proj for this", Secret("sk-proj-abcdefghijklmnop")) == "not sk-proj for this"


HELD = [Secret(CANARY), Key(CANARY), Key(lambda: CANARY), HiddenValues({"x-key": CANARY})]


@pytest.mark.parametrize("held", HELD, ids=lambda held: type(held).__name__)
def test_what_holds_a_key_is_not_pickled_and_a_copy_is_itself(held: object) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps([held], protocol)
    assert copy.copy(held) is held
    assert copy.deepcopy({"a": held})["a"] is held


def test_hidden_values_are_a_mapping() -> None:
    values = HiddenValues({"a": CANARY})
    assert values == {"a": CANARY} == {**values}
    assert (len(values), values["a"], list(values), repr(values)) == (1, CANARY, ["a"], "<a>")
    assert pickle.loads(pickle.dumps(HiddenValues[str]())) == {}

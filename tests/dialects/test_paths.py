"""Names from a request and cursors from a server in a URL."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.dialects import paths
from aikido_llm.providers import find


def path(model: str) -> str:
    request = llm.Request([llm.user("hi")], model=model)
    return find("gemini").dialect.encode(request, stream=False, provider="gemini").path


@pytest.mark.parametrize(
    ("model", "shown"),
    [("m-1.5", "models/m-1.5"), ("models/m", "models/m"), ("tunedModels/a", "tunedModels/a"), ("a/b", "models/a%2Fb"),
     ("m:x?y#z", "models/m%3Ax%3Fy%23z"), ("%2e%2e", "models/%252e%252e"), ("m x", "models/m%20x")],
)  # fmt: skip
def test_a_model_name_is_one_segment(model: str, shown: str) -> None:
    assert path(model) == f"/{shown}:generateContent"


@pytest.mark.parametrize(
    "model", ["../../other/tenant", "models/../../x", "a/../../../v1beta/cachedContents", "..", "models/.", "models/",
              "..\\x", "a\nb", "m\ud800", "a//b"],
)  # fmt: skip
def test_what_climbs_out_is_refused(model: str) -> None:
    with pytest.raises(llm.InvalidRequestError, match="model name"):
        path(model)


@pytest.mark.parametrize("row", ["anthropic", "gemini", "cohere", "openai"])
def test_a_cursor_is_encoded_or_malformed(row: str) -> None:
    dialect: Any = find(row).dialect
    assert "\n" not in dialect.encode_models("a b\n#c").path
    assert "#" not in dialect.encode_models("a b\n#c").path
    with pytest.raises(llm.MalformedStream, match="next page"):
        dialect.encode_models("\ud800")
    assert paths.query("a=1&b=%20") == "a=1&b=%20"

import base64
from pathlib import Path

import pytest

from aikido_llm.errors import InvalidToolArguments
from aikido_llm.serialize import from_dict, to_dict
from aikido_llm.types.messages import Message, Replay, Role, ThinkingPart, assistant, fingerprint, system, tool, user
from aikido_llm.types.parts import AudioPart, CacheBreakpoint, FilePart, ImagePart, TextPart, sniff
from aikido_llm.types.tools import ToolCall, ToolDef

PNG = b"\x89PNG\r\n\x1a\n rest"
PNG_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()


# ---------------------------------------------------------------- media


def test_a_data_uri_given_as_url_becomes_bytes() -> None:
    image = ImagePart(url=PNG_URI)
    assert (image.url, image.data, image.content_type) == (None, PNG, "image/png")
    assert image == ImagePart(data=PNG)
    assert AudioPart(url="data:audio/wav;base64,AAEC").data == b"\0\1\2"
    assert FilePart(url="DATA:application/pdf;base64,AAEC", name="a.pdf").data == b"\0\1\2"


def test_the_media_type_that_is_given_wins_then_the_uri_s_then_the_bytes() -> None:
    assert ImagePart(url=PNG_URI, content_type="image/x").content_type == "image/x"
    assert ImagePart(url=PNG_URI.replace("image/png", "image/y")).content_type == "image/y"
    assert ImagePart(url=PNG_URI.replace("image/png", "")).content_type == "image/png"
    assert ImagePart(data=b"unknown").content_type == ""
    assert ImagePart(url="https://host/a.png").content_type == ""


@pytest.mark.parametrize("kind", [ImagePart, AudioPart, FilePart])
def test_a_medium_is_a_url_or_bytes(kind: type[ImagePart | AudioPart | FilePart]) -> None:
    with pytest.raises(ValueError, match="not both"):
        kind(url="https://host/a", data=b"x")
    with pytest.raises(ValueError, match="needs a url or data"):
        kind()
    with pytest.raises(ValueError, match=r"\S"):
        kind(url="data:image/png;base64,@@@@")
    assert kind(data=b"").data == b""


def test_a_piece_of_sound_may_be_transcript_only() -> None:
    assert AudioPart(transcript="he").data is None


def test_the_bytes_are_not_shown() -> None:
    assert repr(ImagePart(data=PNG)) == "ImagePart(url=None, data=<13 bytes>, content_type='image/png')"
    assert "data=None" in repr(ImagePart(url="https://host"))


def test_save_and_from_path(tmp_path: Path) -> None:
    path = ImagePart(data=PNG).save(tmp_path / "a.png")
    assert path.read_bytes() == PNG
    assert ImagePart.from_path(path) == ImagePart(data=PNG)
    (tmp_path / "b.webp").write_bytes(b"no magic")
    assert ImagePart.from_path(str(tmp_path / "b.webp")).content_type == "image/webp"
    (tmp_path / "c").write_bytes(b"no magic")
    assert ImagePart.from_path(tmp_path / "c").content_type == ""
    with pytest.raises(ValueError, match="download it first"):
        ImagePart(url="https://host/a.png").save(tmp_path / "d")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt", "audio/wav"),
        (b"ID3\4", "audio/mpeg"),
        (b"fLaC", "audio/flac"),
        (b"OggS", "audio/ogg"),
        (b"%PDF-1.7", "application/pdf"),
        (b"", ""),
        (b"RIFF", ""),
    ],
)
def test_sniff(data: bytes, expected: str) -> None:
    assert sniff(data) == expected


# ---------------------------------------------------------------- tools


def test_a_call_without_arguments_has_an_empty_object() -> None:
    assert ToolCall("1", "f").arguments == ToolCall("1", "f", "").arguments == "{}"
    assert ToolCall("1", "f", "").parsed() == {}


def test_arguments_are_parsed_on_demand() -> None:
    assert ToolCall("1", "f", ' {"a": [1]} ').parsed() == {"a": [1]}


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", "null", "5", "not json"])
def test_arguments_that_are_no_object_are_a_typed_error_that_names_the_tool(arguments: str) -> None:
    with pytest.raises(InvalidToolArguments, match="tool 'f'"):
        ToolCall("1", "f", arguments).parsed()


def test_a_tool_without_parameters_takes_an_empty_object() -> None:
    assert ToolDef("f").parameters == {"type": "object", "properties": {}}
    assert ToolDef("f").parameters is not ToolDef("g").parameters


# ---------------------------------------------------------------- messages


def test_makers() -> None:
    mark = CacheBreakpoint("1h")
    image, call = ImagePart(data=PNG), ToolCall("1", "f")
    assert system("s", cache=mark) == Message(Role.system, "s", cache=mark)
    assert user("u", images=[image], name="n") == Message(Role.user, "u", (image,), name="n")
    assert user() == Message("user")
    assert assistant("a", tool_calls=[call], thinking=[ThinkingPart("t")]) == Message(
        "assistant", "a", tool_calls=(call,), thinking=(ThinkingPart("t"),)
    )
    assert tool("1", "r", name="f", is_error=True) == Message("tool", "r", tool_call_id="1", name="f", is_error=True)


def test_any_iterable_of_parts_becomes_a_tuple_and_roles_become_roles() -> None:
    message = Message("user", [TextPart("a")], iter([ImagePart(data=PNG)]), [AudioPart(data=b"x")], [], thinking=[])
    assert message.role is Role.user
    assert message.content == (TextPart("a"),)
    assert message.images == (ImagePart(data=PNG),)
    assert (message.audio, message.tool_calls, message.thinking) == ((AudioPart(data=b"x"),), (), ())


def test_an_unknown_role_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"Message\.role is one of system, user, assistant, tool, not 'robot'"):
        Message("robot", "hi")


def test_text_and_parts_give_all_content_in_order() -> None:
    image, sound, late = ImagePart(data=PNG), AudioPart(data=b"x"), ImagePart(url="https://host")
    message = Message("user", [TextPart("a"), image, TextPart("b")], [late], [sound])
    assert message.text == "ab"
    assert message.parts == (TextPart("a"), image, TextPart("b"), late, sound)
    assert Message("user", "hi").text == "hi"
    assert Message("user", "hi").parts == (TextPart("hi"),)
    assert Message("user", "", [image]).parts == (image,)


def test_messages_are_values() -> None:
    assert user("a") == user("a")
    assert hash(user("a")) == hash(user("a"))
    assert user("a") != user("b")
    with pytest.raises(AttributeError):
        setattr(user("a"), *("content", "b"))


# ---------------------------------------------------------------- replay

CALL = ToolCall("1", "f", '{"a":1}')


def turn(text: str = "hi", *calls: ToolCall, provider: str = "acme") -> Message:
    replay = Replay(provider, ({"block": 1},), fingerprint("hi", [CALL]))
    return Message("assistant", text, tool_calls=calls or (CALL,), replay=replay)


def test_a_turn_goes_back_to_its_provider_in_its_own_blocks() -> None:
    assert turn().replay_for("acme") == ({"block": 1},)


def test_another_provider_never_sees_them() -> None:
    assert turn().replay_for("other") == ()
    assert user("hi").replay_for("acme") == ()


def test_an_edited_turn_is_not_replayed() -> None:
    assert turn("hi!").replay_for("acme") == ()
    assert turn("hi", ToolCall("1", "f", '{"a":2}')).replay_for("acme") == ()
    assert turn("hi", CALL, CALL).replay_for("acme") == ()


def test_a_fingerprint_tells_text_and_calls_apart() -> None:
    made = [
        fingerprint("", []),
        fingerprint("a", []),
        fingerprint("a", [CALL]),
        fingerprint("a", [ToolCall("1", "fg", "{}")]),
        fingerprint("a", [ToolCall("1f", "g", "{}")]),
        fingerprint("\ud83d", []),
    ]
    assert len(set(made)) == len(made)


def test_state_goes_back_to_the_row_and_wire_that_gave_it_also_when_the_text_was_edited() -> None:
    replay = Replay("acme", (), "x", wire="w", state={"container": "c1"})
    message = Message("assistant", "edited", replay=replay)
    assert message.state_for("acme", "w") == message.state_for("acme") == {"container": "c1"}
    assert message.state_for("acme", "v") == message.state_for("other", "w") == user("hi").state_for("acme") == {}
    assert from_dict(to_dict(message), Message) == message

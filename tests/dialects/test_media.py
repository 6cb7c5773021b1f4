import pytest

from aikido_llm.codecs.base64 import Base64Text
from aikido_llm.dialects.media import (
    audio_format,
    bare_base64,
    bytes_from_base64,
    data_uri,
    image_from_base64,
    image_from_url,
)
from aikido_llm.errors import MalformedStream, UnsupportedFeatureError
from aikido_llm.types.parts import AudioPart, FilePart, ImagePart

GIF = b"GIF89a"


def test_a_url_stays_a_url_and_a_data_uri_becomes_bytes() -> None:
    assert image_from_url("https://host/a.png") == ImagePart(url="https://host/a.png")
    assert image_from_url("data:image/gif;base64,R0lGODlh") == ImagePart(data=GIF, content_type="image/gif")
    assert image_from_url("DATA:;base64,R0lGODlh").content_type == "image/gif"


def test_bare_base64_is_sniffed_when_no_type_is_given() -> None:
    assert image_from_base64("R0lGODlh") == ImagePart(data=GIF, content_type="image/gif")
    assert image_from_base64("R0lGODlh", "image/x").content_type == "image/x"


def test_broken_base64_is_a_broken_stream_and_is_not_repeated() -> None:
    with pytest.raises(MalformedStream, match="an image is not base64"):
        image_from_url("data:image/gif;base64,canary!")
    with pytest.raises(MalformedStream, match="an image is not base64"):
        image_from_url("data:image/gif;base64")
    with pytest.raises(MalformedStream, match="an image is not base64"):
        image_from_base64("canary!")
    with pytest.raises(MalformedStream, match="a sound is not base64") as caught:
        bytes_from_base64("canary!", "a sound")
    assert "canary" not in str(caught.value)


def test_bytes_go_out_as_a_data_uri_that_is_encoded_late() -> None:
    assert data_uri(ImagePart(data=GIF), "image/png") == Base64Text(GIF, "data:image/gif;base64,")
    assert data_uri(ImagePart(data=b"?"), "image/png") == Base64Text(b"?", "data:image/png;base64,")
    assert data_uri(FilePart(url="https://host"), "x/y") == "https://host"


def test_a_wire_that_takes_bytes_only_says_so_without_the_url_s_query() -> None:
    assert bare_base64(ImagePart(data=GIF), "images") == Base64Text(GIF)
    with pytest.raises(
        UnsupportedFeatureError, match="takes images as bytes only: download https://host/a and"
    ) as caught:
        bare_base64(ImagePart(url="https://host/a?token=canary"), "images")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("audio/wav", "wav"),
        ("audio/x-wav", "wav"),
        ("audio/vnd.wave", "wav"),
        ("audio/mpeg", "mp3"),
        ("audio/mp3", "mp3"),
        ("audio/flac", "flac"),
        ("audio/ogg; codecs=opus", "ogg"),
        ("audio/L16;rate=24000", "pcm16"),
        ("", "wav"),
    ],
)
def test_short_names_of_audio_formats(content_type: str, name: str) -> None:
    assert audio_format(AudioPart(data=b"x", content_type=content_type)) == name


def test_a_sound_without_a_type_is_sniffed() -> None:
    assert audio_format(AudioPart(data=b"fLaC")) == "flac"
    assert audio_format(AudioPart(url="https://host/a")) == "wav"

"""Pictures that people send: whatever is in the file, only pixels are passed on, and only within bounds."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.core.pictures import LONGEST_SIDE, MIB, NotShown, redrawn, size_of

COLOURS: dict[str, tuple[int, ...] | str] = {
    "RGB": "navy",
    "CMYK": (90, 90, 0, 0),
    "L": "gray",
    "RGBA": (0, 0, 128, 90),
}
SECRET = "47.6097, -122.3331"


def file(kind: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **more: object) -> bytes:
    into = BytesIO()
    Image.new(mode, size, COLOURS[mode]).save(into, kind, **more)
    return into.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is so large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(300))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_each_kind_comes_out_as_a_picture_that_every_phone_shows(kind: str) -> None:
    still = redrawn(file(kind), MIB)
    picture = opened(still.data)
    assert picture.size == (still.width, still.height) == (40, 20)
    assert (still.kind, picture.format) in {("image/png", "PNG"), ("image/jpeg", "JPEG")}
    assert still.filename in {"picture.png", "picture.jpg"}


def test_where_it_was_taken_and_with_what_stays_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET
    about = PngInfo()
    about.add_text("Comment", SECRET)
    files = [
        file("JPEG", exif=exif, comment=SECRET.encode()),
        file("PNG", exif=exif, pnginfo=about),
        file("WEBP", exif=exif, xmp=SECRET.encode()),
        file("GIF", comment=SECRET.encode()),
        file("PNG") + SECRET.encode(),
    ]
    for data in files:
        assert SECRET.encode() in data
        still = redrawn(data, MIB)
        assert SECRET.encode() not in still.data
        picture = opened(still.data)
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGBA"), ("WEBP", "RGBA")])
def test_a_picture_taken_with_a_turned_phone_stands_upright(kind: str, mode: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    still = redrawn(file(kind, mode=mode, exif=exif), MIB)
    assert (still.width, still.height) == (20, 40)


def test_a_large_photograph_is_made_small_enough_for_a_phone() -> None:
    still = redrawn(file("JPEG", (6000, 3000)), 8 * MIB)
    assert (still.width, still.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_of_a_moving_picture_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("navy", "white", "navy")]
    into = BytesIO()
    frames[0].save(into, "GIF", save_all=True, append_images=frames[1:])
    picture = opened(redrawn(into.getvalue(), MIB).data)
    assert getattr(picture, "n_frames", 1) == 1
    assert picture.convert("RGB").getpixel((5, 5)) == (0, 0, 128)


def test_what_is_see_through_stays_so() -> None:
    still = redrawn(file("WEBP", mode="RGBA"), MIB)
    assert still.kind == "image/png"
    assert opened(still.data).mode == "RGBA"


def test_what_is_see_through_and_too_large_stands_on_white() -> None:
    noise = Image.effect_noise((1500, 1500), 90).convert("RGBA")
    noise.putalpha(Image.effect_noise((1500, 1500), 90))
    into = BytesIO()
    noise.save(into, "PNG", compress_level=1)
    still = redrawn(into.getvalue(), 8 * MIB)
    assert still.kind == "image/jpeg"
    assert len(still.data) < 2 * MIB


def test_a_file_over_the_limit_is_not_even_opened() -> None:
    data = file()
    with pytest.raises(NotShown, match="too large"):
        redrawn(data, len(data) - 1)


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (2**31 - 1, 2**31 - 1), (10_000_000, 3)])
def test_a_bomb_is_not_decoded(width: int, height: int) -> None:
    with pytest.raises(NotShown):
        redrawn(png_claiming(width, height), MIB)


@pytest.mark.parametrize("more", [{"progressive": True}, {"mode": "CMYK"}])
def test_a_jpeg_that_is_decoded_as_a_whole_may_have_fewer_pixels(more: dict[str, Any]) -> None:
    assert redrawn(file("JPEG", (3000, 2000), **more), MIB).width == LONGEST_SIDE
    with pytest.raises(NotShown, match="pixels"):
        redrawn(file("JPEG", (5000, 3300), **more), MIB)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"MZ\x90\x00" + bytes(200),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        file("BMP"),
        file("TIFF"),
        file("ICO", (16, 16)),
    ],
)
def test_what_is_none_of_the_four_kinds_is_refused_whatever_its_name_says(data: bytes) -> None:
    with pytest.raises(NotShown):
        redrawn(data, MIB)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_file_is_refused(kind: str) -> None:
    data = file(kind, (300, 300))
    with pytest.raises(NotShown, match="cannot be read"):
        redrawn(data[: len(data) // 2], MIB)


@settings(max_examples=60)
@given(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]), st.data())
def test_a_damaged_file_is_shown_or_refused_and_nothing_else_happens(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(file(kind, (16, 16)))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(damaged) - 1), st.integers(0, 255)))):
        damaged[place] = value
    try:
        still = redrawn(bytes(damaged), MIB)
    except NotShown:
        return
    assert opened(still.data).size == (still.width, still.height)


def test_sizes_are_told_as_people_read_them() -> None:
    assert [str(size_of(amount)) for amount in (1, 40_000, 1_234_567)] == ["1 kB", "40 kB", "1.2 MB"]

"""Pictures that people send each other, made harmless: what is passed on is drawn anew from the pixels alone.

A file from a chat may hold where and when it was taken, the name of a device, a thumbnail of what was cut away, or
something that attacks whoever opens it. So it is decoded within bounds and encoded again: no byte of the file as it
came travels, and all that a decoder does not turn into pixels is gone.
"""

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from bot.core.words import Text, _

if TYPE_CHECKING:
    from PIL.Image import Image

MIB = 2**20

LEAST_MIB, USUAL_MIB, MOST_MIB = 1, 4, 8
"""What a community may let a picture's file have."""

AT_ONCE = 4
"""Pictures of one message that are passed on."""

KINDS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WebP"}
"""The kinds that are taken, by media type; which a file is, its own first bytes say."""

LONGEST_SIDE = 2048
"""Pixels: enough to read a photographed letter, and small enough for a phone."""

_PIXELS = {"JPEG": 64_000_000, "PNG": 12_500_000, "GIF": 12_500_000, "WEBP": 12_500_000}
"""How many a file may claim. A large JPEG is decoded at a fraction of its size, so it may come from any phone."""

_WHOLE = 16_000_000
"""How many a JPEG may claim that is decoded as a whole all the same: in scans, each over all of it, or for print."""

_QUALITY = 85
_LARGEST_PNG = 2 * MIB
"""Bytes: a screenshot has less. What has more is a photograph, and as a JPEG a tenth of it."""


class NotShown(ValueError):
    """A file that is not passed on. The message holds nothing of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A picture that holds nothing but its pixels. `kind` is "image/jpeg" or "image/png"; sides are in pixels."""

    kind: str
    width: int
    height: int
    data: bytes = field(repr=False)

    @property
    def filename(self) -> str:
        """A name that tells nothing."""
        return "picture.png" if self.kind == "image/png" else "picture.jpg"


def redrawn(data: bytes, limit: int) -> Still:
    """The picture in a file of at most `limit` bytes, drawn anew; of a moving one, its first frame.

    Raises `NotShown` for a file that is too large, damaged, or no JPEG, PNG, GIF or WebP, whatever its name says.
    What a file made for that costs has no sure bound here: it is called in a process of its own (`delivery.redraw`).
    """
    if len(data) > limit:
        raise NotShown("the file is too large")
    from PIL import Image, ImageOps  # noqa: PLC0415  most installations never carry a picture, and spare its memory

    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "GIF", "WEBP")) as opened:
            width, height = opened.size
            most = _PIXELS[opened.format or ""]
            if opened.info.get("progressive") or opened.mode == "CMYK":
                most = min(most, _WHOLE)
            if width * height > most:
                raise NotShown("the picture has too many pixels")  # noqa: TRY301  it is no fault of the decoder
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # of a JPEG, decodes no more than is needed
            opened.load()
            mode = "RGBA" if opened.has_transparency_data else "RGB"
            # Made small first where that is as good: what comes after then takes no memory to speak of.
            drawn = opened if opened.mode in {"RGB", "L"} else opened.convert(mode)
            drawn.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            drawn = ImageOps.exif_transpose(drawn).convert(mode)
    except NotShown:
        raise
    except Exception as error:
        # Whatever a hostile file does to a decoder; its message may quote the file.
        raise NotShown(f"the file cannot be read as a picture ({type(error).__name__})") from None
    return _encoded(_pixels_of(drawn), sharp=opened.format in {"PNG", "GIF"})


def _pixels_of(drawn: "Image") -> "Image":
    """The same with all that stood beside its pixels left behind."""
    from PIL import Image  # noqa: PLC0415  as above

    bare = Image.new(drawn.mode, drawn.size)
    bare.paste(drawn)
    return bare


def _encoded(drawn: "Image", *, sharp: bool) -> Still:
    """As a PNG what is see-through or was one, unless it gets too large; else as a JPEG, on white."""
    from PIL import Image  # noqa: PLC0415  as above

    width, height = drawn.size
    into = BytesIO()
    if sharp or drawn.mode == "RGBA":
        drawn.save(into, "PNG")
        if into.tell() <= _LARGEST_PNG:
            return Still(kind="image/png", width=width, height=height, data=into.getvalue())
    if drawn.mode == "RGBA":
        drawn = Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("RGB")
    into = BytesIO()
    drawn.save(into, "JPEG", quality=_QUALITY)
    return Still(kind="image/jpeg", width=width, height=height, data=into.getvalue())


def size_of(amount: int) -> Text:
    """A number of bytes as people read it."""
    if amount < 100_000:  # noqa: PLR2004  below that, tenths of a megabyte say little
        return _("{n} kB", n=max(1, round(amount / 1000)))
    return _("{n} MB", n=f"{amount / 1_000_000:.1f}")

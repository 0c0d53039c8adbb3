"""Pictures are drawn anew in a process of their own: whatever it does, the bot goes on."""

import asyncio
import os
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.core.content import Fetch
from bot.core.pictures import MIB
from bot.core.platform import NeverAgain, Receipt, TryAgain
from bot.delivery import redrawing
from bot.delivery.redrawing import with_picture

FETCH = Fetch(id=1, source="here", limit=8 * MIB)


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer to draw than the bot waits; how long it waits has a test of its own."""
    monkeypatch.setattr(redrawing, "MOST_SECONDS", 120.0)


def file(kind: str, size: tuple[int, int], mode: str = "RGB", **more: object) -> bytes:
    into = BytesIO()
    Image.new(mode, size).save(into, kind, **more)
    return into.getvalue()


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """This runs in place of what draws."""
    monkeypatch.setattr(redrawing, "COMMAND", (sys.executable, "-c", code))


@pytest.mark.parametrize(("kind", "size"), [("JPEG", (9000, 7000)), ("PNG", (4000, 3100)), ("WEBP", (4000, 3100))])
async def test_the_largest_that_is_taken_is_drawn_within_the_bounds(kind: str, size: tuple[int, int]) -> None:
    drawn = await with_picture(Receipt("", file=file(kind, size)), FETCH)
    assert drawn.file is None
    assert drawn.picture is not None
    assert drawn.picture.width == 2048


@pytest.mark.parametrize(
    "code",
    [
        "x = bytearray(500 * 2**20)\nimport os; os.abort()",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os\nwhile True: os.write(1, bytes(2**16))",
        'print(\'{"kind": "text/html", "width": 1, "height": 1}\\n<p>\')',
        'print(\'{"kind": "image/png", "width": 100000, "height": 1}\\nx\')',
        "print('[]')",
        "",
    ],
)
async def test_whatever_becomes_of_the_process_the_picture_is_refused(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, code)
    with pytest.raises(NeverAgain):
        await with_picture(Receipt("", file=b"x" * MIB), FETCH)


async def test_a_process_that_takes_more_memory_than_it_may_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource")
    instead(monkeypatch, "from bot.delivery import redraw\nredraw.bound()\nbytearray(400 * 2**20)\nprint('{}')")
    with pytest.raises(NeverAgain, match="too much"):
        await with_picture(Receipt("", file=b"x"), FETCH)


async def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redrawing, "MOST_SECONDS", 0.05)
    instead(monkeypatch, "import time; time.sleep(600)")
    with pytest.raises(NeverAgain, match="too long"):
        await with_picture(Receipt("", file=b"x"), FETCH)


async def test_a_picture_whose_process_was_ended_with_the_bot_is_drawn_later(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    with pytest.raises(TryAgain):
        await with_picture(Receipt("", file=b"x"), FETCH)


async def test_whoever_stops_waiting_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    instead(monkeypatch, f"import os, time\nopen({str(pipe)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    task = asyncio.create_task(with_picture(Receipt("", file=b"x"), FETCH))
    process = int(await asyncio.to_thread(pipe.read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_the_process_is_given_none_of_the_bot_s_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDRAIL_SECRET", "hidden")
    instead(monkeypatch, "import json, os; print(json.dumps({'refused': str('HANDRAIL_SECRET' in os.environ)}))")
    with pytest.raises(NeverAgain, match="False"):
        await with_picture(Receipt("", file=b"x"), FETCH)

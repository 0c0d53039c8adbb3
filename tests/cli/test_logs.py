"""What is logged holds nobody's words, whoever logs it."""

import asyncio
import gc
import logging

import pytest

from bot.operations.logs import set_up_logs


@pytest.fixture(autouse=True)
def usual_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    monkeypatch.setattr(root, "level", root.level)


async def test_of_a_task_that_failed_unheard_nothing_is_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    async def fail() -> None:
        raise ValueError("zebra")

    set_up_logs("info")
    task = asyncio.create_task(fail())
    await asyncio.wait({task})
    del task
    gc.collect()
    err = capsys.readouterr().err
    assert "Task exception was never retrieved (ValueError at" in err
    assert "zebra" not in err

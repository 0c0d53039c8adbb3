"""From the configuration to the platforms that are on."""

from pathlib import Path

import pytest

from bot.config import load_config
from bot.operations.accounts import make_platforms
from bot.operations.demo import open_demo
from bot.scheduling.clock import system_now


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["console"]),
        ('[console]\nenabled = false\n[discord]\ntoken = "x"\n', ["discord"]),
        (
            '[matrix]\nhomeserver = "http://localhost"\nuser_id = "@handrail:example.org"\naccess_token = "x"\n',
            ["console", "matrix"],
        ),
    ],
)
async def test_what_is_filled_in_is_turned_on(tmp_path: Path, text: str, names: list[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    async with open_demo(lambda _shown: None) as demo:
        made = make_platforms(load_config(file), demo.app.hub, show=lambda _shown: None, now=system_now)
        assert [platform.name for platform in made] == names
        for platform in made:
            await platform.close()

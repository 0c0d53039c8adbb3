"""The console: several people in one terminal, for trying everything without an account."""

from bot.platforms.console.adapter import ConsolePlatform, Shown
from bot.platforms.console.lines import BadLine

__all__ = ["BadLine", "ConsolePlatform", "Shown"]

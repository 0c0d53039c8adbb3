"""Discord: slash commands, buttons, forms, messages, private threads."""

from bot.platforms.discord.account import DiscordAccount
from bot.platforms.discord.adapter import DiscordPlatform
from bot.platforms.discord.errors import LoginRefused

__all__ = ["DiscordAccount", "DiscordPlatform", "LoginRefused"]

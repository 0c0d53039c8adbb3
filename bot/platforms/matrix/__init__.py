"""Matrix: what the bot hears and says on a homeserver."""

from bot.platforms.matrix.account import MatrixAccount
from bot.platforms.matrix.adapter import MatrixPlatform
from bot.platforms.matrix.errors import ConnectionLost, LoginRefused

__all__ = ["ConnectionLost", "LoginRefused", "MatrixAccount", "MatrixPlatform"]

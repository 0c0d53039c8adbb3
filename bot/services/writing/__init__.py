"""What people write without a command's mark: whose it is, and what comes of it."""

from bot.services.writing.writing import Writing

__all__ = ["Writing"]

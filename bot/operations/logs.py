"""The log: on standard error, in colour on a terminal, one plain line each elsewhere. Ids only, never words."""

import logging
import sys

from rich.console import Console
from rich.logging import RichHandler

from bot.core.faults import where

OURS = ("bot", "cogs")
"""The loggers that `[log] level` is about. Libraries are heard from "warning" on: below it some log what was said."""


class _Brief(logging.Formatter):
    """An error is told by its type and place: tracebacks quote values, and those may be somebody's words."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, and the place of its error."""
        line = super().formatMessage(_with_message(record, self))
        if record.exc_info and record.exc_info[1] is not None:
            line += f" ({where(record.exc_info[1])})"
        return line


def _is_about_us(record: logging.LogRecord) -> bool:
    """Not discord.py's warnings that it lacks libraries for voice: the bot has no voice."""
    return "voice will NOT be supported" not in str(record.msg)


def _with_message(record: logging.LogRecord, formatter: logging.Formatter) -> logging.LogRecord:
    record.message = record.getMessage()
    if record.name == "asyncio":
        # Of a task that failed unheard the further lines show the error itself, with the values it quotes.
        record.message = record.message.partition("\n")[0]
    if formatter.usesTime():
        record.asctime = formatter.formatTime(record, formatter.datefmt)
    return record


def set_up_logs(level: str, *, debug: bool = False) -> None:
    """Log from `level` ("debug", "info", …) on; with `debug` everything of ours, and tracebacks."""
    terminal = sys.stderr.isatty()
    handler: logging.Handler
    if terminal:
        handler = RichHandler(console=Console(stderr=True), show_path=False, markup=False, highlighter=None)
        line = "%(message)s"
    else:
        handler = logging.StreamHandler(sys.stderr)
        line = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    handler.setFormatter(logging.Formatter(line) if debug else _Brief(line))
    handler.addFilter(_is_about_us)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in OURS:
        logging.getLogger(name).setLevel("DEBUG" if debug else level.upper())

"""All words that somebody says with a message: Discord keeps some of them beside its content."""

import re

import discord


def words_of(message: discord.Message) -> str:
    """Its content, what is forwarded with it, and the question and answers of a poll.

    What is forwarded may be another's words. It is heard as their own: who passes on a cry for help may be its author.
    """
    parts = [message.content, *(forwarded.content for forwarded in message.message_snapshots)]
    if (poll := message.poll) is not None:
        parts += [poll.question, *(answer.text for answer in poll.answers)]
    return "\n".join(part for part in parts if part)


def to_the_bot(text: str, me: discord.ClientUser | None) -> str:
    """The words without a mention of the bot before or behind them: "@Handrail help" says "help"."""
    if me is None or str(me.id) not in text:
        return text
    mention = rf"<@!?{me.id}>"
    return re.sub(rf"\A\s*{mention}[\s,:]*|\s*{mention}\s*\Z", "", text) or text


def has_files(message: discord.Message) -> bool:
    """Whether anything is attached to it, or to what is forwarded with it."""
    forwarded = message.message_snapshots
    return bool(message.attachments or message.stickers) or any(one.attachments or one.stickers for one in forwarded)

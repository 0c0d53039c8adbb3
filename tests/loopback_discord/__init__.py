"""A loopback server that speaks Discord's protocol to an unmodified discord.py over real sockets."""

from .compose import File
from .entities import FORUM, STAGE, VOICE, Channel, Guild, Member, Role, User
from .interactions import Answer, Choice
from .messages import Message
from .people import Person
from .server import BotMessage, LoopbackDiscord, Record, Request

__all__ = [
    "FORUM",
    "STAGE",
    "VOICE",
    "Answer",
    "BotMessage",
    "Channel",
    "Choice",
    "File",
    "Guild",
    "LoopbackDiscord",
    "Member",
    "Message",
    "Person",
    "Record",
    "Request",
    "Role",
    "User",
]

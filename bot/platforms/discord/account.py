"""The bot's account on Discord, as its operator configures it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordAccount:
    """One application of Discord's developer portal.

    - `token`: the bot's token; it is kept out of `repr`.
    - `api_base`: the REST address with its version, without a slash at the end.
    - `gateway_url`: the gateway's websocket address; None for the library's own.
    - `message_content`: whether to ask for the privileged intent that lets the bot read ordinary messages in
      channels. Where Discord has not granted it, the bot starts without it and says so.
    - `answer_within`: seconds a command may take before a "thinking" stand-in is shown. Discord waits 3 s.
    - `guild_ready_timeout`: seconds of silence after which the list of servers counts as complete.
    """

    token: str = field(repr=False)
    api_base: str = "https://discord.com/api/v10"
    gateway_url: str | None = None
    message_content: bool = True
    answer_within: float = 2.0
    guild_ready_timeout: float = 2.0

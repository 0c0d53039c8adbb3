"""The bot's account on Discord, as its operator configures it."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

GLOBAL_LIMIT = 50
"""Requests a second that Discord allows a bot ("Rate Limits, Global Rate Limit"), unless it has granted more."""

HEARERS_SHARE = 5
SENDERS_SHARE = 25
"""Of that: what a process has that only hears, and at least the one that also sends."""


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
    - `read_back`: how far back the bot looks for what was written while it was away; 0 is not at all.
    - `requests_per_second`: this process's part of Discord's global limit for the bot, which all processes with one
      token share.
    - `shard_count`: into how many shards the bot's servers are divided, the same for all its processes; None for one
      connection without shards.
    - `shard_ids`: which of them are this connection's, from 0 on; none listed is all.
    """

    token: str = field(repr=False)
    api_base: str = "https://discord.com/api/v10"
    gateway_url: str | None = None
    message_content: bool = True
    answer_within: float = 2.0
    guild_ready_timeout: float = 2.0
    read_back: timedelta = timedelta(hours=24)
    requests_per_second: int = GLOBAL_LIMIT
    shard_count: int | None = None
    shard_ids: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Tells this application and these shards of it from others, and nothing of the token.

        The token's first part is the application's id.
        """
        application = hashlib.sha256(self.token.partition(".")[0].encode()).hexdigest()
        if self.shard_count is None:
            return application
        return f"{application}:{','.join(map(str, self.shards))}/{self.shard_count}"

    @property
    def shards(self) -> tuple[int, ...]:
        """The shards of this connection. One without shards counts as shard 0, as it does for Discord."""
        return self.shard_ids or tuple(range(self.shard_count or 1))

    @property
    def sends(self) -> bool:
        """Whether the owner of this connection sends for the whole bot: it is the one that has shard 0."""
        return 0 in self.shards

    @property
    def is_whole(self) -> bool:
        """Whether this connection hears all of the bot's servers."""
        return len(self.shards) == (self.shard_count or 1)


def usual_share(shard_count: int | None, shard_ids: tuple[int, ...]) -> int:
    """Requests a second for these shards, where the operator has not divided Discord's 50 among the processes.

    Who only hears has 5, mostly to read back what was missed (answers to interactions are not counted). Who has shard
    0 also sends: it has what the others leave if all ranges are of its size, but not less than 25.
    """
    if shard_count is None or not shard_ids:
        return GLOBAL_LIMIT
    if 0 not in shard_ids:
        return HEARERS_SHARE
    others = -(-shard_count // len(shard_ids)) - 1
    return max(SENDERS_SHARE, GLOBAL_LIMIT - others * HEARERS_SHARE)

"""The bot's account on a homeserver, as the operator configured it."""

from dataclasses import dataclass, field
from pathlib import Path


def server_of(user_id: str) -> str:
    """The server name in a user id, port included: "example.org:8448" of "@anna:example.org:8448"."""
    return user_id.partition(":")[2]


@dataclass(frozen=True, kw_only=True)
class MatrixAccount:
    """Where the bot logs in, and whose invitations it follows.

    - `homeserver`: the address of the client API, such as "https://matrix.example.org".
    - `user_id`: the full id, such as "@handrail:example.org".
    - `password` or `access_token`: one is needed. With a token its device is used.
    - `allowed_servers`: the server names whose people may invite the bot; empty means its own server only.
    - `store_path`: the directory of the encryption keys. Without it, sealed messages cannot be read: keep it.
    """

    homeserver: str
    user_id: str
    password: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    device_name: str = "Handrail"
    allowed_servers: tuple[str, ...] = ()
    store_path: Path

    def trusts(self, user_id: str) -> bool:
        """Whether this person's server may bring the bot into rooms."""
        return server_of(user_id) in (self.allowed_servers or (server_of(self.user_id),))

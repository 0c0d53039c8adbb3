"""What goes wrong on Matrix, as exceptions that say what to do about it."""

from datetime import timedelta

from bot.core.platform import NeverAgain, SendError, TryAgain
from bot.core.words import Text

_BAD_REQUEST = 400
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_PASSING = frozenset({"M_LIMIT_EXCEEDED", "M_RESOURCE_LIMIT_EXCEEDED", "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"})


class LoginRefused(Exception):
    """The homeserver does not let the bot in; `message` says what the operator should do."""

    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = message


class ConnectionLost(Exception):
    """The homeserver stayed out of reach, or has taken the bot's access token back."""


class Refused(Exception):
    """The homeserver answered a request with an error.

    `errcode` is Matrix's own ("M_FORBIDDEN"), None where the answer held none; `status` is the HTTP status.
    The server's sentence is left out: it may name people.
    """

    def __init__(self, errcode: str | None, status: int | None, retry_after_ms: object = None) -> None:
        super().__init__(f"{errcode or 'no errcode'} (HTTP {status})")
        self.errcode = errcode
        self.status = status
        self.retry_after = (
            timedelta(milliseconds=min(max(retry_after_ms, 0), 3_600_000)) if isinstance(retry_after_ms, int) else None
        )

    @property
    def token_is_dead(self) -> bool:
        """Whether the access token is no longer taken."""
        return self.errcode in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"}

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed later.

        An answer without an error code is not the homeserver's own: it is a page of a proxy before it, whatever its
        status says, or a success that could not be read.
        """
        if self.errcode is None or self.errcode in _PASSING or self.status is None:
            return True
        return self.status == _TOO_MANY_REQUESTS or self.status >= _SERVER_ERROR or self.status < _BAD_REQUEST

    @property
    def is_about_position(self) -> bool:
        """Whether a sync was refused for its position: Synapse says 400 with M_UNKNOWN, others M_UNKNOWN_POS."""
        return self.errcode == "M_UNKNOWN_POS" or (self.errcode is not None and self.status == _BAD_REQUEST)

    def as_send_error(self) -> SendError:
        """The same for the outbox."""
        if self.may_pass:
            return TryAgain(f"the homeserver answered {self}", self.retry_after)
        return NeverAgain(f"the homeserver answered {self}")

"""Walls around nio: one malformed event from one member must not stop the bot for everybody.

nio's `decrypt_megolm_event` asserts that an event names its sender's key (0.26): without these guards anybody in
a room could send one event over which every sync fails, at every start, for ever.
"""

import logging
from typing import Any

import nio
from nio.crypto import Olm

log = logging.getLogger(__name__)


class Room(nio.MatrixRoom):  # type: ignore[misc]  # nio has no types
    """A room that survives any state event."""

    made_by = ""
    """Who made it; nio's own `creator` is not set since room version 11."""

    def handle_event(self, event: Any) -> None:
        """Take in a state event, or leave it out."""
        if isinstance(event, nio.RoomCreateEvent):
            self.made_by = str(event.sender)
        try:
            super().handle_event(event)
        except Exception as trouble:
            _left_out(event, trouble)

    def handle_membership(self, event: Any) -> bool:
        """Take in a member event, or leave it out; answers whether the members have changed."""
        try:
            return bool(super().handle_membership(event))
        except Exception as trouble:
            _left_out(event, trouble)
            # Who is in the room may be wrong now: the room keys are made anew.
            return True


def guard(olm: Olm) -> None:
    """Make decryption fail in the way nio expects, whatever it stumbles over."""
    decrypt, handle = olm.decrypt_megolm_event, olm.handle_to_device_event

    def decrypt_megolm_event(event: Any, room_id: str | None = None) -> Any:
        try:
            return decrypt(event, room_id)
        except nio.EncryptionError:
            raise
        except Exception as trouble:
            _left_out(event, trouble)
            raise nio.EncryptionError("the event is malformed") from trouble

    def handle_to_device_event(event: Any) -> Any:
        try:
            return handle(event)
        except Exception as trouble:
            _left_out(event, trouble)
            return None

    olm.decrypt_megolm_event = decrypt_megolm_event
    olm.handle_to_device_event = handle_to_device_event


def _left_out(event: Any, trouble: Exception) -> None:
    log.warning("Malformed event %s: %s", getattr(event, "event_id", "to the device"), type(trouble).__name__)

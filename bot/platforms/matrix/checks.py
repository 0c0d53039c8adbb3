"""`handrail check` for Matrix."""

import contextlib
import os

from bot.core.platform import Finding, Hub
from bot.core.words import Text, _, _n
from bot.platforms.matrix.account import MatrixAccount
from bot.platforms.matrix.client import Client
from bot.platforms.matrix.crosssigning import Standing, standing_of
from bot.platforms.matrix.errors import LoginRefused, Refused
from bot.platforms.matrix.keystore import key_file
from bot.platforms.matrix.patience import OUT_OF_REACH
from bot.platforms.matrix.session import PLATFORM, log_in


def _ok(what: Text) -> Finding:
    return Finding(level="ok", what=str(what))


def _broken(what: Text, mend: Text) -> Finding:
    return Finding(level="broken", what=str(what), mend=str(mend))


async def findings(account: MatrixAccount, hub: Hub) -> list[Finding]:
    """Look at everything; logs in for that, as the device that the bot always is."""
    client = Client(account.homeserver, account.user_id)
    try:
        found = [await _homeserver(client)]
        if found[0].level == "ok":
            kept = await hub.remembered(PLATFORM, "device_id")
            found += await _login(account, hub, client, kept)
            if not kept and account.access_token is None:
                await _leave_no_device(hub, client)
    finally:
        await client.close()
    return [*found, await _store(account, hub)]


async def _leave_no_device(hub: Hub, client: Client) -> None:
    """A look before the first run makes no device: nobody would ever use it."""
    if client.access_token:
        with contextlib.suppress(Refused, *OUT_OF_REACH):
            await client.call("POST", "logout", body={})
        await hub.remember(PLATFORM, "access_token", "")
        await hub.remember(PLATFORM, "device_id", "")


async def _homeserver(client: Client) -> Finding:
    try:
        answer = await client.call_address("GET", "/_matrix/client/versions")
    except (Refused, *OUT_OF_REACH):
        answer = {}
    if isinstance(answer.get("versions"), list):
        return _ok(_("The Matrix homeserver answers."))
    return _broken(
        _("The Matrix homeserver does not answer."),
        _("Look at the homeserver's address in the settings, and whether it runs."),
    )


async def _login(account: MatrixAccount, hub: Hub, client: Client, kept: str | None) -> list[Finding]:
    try:
        login = await log_in(account, hub, client)
        client.access_token = login.access_token
        joined = await client.call("GET", "joined_rooms")
        signed = _signed(await standing_of(client, hub, account.user_id, login.device_id), login.device_id)
    except LoginRefused as refused:
        return [_broken(_("The Matrix login is refused."), refused.message)]
    except (Refused, *OUT_OF_REACH):
        return [_broken(_("The Matrix login did not work."), _("Try again in a minute, and look at the homeserver."))]
    found = [_ok(_("The Matrix login is accepted.")), _device(kept, login.device_id), signed]
    rooms = joined.get("joined_rooms")
    count = len(rooms) if isinstance(rooms, list) else 0
    if count:
        found.append(_ok(_n("The bot is in {n} Matrix room.", "The bot is in {n} Matrix rooms.", n=count)))
    else:
        found.append(
            Finding(
                level="warning",
                what=str(_("The bot is in no Matrix room yet.")),
                mend=str(_("Invite {user} to your rooms.", user=account.user_id)),
            )
        )
    return found


def _device(kept: str | None, device_id: str) -> Finding:
    if kept is None or kept == device_id:
        return _ok(_("The Matrix device is {device}, as before.", device=device_id))
    return _broken(
        _("The Matrix device was {kept} and is now {device}.", kept=kept, device=device_id),
        _("Encrypted messages from before cannot be read. Use the old access token, or the password."),
    )


def _signed(standing: Standing, device_id: str) -> Finding:
    if standing == "signed":
        return _ok(_("The Matrix device is signed by its account, so everybody's client shows what it says."))
    if standing == "unsigned":
        return Finding(
            level="warning",
            what=str(_("The Matrix device is not signed, so some people's clients do not show what it says.")),
            mend=str(
                _(
                    "The bot signs it when it starts. If it has started, the homeserver wants the account's owner for "
                    "that: set the account's password in the settings, or, where the account has a page on the web, "
                    "allow there to reset its cryptographic identity; then start the bot again."
                )
            ),
        )
    return Finding(
        level="warning",
        what=str(
            _("The Matrix account has cross-signing keys that are not the bot's, and they do not sign its device.")
        ),
        mend=str(
            _(
                "Some people's clients do not show what the bot says. Verify the device {device} in the client that "
                "made those keys, or give the bot an account that no other client uses.",
                device=device_id,
            )
        ),
    )


async def _store(account: MatrixAccount, hub: Hub) -> Finding:
    path = account.store_path
    device_id = await hub.remembered(PLATFORM, "device_id")
    if not path.is_dir():
        return Finding(
            level="warning",
            what=str(_("There are no Matrix encryption keys yet.")),
            mend=str(_("They are made when the bot starts. If it ran before, bring its key directory back.")),
        )
    if not os.access(path, os.W_OK | os.X_OK):
        return _broken(
            _("The Matrix encryption keys cannot be written."),
            _("Let the bot's user write to its key directory."),
        )
    if device_id and not key_file(account, device_id).is_file():
        return Finding(
            level="warning",
            what=str(_("The encryption keys of the Matrix device are not there.")),
            mend=str(_("If the bot ran before, bring its key directory back.")),
        )
    return _ok(_("The Matrix encryption keys are there and can be written."))

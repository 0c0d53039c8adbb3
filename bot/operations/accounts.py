"""The platforms that the configuration turns on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from secrets import token_hex

from bot.config import Config
from bot.core.platform import Hub, Platform
from bot.platforms.console import ConsolePlatform, Shown


def make_platforms(
    config: Config, hub: Hub, *, show: Callable[[Shown], None], now: Callable[[], datetime]
) -> list[Platform]:
    """One adapter for each platform that is on. Their libraries are slow to import: only those needed are."""
    made: list[Platform] = []
    if config.console_enabled:
        made.append(ConsolePlatform(hub, show, now, session=token_hex(6)))
    if config.discord_enabled:
        made.append(_discord(config, hub))
    if config.matrix_enabled:
        made.append(_matrix(config, hub))
    return made


def _discord(config: Config, hub: Hub) -> Platform:
    from bot.platforms.discord import DiscordAccount, DiscordPlatform
    from bot.platforms.discord.account import usual_share

    section = config.discord
    account = DiscordAccount(
        token=section.token.get_secret_value(),
        api_base=section.api_base.rstrip("/"),
        gateway_url=section.gateway_url or None,
        message_content=section.message_content,
        answer_within=section.answer_within,
        read_back=timedelta(hours=section.read_back_hours),
        requests_per_second=section.requests_per_second or usual_share(section.shard_count, section.shard_ids),
        shard_count=section.shard_count,
        shard_ids=section.shard_ids,
    )
    return DiscordPlatform(account, hub)


def _matrix(config: Config, hub: Hub) -> Platform:
    from bot.platforms.matrix import MatrixAccount, MatrixPlatform

    section = config.matrix
    account = MatrixAccount(
        homeserver=section.homeserver,
        user_id=section.user_id,
        password=section.password.get_secret_value() or None,
        access_token=section.access_token.get_secret_value() or None,
        device_name=section.device_name,
        allowed_servers=section.allowed_servers,
        store_path=section.store_path,
    )
    return MatrixPlatform(account, hub)

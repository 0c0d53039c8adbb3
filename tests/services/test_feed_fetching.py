"""Fetching from a server that redirects, stalls, lies, sends too much, sends pages, and changes its mind."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from harness import World
from sqlalchemy import select

from bot.app import load_languages
from bot.services.feeds.fetching import Limits, fetched, is_public
from bot.services.feeds.importing import Wanted
from bot.services.feeds.refreshing import AGAIN, Refresher
from bot.services.feeds.sources import BadSource
from bot.services.feeds.taking import Asked, take, take_all
from bot.services.meetings import Meetings
from bot.services.voice import Voice
from bot.storage.feed_tables import MeetingFeed
from bot.storage.opening import open_database
from bot.storage.tables import Community

FEED = json.dumps([{"slug": f"m{n}", "name": f"Meeting {n}", "day": n, "time": "19:00"} for n in range(7)])
LIMITS = Limits(megabytes=1, seconds=20, stall_seconds=0.5, allow_private=True)


@dataclass
class Server:
    """A server of feeds on this machine; `body` is what "/feed" says, under a version of its own."""

    url: str = ""
    body: str = FEED
    version: str = "v1"
    asked: list[str] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def feed(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers.get("If-None-Match", ""))
        if request.headers.get("If-None-Match") == f'"{self.version}"':
            return web.Response(status=304)
        return web.Response(text=self.body, headers={"ETag": f'"{self.version}"'}, content_type="application/json")

    async def page(self, _request: web.Request) -> web.Response:
        return web.Response(text='<!doctype html><div data-src="/feed"></div>', content_type="text/html")

    async def circle(self, _request: web.Request) -> web.Response:
        return web.Response(text='<!doctype html><div data-src="/circle"></div>', content_type="text/html")

    async def wall(self, request: web.Request) -> web.Response:
        page = "<!doctype html><title>Just a moment...</title>"
        return web.Response(text=page, content_type="text/html", status=int(request.query.get("status", 200)))

    async def hop(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        return web.Response(status=302, headers={"Location": f"/hop/{number - 1}" if number else "/feed"})

    async def away(self, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"})

    async def stall(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"[")
        await self.released.wait()
        return answer

    async def short(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "100000"})
        await answer.prepare(request)
        await answer.write(FEED.encode())
        assert request.transport is not None
        request.transport.close()
        return answer

    async def endless(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while not self.released.is_set():
            await answer.write(b" " * 65_536)
        return answer

    async def boast(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000000000"})
        await answer.prepare(request)
        await self.released.wait()
        return answer


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    for name in ("feed", "page", "circle", "wall", "away", "stall", "short", "endless", "boast"):
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = getattr(server, name)
        app.router.add_get(f"/{name}", handler)
    app.router.add_get("/hop/{number}", server.hop)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.released.set()
        await runner.cleanup()


async def problem_of(url: str, limits: Limits = LIMITS) -> str:
    with pytest.raises(BadSource) as bad:
        async with fetched(url, limits):
            pass
    return bad.value.problem


async def test_a_feed_comes_through_redirects_and_through_the_page_that_names_it() -> None:
    async with serving() as server:
        for path in ("/feed", "/hop/3", "/page"):
            async with fetched(server.url + path, LIMITS) as found:
                assert found.path is not None
                assert found.path.read_text("utf-8") == FEED
                assert found.etag == '"v1"'
            assert not found.path.exists()


async def test_whatever_is_wrong_is_said_in_a_sentence() -> None:
    async with serving() as server:
        problems = {
            "/hop/9": "it leads on and on",
            "/circle": "it leads in a circle",
            "/wall": "it is a page that wants to see a human first",
            "/wall?status=403": "it answers a page that wants to see a human first (HTTP 403)",
            "/nothing": "it is not there (HTTP 404)",
            "/stall": "it took too long",
            "/short": "it broke off: less came than was promised",
            "/endless": "it is longer than 1 MB",
            "/boast": "it is longer than 1 MB",
        }
        found = await asyncio.gather(*(problem_of(server.url + path) for path in problems))
        assert dict(zip(problems, found, strict=True)) == problems


async def test_private_addresses_are_refused_as_given_as_resolved_and_after_redirects() -> None:
    public = Limits(megabytes=1, seconds=5, stall_seconds=1)
    async with serving() as server:
        port = server.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "[::1]", "2130706433", "127.1", "0", "[::ffff:127.0.0.1]", "10.0.0.8"):
            assert "private network" in await problem_of(f"http://{host}:{port}/feed", public)
        assert not server.asked
        # The resolver of the first hop is of no use to the second.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.services.feeds.fetching.is_public", lambda address: address.startswith("127."))
            assert "private network" in await problem_of(f"{server.url}/away", public)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://example.org/a", "http://user:word@example.org/", "http://"]
)
async def test_what_is_no_address_on_the_web_is_refused(address: str) -> None:
    assert await problem_of(address) == "it is not an address on the web"


def test_the_open_internet_is_told_from_the_rest() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:4700:4700::1111")
    for address in ("192.168.1.1", "100.64.0.1", "::1", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
                    "2002:7f00:1::", "224.0.0.1", "0", "nonsense"):  # fmt: skip
        assert not is_public(address), address


async def test_a_feed_that_has_not_changed_is_not_read_and_one_that_changes_its_mind_keeps_the_last(
    tmp_path: Path, migrated_url: str, key_file: Path
) -> None:
    now = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    database = await open_database(migrated_url, key_file)
    try:
        async with serving() as server:
            wanted = Wanted(source=f"{server.url}/feed", path=Path(), community_id=None, community_zone="UTC")
            assert (await take(database, wanted, LIMITS, now=now)).added == 7
            second = await take(database, wanted, LIMITS, now=now)
            assert (second.not_modified, second.unchanged, second.records) == (True, 7, 7)
            server.body, server.version = "<!doctype html><p>We have moved</p>", "v2"
            third = await take(database, wanted, LIMITS, now=now)
            assert third.kept
            assert third.problem == "it is a web page that names no feed"
            server.body = FEED
            assert (await take(database, wanted, LIMITS, now=now)).unchanged == 7
    finally:
        await database.close()


DAY = timedelta(days=1)


async def test_feeds_are_read_again_each_about_a_day_later_and_one_that_fails_is_told_of_once(world: World) -> None:
    voice = Voice(load_languages(), lambda: None)
    refresher = Refresher(world.database, Meetings(voice), voice, lambda: world.now, limits=LIMITS, every=DAY)

    async def pass_by(**time: float) -> None:
        """The ticker ticks, each hour of this time."""
        end = world.now + timedelta(**time)
        while world.now < end:
            await world.advance(hours=1)
            refresher.look()
            await refresher.settled()
        await world.app.settle()

    def told() -> int:
        room = world.room("moderators")
        room.unseen.clear()
        return sum("could not be read again" in each.text for each in room.shown)

    async with serving() as server:
        community = (await world.rows(select(Community.id)))[0]
        sources = [f"{server.url}/feed?of={n}" for n in range(2)]
        await take_all(world.database, sources, Asked(community_id=community), LIMITS, now=world.now)
        asked = len(server.asked)
        imported = world.now
        await pass_by(hours=21)
        planned = await world.rows(select(MeetingFeed.next_at))
        assert len(server.asked) == asked, "what was read by hand is read again only when it is due"
        assert len(set(planned)) == 2, "not all come at the same minute"
        assert all(0.9 * DAY <= each - imported <= 1.1 * DAY + timedelta(hours=1) for each in planned)
        await pass_by(hours=7)
        assert server.asked[asked:] == ['"v1"'] * 2, "each was asked once whether it has changed"
        assert all(each > imported for each in await world.rows(select(MeetingFeed.read_at)))
        server.body, server.version = "<!doctype html><p>We have moved</p>", "v2"
        await pass_by(hours=21)
        failed = len(server.asked)
        await pass_by(hours=12)
        tries = (len(server.asked) - failed) / 2
        assert 3 <= tries <= timedelta(hours=12) / (0.9 * AGAIN), "it is tried again every two hours or so"
        assert told() == 2, "the organizers are told once of each"
        server.body = FEED
        await pass_by(hours=3)
        assert await world.rows(select(MeetingFeed.problem)) == [None] * 2
        server.body, server.version = "", "v3"
        await pass_by(hours=28)
        assert told() == 4, "and again when it fails anew"

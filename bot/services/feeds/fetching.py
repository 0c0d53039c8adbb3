"""Fetching a feed from the web, where everybody may lie: about what it is, how long it is, and where it leads.

Addresses of private networks and of this machine are refused, as given, after every redirect, and as names resolve at
the moment of connecting: a feed's publisher must not make the bot look around at home.
"""

import asyncio
import ipaddress
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from bot.core.meetings.recognise import HEAD, Form, form_of, is_challenge, linked_feed
from bot.services.feeds.sources import BadSource

REDIRECTS: Final = 5
_CHUNK: Final = 65_536
_PAGE: Final = 3_000_000
"""Bytes of a page in which its feed is looked for."""
AGENT: Final = "Handrail (a peer-support bot; it reads the meetings you publish)"
_ACCEPT: Final = "application/json, text/calendar, text/csv, text/html;q=0.5, */*;q=0.1"
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_OK, _NOT_MODIFIED, _GONE = 200, 304, frozenset({404, 410})
_WALLS: Final = frozenset({401, 403, 429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a feed may take: `megabytes`, `seconds` for all of it, and `stall_seconds` without a byte.

    `allow_private`: addresses of private networks and of this machine may be fetched from.
    """

    megabytes: int = 600
    seconds: float = 900
    stall_seconds: float = 30
    allow_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A feed in a file; `path` is None if it has not changed since `etag` or `last_modified`."""

    path: Path | None
    url: str
    etag: str | None = None
    last_modified: str | None = None


def is_url(source: str) -> bool:
    """Whether a source is an address on the web."""
    return source.lower().startswith(("http://", "https://"))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            ip = inner
        elif int(ip) >> 32 == 0x64_FF9B << 64:  # NAT64 leads to the address in its last 32 bits
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.is_global and not ip.is_multicast


class _PublicOnly(AbstractResolver):
    """Resolves names, and refuses those that lead to somewhere private."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not found or not all(is_public(each["host"]) for each in found):
            raise BadSource(_PRIVATE)
        return found

    async def close(self) -> None:
        await self._inner.close()


_PRIVATE: Final = (
    "it leads to a private network or to this machine; if that is meant: allow_private = true in [feeds] of config.toml"
)


@dataclass(slots=True)
class _Visit:
    limits: Limits
    folder: Path
    etag: str | None
    last_modified: str | None
    followed: bool = False
    asked: set[str] = field(default_factory=set)


@asynccontextmanager
async def fetched(
    url: str, limits: Limits, *, etag: str | None = None, last_modified: str | None = None
) -> AsyncIterator[Fetched]:
    """The feed at `url` in a file, which is deleted afterwards. A page that names its feed is followed once.

    Raises `BadSource`.
    """
    with tempfile.TemporaryDirectory(prefix="handrail-feed-") as folder:
        visit = _Visit(limits, Path(folder), etag, last_modified)
        resolver = None if limits.allow_private else _PublicOnly()
        connector = aiohttp.TCPConnector(resolver=resolver, limit=2, force_close=True)
        timeout = aiohttp.ClientTimeout(total=limits.seconds, sock_connect=20, sock_read=limits.stall_seconds)
        headers = {"User-Agent": AGENT, "Accept": _ACCEPT}
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            max_line_size=16_384,
            max_field_size=16_384,
        ) as session:
            try:
                found = await _follow(session, url, visit)
            except TimeoutError:
                raise BadSource("it took too long") from None
            except aiohttp.ClientPayloadError:
                raise BadSource("it broke off: less came than was promised") from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                refused = error.__cause__
                raise refused if isinstance(refused, BadSource) else BadSource("it cannot be reached") from None
        yield found


async def _follow(session: aiohttp.ClientSession, url: str, visit: _Visit) -> Fetched:
    for _hop in range(REDIRECTS + 1):
        _check(url, visit.limits)
        if url in visit.asked:
            raise BadSource("it leads in a circle")
        visit.asked.add(url)
        conditions: dict[str, str] = {}
        if visit.etag:
            conditions["If-None-Match"] = visit.etag
        if visit.last_modified:
            conditions["If-Modified-Since"] = visit.last_modified
        async with session.get(url, allow_redirects=False, headers=conditions) as answer:
            if answer.status in _MOVED and "Location" in answer.headers:
                url = urljoin(url, answer.headers["Location"])
                continue
            return await _taken(session, answer, url, visit)
    raise BadSource("it leads on and on")


def _check(url: str, limits: Limits) -> None:
    """Refuse what is not on the open web; names are looked at when they are resolved."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _port = parts.port
    except ValueError:
        raise BadSource("it is not an address on the web") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise BadSource("it is not an address on the web")
    if limits.allow_private:
        return
    numeric = host.strip("[]")
    try:
        # aiohttp asks no resolver for these; also 127.1 and 2130706433 are addresses to some.
        socket.inet_aton(numeric)
        is_number = True
    except OSError:
        is_number = ":" in numeric
    if is_number and not is_public(numeric):
        raise BadSource(_PRIVATE)


async def _taken(session: aiohttp.ClientSession, answer: aiohttp.ClientResponse, url: str, visit: _Visit) -> Fetched:
    if answer.status == _NOT_MODIFIED:
        return Fetched(path=None, url=url, etag=visit.etag, last_modified=visit.last_modified)
    if answer.status in _WALLS:
        page = await answer.content.read(HEAD)
        said = "a page that wants to see a human first" if is_challenge(page) else "no"
        raise BadSource(f"it answers {said} (HTTP {answer.status})")
    if answer.status != _OK:
        gone = "it is not there" if answer.status in _GONE else "it does not answer as it should"
        raise BadSource(f"{gone} (HTTP {answer.status})")
    path = visit.folder / f"{len(visit.asked)}"
    await _save(answer, path, visit.limits)
    head = await asyncio.to_thread(_head, path, HEAD)
    if form_of(head) is not Form.HTML:
        return Fetched(
            path=path,
            url=url,
            etag=_header(answer, "ETag"),
            last_modified=_header(answer, "Last-Modified"),
        )
    page = await asyncio.to_thread(_head, path, _PAGE)
    linked = linked_feed(page)
    if linked is None and (root := _bmlt_root(url)):
        linked = root
    if linked is None or visit.followed:
        raise BadSource(
            "it is a page that wants to see a human first"
            if is_challenge(page)
            else "it is a web page that names no feed"
        )
    visit.followed = True
    return await _follow(session, urljoin(url, linked), visit)


def _header(answer: aiohttp.ClientResponse, name: str) -> str | None:
    value = answer.headers.get(name)
    return value if value and len(value) <= 255 else None  # noqa: PLR2004  what is longer is not kept


async def _save(answer: aiohttp.ClientResponse, path: Path, limits: Limits) -> None:
    """The body into a file; raises `BadSource` where it is too long, whatever it said of its length."""
    most = limits.megabytes * 1_000_000
    if (answer.content_length or 0) > most:
        raise BadSource(f"it is longer than {limits.megabytes} MB")
    size = 0
    with path.open("wb") as file:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > most:
                raise BadSource(f"it is longer than {limits.megabytes} MB")
            file.write(chunk)


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _bmlt_root(url: str) -> str | None:
    """Where a BMLT root server lists all its meetings; None if the address is none's."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path.endswith("main_server"):
        return None
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/client_interface/json/", _SEARCH, ""))


_SEARCH: Final = "switcher=GetSearchResults&get_used_formats=1"


def with_formats(url: str) -> str:
    """A BMLT search's address, with the formats in the same answer."""
    if "switcher=GetSearchResults" in url and "get_used_formats" not in url:
        return f"{url}&get_used_formats=1"
    root = _bmlt_root(url)
    return root or url

"""A resource as people read it on a phone: short lines, and always who says so and since when."""

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

from bot.core.content import Field
from bot.core.resources.languages import language_name
from bot.core.resources.model import Phone, Resource
from bot.core.words import Say, Text, _, _n

_MONTHS_SHOWN = 24
"""Months: an older check is given in years."""

_NOTE_SHOWN = 300
"""Characters of a note: more is nothing to read on a phone; the link has it."""
_OWN_NOTE_SHOWN = 80
"""Characters of a note that the community itself wrote for its members, among several answers."""
_NOT_CALLED = frozenset({"fax", "tty", "pager"})
_ALSO_SHOWN = 2

_ALWAYS = "24/7"
"""How the lists write that it is open at any hour."""

_DAYS = {"daily": _("every day"), "Mon-Fri": _("Monday to Friday"), "Mon-Sat": _("Monday to Saturday")}

_MONTH_OF = (
    _("January {year}"),
    _("February {year}"),
    _("March {year}"),
    _("April {year}"),
    _("May {year}"),
    _("June {year}"),
    _("July {year}"),
    _("August {year}"),
    _("September {year}"),
    _("October {year}"),
    _("November {year}"),
    _("December {year}"),
)


def describe(resource: Resource, *, today: date, why: Text | None = None) -> Field:
    """`resource` as one field of a content; `why` it is shown stands first.

    Its last lines are its source, the age of its last check on `today`, and whether it is to be confirmed.
    """
    country = f" ({resource.country})" if resource.country else ""
    lines: list[Say] = [line for line in (resource.alert, resource.organization) if line]
    if why is not None:
        lines.insert(0, why)
    lines += _ways(resource)
    lines += [_also(phone) for phone in resource.more_phones if phone.kind not in _NOT_CALLED][:_ALSO_SHOWN]
    if resource.languages:
        names = ", ".join(language_name(code) for code in resource.languages)
        lines.append(_("Languages: {languages}", languages=names))
    if where := _where(resource):
        lines.append(_("Where: {place}", place=where))
    if resource.eligibility:
        lines.append(_("For whom: {people}", people=_cut(resource.eligibility)))
    if resource.cost:
        lines.append(_("Cost: {cost}", cost=_cut(resource.cost)))
    if resource.note:
        lines.append(_cut(resource.note, _NOTE_SHOWN))
    if resource.source:
        lines.append(_("Source: {source}", source=_short(resource.source)))
    lines.append(when_checked(resource, today=today))
    if not resource.confirmed:
        lines.append(_("To be confirmed: please check the number with the service."))
    return Field(name=f"{resource.name}{country}", value=_joined(lines))


def summarize(resource: Resource, *, number: int, today: date, why: Text | None = None) -> Field:
    """`resource` as one of several answers, on a phone: how to reach it, why it is shown, and whether it was checked.

    `number` is by what its reader asks for the rest, which `describe` has.
    """
    place = ", ".join(part for part in (resource.city, resource.state) if part) or resource.country
    name = f"{number}. {resource.name} ({place})" if place else f"{number}. {resource.name}"
    ways = _ways(resource, briefly=True) or [line for line in (_where(resource), resource.email) if line][:1]
    lines: list[Say] = [resource.alert] if resource.alert else []
    lines += [_joined(ways, " · ")] if ways else []
    lines += [why] if why is not None else []
    if resource.from_community and resource.note:
        lines.append(_cut(resource.note, _OWN_NOTE_SHOWN))
    if resource.confirmed or resource.checked is not None:
        lines.append(when_checked(resource, today=today))
    if not resource.confirmed:
        lines.append(_("To be confirmed."))
    return Field(name=name, value=_joined(lines))


def _also(phone: Phone) -> Text:
    if phone.note:
        return _("Also: {number} ({note})", number=phone.number, note=_cut(phone.note))
    return _("Also: {number}", number=phone.number)


def _where(resource: Resource) -> str:
    """Its address, or the part of the country it serves."""
    region = " ".join(part for part in (resource.state, resource.postcode) if part)
    address = ", ".join(part for part in (resource.address, resource.city, region) if part)
    return address or resource.region


def _cut(text: str, limit: int = 150) -> str:
    return text if len(text) <= limit else f"{text[:limit].rsplit(' ', 1)[0].rstrip(' ;,')} …"


def describe_briefly(resource: Resource) -> Field:
    """`resource` for somebody in danger: how to reach it and when, on a line or two, and nothing to read through."""
    lines: list[Say] = []
    if resource.phone:
        lines.append(_("Call: {number}", number=resource.phone))
    if resource.text_to:
        lines.append(_("Text: {number}", number=resource.text_to))
    if resource.hours:
        always = resource.hours == _ALWAYS
        lines.append(_("day and night") if always else _("Open: {hours}", hours=_hours(resource.hours)))
    link = resource.chat_url or ("" if resource.dialled else resource.link)
    online = [_("Online: {link}", link=link)] if link else []
    return Field(name=resource.name, value=_joined([*([_joined(lines, " · ")] if lines else []), *online]))


def _ways(resource: Resource, *, briefly: bool = False) -> list[Say]:
    """How and when to reach it, a line each; `briefly`: by telephone, else by whatever it has."""
    if briefly and not resource.dialled and not resource.chat_url:
        return [resource.link] if resource.link else []
    lines: list[Say] = []
    if resource.phone:
        lines.append(_("Call: {number}", number=resource.phone))
    if resource.text_to:
        lines.append(_("Text: {number}", number=resource.text_to))
    if resource.chat_url and not (briefly and resource.dialled):
        lines.append(_("Online: {link}", link=resource.chat_url))
    if resource.link and not briefly:
        lines.append(_("More: {link}", link=resource.link))
    if resource.hours:
        lines.append(_("Open: {hours}", hours=_hours(resource.hours)))
    return lines


def when_checked(resource: Resource, *, today: date) -> Text:
    """When `resource` was last checked, and how long ago that is on `today`."""
    day = resource.checked
    if day is None:
        return _("No date of a check is known.")
    if resource.checked_precision == "year":
        return _("Checked in {year}.", year=str(day.year))
    month = Text(_MONTH_OF[day.month - 1].message, {"year": str(day.year)})
    return _("Checked {ago} ({month}).", ago=_ago(day, today), month=month)


def _ago(day: date, today: date) -> Text:
    months = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
    if months < 1:
        return _("less than a month ago")
    if months < _MONTHS_SHOWN:
        return _n("{n} month ago", "{n} months ago", n=months)
    return _n("{n} year ago", "{n} years ago", n=months // 12)


def _hours(hours: str) -> Say:
    """The forms that helplines.csv uses, translatable; any other words as they are."""
    if hours == _ALWAYS:
        return _("any time, day and night")
    for day, label in _DAYS.items():
        times = hours.removeprefix(f"{day} ").removesuffix(f" {day}")
        if times != hours:
            return _("{days} {times}", days=label, times=times)
    return hours


def _short(source: str) -> str:
    """`source` with web addresses cut down to their host."""
    return "; ".join(urlsplit(part).hostname or part if "://" in part else part for part in source.split("; "))


def _joined(lines: Sequence[Say], between: str = "\n") -> Text:
    values = {f"line{number}": line for number, line in enumerate(lines)}
    return Text(between.join(f"{{{name}}}" for name in values), values)

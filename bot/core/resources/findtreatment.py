"""FindTreatment.gov (SAMHSA): its exports' facilities as resources. Both shapes: rows with coded services, and flat.

What a facility offers, to whom, for what money and in which languages stands in lists of SAMHSA's own words, separated
by semicolons. `_TOPICS` and the others say what they mean here; a word that is not known is only searched for.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from bot.core.resources.fields import (
    LINE_LIMIT,
    NAME_LIMIT,
    Unusable,
    degrees,
    entries,
    line,
    link_in,
    name_of,
    note,
    number_in,
)
from bot.core.resources.languages import language_code
from bot.core.resources.model import Phone, Resource
from bot.core.words import _

Raw = Mapping[str, Any]

SOURCE = "FindTreatment.gov (SAMHSA)"

_TERMS_LIMIT = 40_000
"""Characters of a facility's lists that are looked at."""

_TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"substance (use )?treatment|substance use disorder counsel|relapse prevention", ("treatment", "substance-use")),
    (r"detoxification|medically supervised withdrawal", ("detox",)),
    (r"buprenorphine|methadone|naltrexone|acamprosate|disulfiram|opioid treatment program", ("medication",)),
    (r"naloxone and overdose education", ("naloxone", "overdose-prevention")),
    (r"harm reduction|syringe", ("harm-reduction",)),
    (r"alcohol (use disorder|detox)", ("alcohol",)),
    (r"gambling", ("gambling",)),
    (r"mental health (services|treatment)|co-occurring", ("mental-health",)),
    (r"suicide prevention services", ("mental-health",)),
    (r"crisis intervention team", ("crisis",)),
    (r"transitional housing|halfway house|sober home", ("housing",)),
    (r"family counseling|couples counseling", ("family",)),
    (r"members of military families|active duty military|^veterans$", ("veterans",)),
    (r"^(children/)?adolescents$", ("youth",)),
    (r"lesbian|lgbt", ("lgbtq",)),
    (r"federally qualified health center", ("health-care",)),
)
"""Words of SAMHSA's and the topics they are. Terms that deny ("does not use …") are not asked.

What a treatment centre does for its own clients, such as help with housing or work, is no topic of it: it has no bed
for somebody who needs one tonight.
"""

_DENIES = re.compile(r"^(does not|no |not )|prescribed elsewhere|smoking|vaping|tobacco|nicotine", re.IGNORECASE)
_COST = re.compile(
    r"^(medicaid|medicare|no payment accepted|cash or self-payment|private health insurance|sliding fee scale"
    r"|payment assistance|state[- ]financed|ihs/tribal|federal military insurance|access to recovery)",
    re.IGNORECASE,
)
_FOR_WHOM = re.compile(
    r"^(adolescents|children/adolescents|young adults|adults|seniors.*|adult women|adult men|female|male|veterans"
    r"|pregnant/postpartum women|members of military families|active duty military|lesbian.*|lgbt.*)$",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"sign language|hearing[- ]impaired", re.IGNORECASE)


def looks_like_findtreatment(raw: Raw) -> bool:
    """Whether a record is a facility of FindTreatment.gov."""
    return "name1" in raw or ("name" in raw and "all_services" in raw)


def read_findtreatment(raw: Raw) -> Resource:
    """A facility as a resource. Raises `Unusable`."""
    first = name_of(raw, "name1", "name")
    second = line(raw, "name2", limit=NAME_LIMIT)
    phone, intake, hotline = (number_in(line(raw, name)) for name in ("phone", "intake1", "hotline1"))
    link = link_in(line(raw, "website"))
    street, city = ", ".join(filter(None, (line(raw, "street1"), line(raw, "street2")))), line(raw, "city")
    if not (phone or intake or hotline or link or street):
        raise Unusable(_("It says no phone, link or address."))
    terms = _terms(raw)
    others = [(intake, "To be admitted"), (hotline, "Hotline")]
    main = phone or intake or hotline
    latitude, longitude = degrees(raw, "latitude", 90), degrees(raw, "longitude", 180)
    identity = (first, second, street, city, line(raw, "zip"), str(latitude), str(longitude))
    return Resource(
        name=f"{first}: {second}" if second else first,
        organization=first if second else "",
        key=blake2b("\n".join(identity).encode(), digest_size=16).hexdigest(),
        country="US",
        phone=main,
        more_phones=tuple(
            Phone(number=number, kind="voice", note=label)
            for number, label in others
            if number and _digits(number) != _digits(main)
        ),
        address=street,
        city=city,
        state=line(raw, "state"),
        postcode=line(raw, "zip"),
        latitude=latitude,
        longitude=longitude,
        link=link,
        languages=_languages(terms),
        topics=_topics(terms, line(raw, "type_facility")),
        eligibility=_listed(t for t in terms if _FOR_WHOM.match(t)),
        cost=_listed(t for t in terms if _COST.match(t)),
        source=SOURCE,
        note=_settings(raw, terms),
    )


def _terms(raw: Raw) -> list[str]:
    """All that the facility says of itself, term by term."""
    lists = [note(raw, "all_services", limit=_TERMS_LIMIT), note(raw, "residential_services", limit=_TERMS_LIMIT)]
    lists += [note(service, "f3", limit=_TERMS_LIMIT) for service in entries(raw, "services")]
    terms = (" ".join(term.split()) for one in lists for term in one.split(";"))
    return list(dict.fromkeys(term for term in terms if term))


def _topics(terms: Iterable[str], kind: str) -> tuple[str, ...]:
    told = [term.casefold() for term in terms if not _DENIES.search(term)]
    found = {"SA": ["treatment", "substance-use"], "MH": ["mental-health"]}.get(kind, [])
    for pattern, topics in _COMPILED:
        if any(pattern.search(term) for term in told):
            found += topics
    return tuple(dict.fromkeys(found))


_COMPILED = tuple((re.compile(pattern), topics) for pattern, topics in _TOPICS)


def _languages(terms: Iterable[str]) -> tuple[str, ...]:
    """English, and what else it names; "Any Chinese Language" is Chinese."""
    found = ["en"]
    for term in terms:
        code = "zh" if "Chinese" in term else language_code(term) if term.isalpha() else None
        if code:
            found.append(code)
        elif _SIGNED.search(term) and "sign language" in term.casefold():
            found.append("ase")
    return tuple(dict.fromkeys(found))


_SETTING = re.compile(
    r"^(outpatient|residential|hospital inpatient|long-term residential|short-term residential|regular +outpatient"
    r"|intensive +outpatient|outpatient day treatment|residential detoxification|outpatient detoxification"
    r"|telemedicine|transitional housing)",
    re.IGNORECASE,
)


def _settings(raw: Raw, terms: Iterable[str]) -> str:
    """In what settings it treats, in its own words."""
    found = [term for term in terms if _SETTING.match(term) and not _DENIES.search(term)]
    return _listed(found) or line(raw, "residential_services", limit=NAME_LIMIT)


def _listed(terms: Iterable[str]) -> str:
    """As many of the terms as fit on a line, each once, whatever its capitals."""
    kept: dict[str, str] = {}
    for term in terms:
        if sum(map(len, kept.values())) + 2 * len(kept) + len(term) <= LINE_LIMIT:
            kept.setdefault(term.casefold(), term)
    return "; ".join(kept.values())


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)

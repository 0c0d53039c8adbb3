"""The sorts of values that commands take, each with its own way to read what people type.

Whatever is typed, `parse` returns a value or raises `BadValue`, whose guesses are all values it would take; and
`suggest` returns values it would take.
"""

from bot.core.kinds.choices import CaseNumber, Keyed, KeyedNumber, Number, OneOf
from bot.core.kinds.dates import Date
from bot.core.kinds.hours import Begin, Hours
from bot.core.kinds.lengths import Length
from bot.core.kinds.places import Country, Zone
from bot.core.kinds.texts import Language, Link, Name, Words, english_name
from bot.core.kinds.times import Minutes, Time, is_end_of_day
from bot.core.kinds.weekdays import Weekdays

BEGIN_TIME = Begin()
CASE_NUMBER = CaseNumber()
COUNTRY = Country()
DATE = Date()
END_TIME = Time(is_end=True)
HOURS = Hours()
LANGUAGE = Language()
OWN_COUNTRY = Country(of_person=True)
OWN_LANGUAGE = Language(of_person=True)
LENGTH = Length()
LINK = Link()
MINUTES = Minutes()
NAME = Name()
PAST_DATE = Date(past=True)
TIME = Time()
WEEKDAYS = Weekdays()
ZONE = Zone()

__all__ = [
    "BEGIN_TIME",
    "CASE_NUMBER",
    "COUNTRY",
    "DATE",
    "END_TIME",
    "HOURS",
    "LANGUAGE",
    "LENGTH",
    "LINK",
    "MINUTES",
    "NAME",
    "OWN_COUNTRY",
    "OWN_LANGUAGE",
    "PAST_DATE",
    "TIME",
    "WEEKDAYS",
    "ZONE",
    "Keyed",
    "KeyedNumber",
    "Number",
    "OneOf",
    "Words",
    "english_name",
    "is_end_of_day",
]

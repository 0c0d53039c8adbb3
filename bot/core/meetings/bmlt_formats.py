"""What the keys of a BMLT server's formats mean where its list of formats (GetFormats) is not at hand.

The English keys that every server has from the start, and those in wide use beside them, each with NA's world id
(BMLT server, its initial data; "" where there is none) and its name. Servers may change them; their own list counts.
"""

from typing import Final

BMLT_EVERYWHERE: Final = {
    "HY": ("HYBR", "Hybrid"),
    "TC": ("TC", "Temporarily Closed Facility"),
    "VM": ("VM", "Virtual Meeting"),
}
"""Keys that are reserved, whatever the server's language."""

BMLT_FORMATS: Final = {
    **BMLT_EVERYWHERE,
    "AB": ("QA", "Ask-It-Basket"),
    "Ag": ("", "Agnostic"),
    "B": ("BEG", "Beginners"),
    "BK": ("LIT", "Book Study"),
    "BL": ("", "Bilingual"),
    "BT": ("BT", "Basic Text"),
    "C": ("CLOSED", "Closed"),
    "CH": ("", "Closed on holidays"),
    "CL": ("CAN", "Candlelight"),
    "CP": ("CPT", "Concepts"),
    "CS": ("", "Children under supervision"),
    "CW": ("CW", "Children welcome"),
    "D": ("DISC", "Discussion"),
    "ENG": ("LANG", "English"),
    "ES": ("LANG", "Spanish"),
    "FD": ("", "Five and Dime"),
    "GL": ("GL", "LGBTQ"),
    "IL": ("", "Illness"),
    "IP": ("IP", "Informational Pamphlet"),
    "IW": ("IW", "It Works: How and Why"),
    "JT": ("JFT", "Just for Today"),
    "LC": ("LC", "Living Clean"),
    "M": ("M", "Men"),
    "ME": ("MED", "Meditation"),
    "NC": ("", "No children"),
    "NS": ("", "No smoking"),
    "O": ("OPEN", "Open"),
    "OE": ("", "Open-ended"),
    "Pi": ("", "Pitch"),
    "QA": ("QA", "Questions and answers"),
    "RA": ("RA", "Restricted attendance"),
    "RF": ("VAR", "Rotating format"),
    "Rr": ("", "Round robin"),
    "SC": ("", "Surveillance cameras"),
    "SD": ("SPK", "Speaker and discussion"),
    "SG": ("SWG", "Step Working Guide"),
    "SL": ("", "American Sign Language"),
    "So": ("SPK", "Speaker"),
    "St": ("STEP", "Step"),
    "Ti": ("", "Timer"),
    "To": ("TOP", "Topic"),
    "Tr": ("TRAD", "Tradition"),
    "TW": ("TRAD", "Traditions workshop"),
    "W": ("W", "Women"),
    "WC": ("WCHR", "Wheelchair access"),
    "YP": ("Y", "Young people"),
}

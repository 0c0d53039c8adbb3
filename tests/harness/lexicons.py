"""A small lexicon for tests: one rule, and the same rule spoilt."""

HEAD = 'language = "en"\n'

RIVER_RULE = """
[[rule]]
id = "river"
category = "suicide"
severity = "urgent"
pattern = ["going down to the river"]
hears = ["I'm going down to the river"]
ignores = ["the river is high"]
"""

RIVER = HEAD + RIVER_RULE


def unreadable(name: str) -> str:
    """A rule of that name whose pattern has a bracket too many."""
    return RIVER_RULE.replace('"river"', f'"{name}"').replace('"going down to the river"', '"going (down"')

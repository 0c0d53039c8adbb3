"""The built-in lexicons, one TOML file per language: data, which the app reads and `parse_lexicon` checks.

Beside each lies what was found out about its patterns, for a quick start; to renew it after a change:
`make lexicons`.
"""

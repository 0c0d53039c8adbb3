"""The built-in lexicons, one TOML file per language: data, which the app reads and `parse_lexicon` checks."""

"""The words people read, one catalogue a language (gettext .po files)."""

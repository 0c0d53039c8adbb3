"""The real bot process, killed again and again while it works; then every message is counted."""

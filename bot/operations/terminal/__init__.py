"""The terminal: what people type at the console, and how it is shown."""

"""Tables, queries and migrations. SQLite is the embedded default, PostgreSQL when a community outgrows it."""

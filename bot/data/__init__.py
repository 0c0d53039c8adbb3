"""Facts shipped with the bot, as CSV that core's parsers read: the app opens the files, core never does."""

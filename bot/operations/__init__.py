"""What an operator does with the bot: run it, check it, try it, describe a community. The command line calls these."""

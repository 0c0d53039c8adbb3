"""`python -m bot` is `handrail`."""

from bot.cli import app

app(prog_name="handrail")

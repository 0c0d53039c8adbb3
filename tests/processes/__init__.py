"""Several bots on one database: who owns what, who is told what, and what happens when one dies."""

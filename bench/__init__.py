"""What Handrail promises, measured: `python -m bench.delivery` prints it as one table.

The other ends are the real things that the tests use: the loopback Discord, Synapse, PostgreSQL.
"""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]

# They are found as pytest finds them (`pythonpath` in pyproject.toml).
sys.path.append(str(REPOSITORY / "tests"))

"""Benchmarks. What they start runs compiled, as an installed program does: where Python is told to keep no
bytecode, a start would be a third slower than a user's.
"""

import os

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

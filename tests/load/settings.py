"""How much is asked: ``make load-test REQUESTS=200000`` is the long form."""

import os

REQUESTS = int(os.environ.get("REQUESTS") or 20_000)

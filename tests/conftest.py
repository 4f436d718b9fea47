"""How much Hypothesis tries: always the same few examples, or ``LAWS=10000 make test`` for as many others."""

import os

from hypothesis import settings

LAWS = os.environ.get("LAWS")

settings.register_profile("laws", max_examples=int(LAWS or 60), deadline=None, database=None, derandomize=LAWS is None)
settings.load_profile("laws")

"""The app that gunicorn serves for :mod:`~tests.bench.whole`: ``BENCH_WHO`` says with what."""

import os

from tests.bench.cases import CASES
from tests.bench.worker import app_of

application = app_of(CASES["CORS(app)"], os.environ["BENCH_WHO"])()

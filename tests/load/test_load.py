"""A crowd asks a server with two workers of eight threads: each response belongs to its request, nothing grows."""

import os
import sys

import pytest

from tests.load.crowd import crowd, served

REQUESTS = int(os.environ.get("REQUESTS") or 20_000)  # `make load-test REQUESTS=200000` is the long form
BOUND = 16_000  # kilobytes by which a worker may grow: what an allocator needs, but no list of requests


def test_every_response_belongs_to_its_own_request_and_no_worker_grows() -> None:
    with served() as port:
        load = crowd(port, REQUESTS)
    sys.stdout.write(f"{load.counts['checked']} responses checked, kB by which the workers grew: {load.growth}\n")
    assert (load.examples, load.counts["wrong"], load.counts["lost"]) == ([], 0, 0)
    assert load.counts["checked"] >= REQUESTS
    assert [growth < BOUND for growth in load.growth] == [True, True]


@pytest.mark.parametrize(
    ("mistake", "noticed"),
    [("HTTP_ORIGIN", "Access-Control-Allow-Origin: "), ("HTTP_X_REQUEST", "the response to another request")],
)
def test_a_wrong_response_is_noticed(mistake: str, noticed: str) -> None:
    with served(mistake) as port:
        load = crowd(port, 1000)
    assert load.counts["wrong"] > 0
    assert any(noticed in example for example in load.examples)


def test_a_worker_that_grows_is_noticed() -> None:
    with served("leaks") as port:
        assert max(crowd(port, 2000).growth) > BOUND

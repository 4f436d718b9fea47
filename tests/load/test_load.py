"""A crowd asks a server with two workers of eight threads: every answer belongs to its own request, nothing grows."""

import sys

import pytest

from tests.load.crowd import Load, crowd, served
from tests.load.settings import REQUESTS

BOUND = 16_000  # kilobytes by which a worker may grow: what an allocator needs, but no list of requests


@pytest.fixture(scope="module")
def load() -> Load:
    with served() as port:
        load = crowd(port, REQUESTS)
    sys.stdout.write(f"{load}\n")
    return load


def test_every_answer_belongs_to_its_own_request(load: Load) -> None:
    assert load.examples == []
    assert (load.counts["wrong"], load.counts["lost"]) == (0, 0)
    assert load.counts["checked"] >= REQUESTS


def test_no_worker_grows(load: Load) -> None:
    assert [len(workers) for workers in load.memory] == [2, 2]
    assert load.growth < BOUND


@pytest.mark.parametrize(
    ("mistake", "noticed"),
    [
        pytest.param("mixes up origins", "Access-Control-Allow-Origin: ", id="an origin kept where all threads see it"),
        pytest.param("mixes up requests", "the answer to another request", id="an answer to another request"),
    ],
)
def test_a_wrong_answer_is_noticed(mistake: str, noticed: str) -> None:
    with served(mistake) as port:
        load = crowd(port, 1000)
    assert load.counts["wrong"] > 0
    assert any(noticed in example for example in load.examples)


def test_a_worker_that_grows_is_noticed() -> None:
    with served("leaks") as port:
        assert crowd(port, 2000).growth > BOUND

"""Hostile bytes on a socket to each production server: with its limits raised, so that the app meets them all."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.hostile import CALLS, MUCH, ORDINARY, Attack, send, wrong_in_a_log
from tests.servers.loaded import LOG, SERVES
from tests.servers.start import SERVERS, Server, running

UNLIMITED = ("--limit-request-line=0", "--limit-request-field_size=65536", "--limit-request-fields=32768")
VERBOSE = "--access-logfile=-"


def _with(server: Server, *options: str) -> Server:
    return replace(server, command=(*server.command, *options))


_SYNC, _GTHREAD, _WAITRESS, _UWSGI = SERVERS

# A server, and the bytes of a request that it has no reason to refuse.
ATTACKED = {
    "gunicorn sync, as it comes": (_SYNC, 4000),
    "gunicorn sync": (_with(_SYNC, VERBOSE, *UNLIMITED), MUCH + 500),
    "gunicorn gthread": (_with(_GTHREAD, VERBOSE, *UNLIMITED), MUCH + 500),
    "waitress": (_WAITRESS, MUCH + 500),
    "uWSGI": (_with(_UWSGI, "--buffer-size=65535", "--disable-logging"), MUCH + 500),
}


@pytest.fixture(scope="module", params=ATTACKED)
def attack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attack]:
    server, limit = ATTACKED[request.param]
    path = tmp_path_factory.mktemp("server") / "log"
    with running(server, {SERVES: "hostile", LOG: str(path)}) as port, path.open("rb") as log:
        yield Attack(port, limit, lambda: log.read().decode(errors="backslashreplace"))
    assert list(wrong_in_a_log(path.read_text(errors="backslashreplace"))) == []  # also what was written late


@pytest.mark.parametrize("name", CALLS)
def test_a_hostile_request_does_no_harm(attack: Attack, name: str) -> None:
    assert attack.complaints(CALLS[name]) == []


def test_guarded_views_allow_their_friends_unless_their_function_fails_which_is_logged(attack: Attack) -> None:
    assert attack.denied_friends() == ["/failing"]
    attack.log()
    send(attack.port, ORDINARY.to("/failing"))
    assert attack.log().count("CORS: the function in origins failed for https://a.example") == 1

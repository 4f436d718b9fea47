"""``flask cors check --live`` names what a real nginx does to an app, and its line for nginx mends that."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.caches.nginx import CACHED, proxy
from tests.caches.site import storable
from tests.servers.start import HOST
from tests.tables import table
from tests.test_cli_deployed import ADMIN, ORDERS, PRICES, findings_at, make_shop
from tests.transcripts.servers import serving

SHOP = make_shop("tea", supports_credentials=True)
SHOP.after_request(storable)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(SHOP) as port:
        yield port


def findings(port: int, lines: str) -> list[Any]:
    with proxy(port, lines) as front:
        return findings_at(f"http://{HOST}:{front}", SHOP)


def mended(lines: str, code: str) -> str:
    """Do to a configuration what the line says."""
    for line in code.split("\n"):
        name = re.escape(line.removeprefix("# remove: ")).replace(re.escape("..."), ".*?")
        if line.startswith("# remove: "):
            assert re.search(name, lines)
            lines = re.sub(name, "", lines)
        else:
            lines = re.sub(r"proxy_set_header Origin [^;]*;", "", lines) + line
    return lines


@table("lines", ("a proxy", ""), ("a cache", CACHED), ("compression", "gzip on; gzip_proxied any; gzip_vary on;"))
def test_a_right_deployment_has_no_findings(port: int, lines: str) -> None:
    assert findings(port, lines) == []


ADDED = "if ($uri = /admin) { add_header Access-Control-Allow-Origin https://a.example always; }"


@table(
    "lines, name, routes",
    ("a header twice", "add_header Access-Control-Allow-Origin * always;", "doubled-header", [ORDERS, PRICES, ADMIN]),
    ("OPTIONS caught", "if ($request_method = OPTIONS) { return 204; }", "options-eaten", [ORDERS, PRICES]),
    ("Vary dropped", "proxy_hide_header Vary;", "vary-dropped", [ORDERS]),
    ("a cache that ignores Vary", f"{CACHED} proxy_ignore_headers Vary;", "wrong-origin-cached", [ORDERS]),
    ("a header removed", "proxy_hide_header Access-Control-Allow-Origin;", "headers-missing", [ORDERS, PRICES]),
    ("Origin stripped", 'proxy_set_header Origin "";', "origin-stripped", [ORDERS]),
    ("a header where the app denies", ADDED, "header-added", [ADMIN]),
)
def test_a_fault_is_named_and_mended_by_its_line(port: int, lines: str, name: str, routes: list[str]) -> None:
    [found] = findings(port, lines)
    assert (found["id"], found["routes"]) == (f"live-{name}", routes)
    assert findings(port, mended(lines, found["fix"]["code"])) == []


def test_two_faults_are_two_findings(port: int) -> None:
    found = findings(port, "proxy_hide_header Vary; add_header Access-Control-Allow-Origin * always;")
    assert [one["id"] for one in found] == ["live-doubled-header", "live-vary-dropped"]

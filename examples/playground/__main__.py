"""Start the playground, and end it at Ctrl-C: ``python examples/playground``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from threading import Event

sys.path.insert(0, str(Path(__file__).parents[2]))  # a directory as a program knows only itself

from examples.playground.addresses import Addresses
from examples.playground.runs import Shop
from examples.playground.serving import open_sockets, serving
from examples.playground.site import make_site

PAGE_PORT, SHOP_PORT = 5050, 5051


def main() -> None:
    """Serve the page and the shop until a signal comes."""
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    of_page, of_shop = open_sockets(PAGE_PORT), open_sockets(SHOP_PORT)
    addresses = Addresses(of_page[0].getsockname()[1], of_shop[0].getsockname()[1])
    shop = Shop(addresses)
    with serving(shop, of_shop), serving(make_site(addresses, shop), of_page):
        print(f"The CORS playground is at {addresses.page}/ - press Ctrl-C to end it.", flush=True)  # noqa: T201
        while not stopped.wait(1):
            pass


if __name__ == "__main__":
    main()

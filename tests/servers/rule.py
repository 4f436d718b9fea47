"""The rule by which responses of different servers are compared.

Five headers are the server's own affair, not the app's. Each may be there or not; each must have the shape that
`SHAPES` gives it; then it is left out. All else - status, CORS headers, ``Vary``, body - is compared to the letter.
"""

import re
from collections.abc import Iterable

from werkzeug.http import http_date, parse_date

SHAPES = {
    "Connection": r"close|keep-alive",
    "Date": r".*",  # and more: see below
    "Server": r"gunicorn|waitress|Werkzeug/\d[\w.]* Python/\d[\w.+]*",
    "Transfer-Encoding": r"chunked",
    "Via": r"waitress",
}


def without_server_headers(lines: Iterable[str]) -> list[str]:
    """Leave the server's own headers out of a message as HTTPie prints it, where they have the right shape."""
    result: list[str] = []
    in_head = False
    for line in lines:
        in_head = bool(line) and (in_head or re.match(r"HTTP/1\.\d \d{3} ", line) is not None)
        name, _, value = line.partition(": ")
        if not (in_head and is_of_server(name, value)):
            result.append(line)
    return result


def is_of_server(name: str, value: str) -> bool:
    """Whether a header is one of the five, with a value of the right shape."""
    date = parse_date(value)
    is_date = date is not None and http_date(date) == value
    return re.fullmatch(SHAPES.get(name.title(), "(?!)"), value) is not None and (name.title() != "Date" or is_date)

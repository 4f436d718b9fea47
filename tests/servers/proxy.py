"""A reverse proxy, as a module that a server loads: it serves another port below a prefix, and says so in a header.

Host and path are passed on as most proxies are set up to do: the host as it came, the path without the prefix.
"""

import os
from typing import Any, cast

from werkzeug.exceptions import NotFound
from werkzeug.middleware.http_proxy import ProxyMiddleware

from tests.servers.loaded import PREFIX

TARGET = "FLASK_CORS_TESTS_TARGET"  # the address of the server behind

application = ProxyMiddleware(
    cast(Any, NotFound()),
    {
        PREFIX: {
            "target": os.environ.get(TARGET, ""),
            "remove_prefix": True,
            "host": None,
            "headers": {"X-Forwarded-Prefix": PREFIX},
        }
    },
)

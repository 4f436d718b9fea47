"""The browser's half of CORS, as a model that you can read and run.

A :class:`Browser` is a page. It takes the page's origin and a network. A network is any function from
:class:`Request` to :class:`Response`, for example a Flask test client, a socket or a table in a test.

>>> def network(request: Request) -> Response:
...     return Response(200, (("Access-Control-Allow-Origin", "https://app.example"), ("X-Total", "7")))
>>> page = Browser("https://app.example", network)
>>> outcome = page.fetch("https://api.example/items")
>>> outcome.allowed, outcome.response
(True, Response(status=200, headers=(), body=b''))
>>> outcome = page.fetch("https://api.example/items", credentials="include")
>>> outcome.step
'#cors-check step 8'
>>> print(outcome.reason)
Access-Control-Allow-Credentials of the response is missing; it must be 'true' because the page sends credentials.

Read on in ``page.py``: it has the calls of a page and the main steps. ``request.py`` and ``checks.py`` are the two
sides of CORS: what is sent, and what is allowed. ``cookies.py`` and ``metadata.py`` are what else a request carries.

The source is the Fetch standard, https://fetch.spec.whatwg.org/, in its version of 21 June 2026. Each function
cites its algorithm by anchor; "step 7.5" without an anchor belongs to the algorithm cited before it.

The model follows the standard even where browsers do not. :data:`DIFFERENCES` lists the known differences, and
:attr:`Outcome.reason` mentions those that matter. The model does not include:

* ``Content-Length``, ``Host`` and other headers that HTTP adds. They belong to the network, and so do cookies:
  :attr:`Request.credentials` says whether to send them, and a :class:`CookieJar` is a network that does so;
* other standards: content security policy, mixed content, blocked ports, service workers, the HTTP cache,
  password prompts, private networks, opaque response blocking, referrer policies that a page or a server sets. They
  may block a page before CORS does;
* ``data:`` and ``blob:`` URLs, to which CORS does not apply, and streams as bodies;
* the fragment of a URL, which is part of it in the preflight cache;
* unusual spellings of hosts, such as ``http://0x7f.1/``. They need a real URL parser.
"""

from __future__ import annotations

from .cache import Grant as Grant
from .cache import PreflightCache as PreflightCache
from .cookies import Cookie, CookieJar
from .differences import DIFFERENCES, Difference
from .headers import ALLOW_CREDENTIALS as ALLOW_CREDENTIALS
from .headers import ALLOW_HEADERS as ALLOW_HEADERS
from .headers import ALLOW_METHODS as ALLOW_METHODS
from .headers import ALLOW_ORIGIN as ALLOW_ORIGIN
from .headers import BROWSER_MAX_AGE_LIMITS, HeaderList
from .headers import EXPOSE_HEADERS as EXPOSE_HEADERS
from .headers import MAX_AGE as MAX_AGE
from .headers import REQUEST_HEADERS as REQUEST_HEADERS
from .headers import REQUEST_METHOD as REQUEST_METHOD
from .headers import Headers as Headers
from .headers import PageHeaders as PageHeaders
from .headers import extract_list as extract_list
from .headers import get_all as get_all
from .headers import get_header as get_header
from .headers import is_token as is_token
from .headers import split_value as split_value
from .messages import ConnectionFailed, Exchange, Outcome, Request, Response
from .messages import CredentialsMode as CredentialsMode
from .page import Browser
from .safelists import is_forbidden_header, is_forbidden_method
from .safelists import is_non_wildcard_header as is_non_wildcard_header
from .safelists import is_safelisted_header as is_safelisted_header
from .safelists import is_safelisted_method as is_safelisted_method
from .safelists import page_headers as page_headers
from .safelists import unsafe_header_names as unsafe_header_names
from .urls import Url as Url
from .urls import check_origin as check_origin
from .urls import parse_url as parse_url

__all__ = [
    "BROWSER_MAX_AGE_LIMITS",
    "DIFFERENCES",
    "Browser",
    "ConnectionFailed",
    "Cookie",
    "CookieJar",
    "Difference",
    "Exchange",
    "HeaderList",
    "Outcome",
    "Request",
    "Response",
    "is_forbidden_header",
    "is_forbidden_method",
]

"""The sides of the comparison: a page in a real browser, and one in the model; the same servers respond to both."""

from __future__ import annotations

import http.client
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from flask_cors.browser import Browser, ConnectionFailed, CookieJar, Outcome, Request, Response
from flask_cors.browser.urls import site_of
from tests.browser.agreement_cases import Case, Fetch, Page
from tests.browser.agreement_site import Call, Site
from tests.browser.page import Browser as RealBrowser
from tests.transcripts.servers import HOST

AT_ONCE = 6
BATCH = 250


class Seen(NamedTuple):
    """What a page could read of a response; ``None`` in place of it means that it was blocked."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


class Verdict(NamedTuple):
    """How one case came out on one side: what the page could read, and what reached the servers."""

    seen: Seen | None
    calls: tuple[Call, ...]


Verdicts = dict[int, Verdict]


def _collect(site: Site, seen: dict[int, Seen | None]) -> Verdicts:
    """Join what was seen with the log, and leave the log empty for the other side."""
    verdicts = {number: Verdict(one, tuple(site.log[number])) for number, one in seen.items()}
    site.log.clear()
    return verdicts


def _seen(status: int, headers: dict[str, str], body: str) -> Seen:
    return Seen(status, tuple(sorted(pair for pair in headers.items() if pair[0] != "date")), body)


_IN_PAGE = Path(__file__).with_name("calls.js").read_text()
# A frame that may run scripts but belongs to no origin: its origin is null.
_IN_SANDBOX = """
(calls, atOnce) => new Promise(done => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = `<script>
    IN_PAGE
    onmessage = async ({data}) => parent.postMessage(await make(...data), "*");
    </script>`;
    frame.onload = () => frame.contentWindow.postMessage([calls, atOnce], "*");
    window.addEventListener("message", ({data}) => { frame.remove(); done(data); }, {once: true});
    document.body.append(frame);
})
""".replace("IN_PAGE", _IN_PAGE)
_FUNCTIONS: dict[Page, str] = {"page": _IN_PAGE, "null": _IN_SANDBOX, "app": _IN_PAGE}


def in_browser(browser: RealBrowser, site: Site, cases: list[Case]) -> Verdicts:
    """Let pages in a browser make the calls, a few hundred in one go."""
    for origin in site.origins.values():
        browser.open(f"{origin}/cookies")
    seen: dict[int, Seen | None] = {}
    for page, function in _FUNCTIONS.items():
        browser.open(f"{site.origins.get(page, site.origins['page'])}/tea?pot")
        calls = [
            (case.number, case.again, one.kind, case.url(site.origins), one.init, one.crossorigin, one.content_type)
            for case, one in ((case, case.fetch) for case in cases if case.page == page)
        ]
        for start in range(0, len(calls), BATCH):
            results = browser.run(function, calls[start : start + BATCH], AT_ONCE)
            seen |= {int(number): result and _seen(*result) for number, result in results.items()}
    browser.forget_cookies()
    return _collect(site, seen)


def in_model(site: Site, cases: list[Case]) -> Verdicts:
    """Let pages of the model make the same calls, over the same network."""
    jar = CookieJar(over_http)
    for origin in site.origins.values():
        jar(Request("GET", f"{origin}/cookies", (), credentials=True, page_site=site_of(origin)))
    return _collect(site, {case.number: _model_sees(site, case, jar) for case in cases})


def _model_sees(site: Site, case: Case, jar: CookieJar) -> Seen | None:
    page, url = Browser(site.origins.get(case.page, "null"), jar, path="/tea?pot"), case.url(site.origins)
    response = _outcome(page, case.fetch, url).response
    if case.again:
        page.fetch(f"{url}&again", mode="no-cors", credentials="include")  # which cookies are left?
    if response is None and case.fetch.kind not in ("beacon", "font"):
        return None
    if response is None or case.fetch.kind not in ("fetch", "upload", "repeated"):
        return Seen(0, (), "")
    joined = {name.lower(): response.headers[name] for name, _ in response.headers}
    return _seen(response.status, joined, response.body.decode("utf-8", "replace"))


def _outcome(page: Browser, fetch: Fetch, url: str) -> Outcome:
    with_credentials = fetch.credentials == "include"
    match fetch.kind:
        case "fetch" | "upload":
            return page.fetch(url, **fetch.init, upload=fetch.kind == "upload")
        case "repeated":
            for headers in ((), (), (("X-Other", "2"),)):
                outcome = page.fetch(url, **fetch.init | {"headers": fetch.headers + headers})
            return outcome
        case "beacon":
            return page.send_beacon(url, fetch.body, content_type=fetch.content_type)
        case "events" | "resumed":
            first = page.event_source(url, with_credentials=with_credentials)
            if fetch.kind == "events" or not first.allowed:
                return first
            last = first.exchanges[-1].request.url
            return page.event_source(last, with_credentials=with_credentials, last_event_id="7")
    return page.load(fetch.kind, url, crossorigin=fetch.crossorigin)


def over_http(request: Request) -> Response:
    """Send a request over a real socket; every name leads to this computer."""
    url = urlsplit(request.url)
    connection = http.client.HTTPConnection(HOST, url.port, timeout=20)
    try:
        connection.putrequest(request.method, f"{url.path}?{url.query}", skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", url.netloc), *request.headers]:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body or b"")))
        connection.endheaders(request.body)
        response = connection.getresponse()
        return Response(response.status, response.getheaders(), body=response.read())
    except OSError as error:
        raise ConnectionFailed(str(error)) from error
    finally:
        connection.close()

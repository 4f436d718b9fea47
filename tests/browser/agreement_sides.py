"""The sides of the comparison: a page in a real browser, and one in the model; the same servers answer both."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask_cors.browser import Browser, ConnectionFailed, CookieJar, Outcome, Request, Response, get_header
from flask_cors.browser.urls import site_of
from tests.browser.agreement_cases import Case, Fetch, Page
from tests.browser.agreement_site import Call, Site
from tests.browser.page import Browser as RealBrowser
from tests.transcripts.servers import HOST

AT_ONCE = 6
BATCH = 250
#: Made anew for each answer, so that they say nothing about CORS.
VARYING = frozenset({"date"})


@dataclass(frozen=True)
class Seen:
    """What a page could read of an answer; ``None`` in place of it means that it was blocked."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass(frozen=True)
class Verdict:
    """How one case came out on one side: what the page could read, and what reached the servers."""

    seen: Seen | None
    calls: tuple[Call, ...]


Verdicts = dict[int, Verdict]


def _collect(site: Site, cases: list[Case], seen: dict[int, Seen | None]) -> Verdicts:
    """Join what was seen with the log, and leave the log empty for the other side."""
    verdicts = {case.number: Verdict(seen[case.number], tuple(site.log[case.number])) for case in cases}
    site.log.clear()
    return verdicts


def _seen(status: int, headers: dict[str, str], body: str) -> Seen:
    return Seen(status, tuple(sorted(pair for pair in headers.items() if pair[0] not in VARYING)), body)


# -- The real one ------------------------------------------------------------------------------------------

_IN_PAGE = Path(__file__).with_name("calls.js").read_text()
# A frame that may run scripts but is nobody's: its origin is null.
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
        of_page = [case for case in cases if case.page == page]
        for batch in (of_page[start : start + BATCH] for start in range(0, len(of_page), BATCH)):
            calls = [_call(case, site) for case in batch]
            results = browser.run(function, calls, AT_ONCE)
            seen |= {int(number): result and _seen(*result) for number, result in results.items()}
    browser.forget_cookies()
    return _collect(site, cases, seen)


def _call(case: Case, site: Site) -> tuple[Any, ...]:
    fetch = case.fetch
    return (
        case.number,
        case.again,
        fetch.kind,
        case.url(site.origins),
        fetch.init,
        fetch.crossorigin,
        fetch.content_type,
    )


# -- The model ---------------------------------------------------------------------------------------------


def in_model(site: Site, cases: list[Case]) -> Verdicts:
    """Let pages of the model make the same calls, over the same network."""
    jar = CookieJar(over_http)
    for origin in site.origins.values():
        jar(Request("GET", f"{origin}/cookies", (), credentials=True, page_site=site_of(origin)))
    seen = {case.number: _model_sees(site, case, jar) for case in cases}
    return _collect(site, cases, seen)


def _model_sees(site: Site, case: Case, jar: CookieJar) -> Seen | None:
    page = Browser(site.origins.get(case.page, "null"), jar, path="/tea?pot")
    outcome = _outcome(page, case.fetch, case.url(site.origins))
    if case.again:
        page.fetch(f"{case.url(site.origins)}&again", mode="no-cors", credentials="include")  # which cookies are left?
    if outcome.response is None and case.fetch.kind not in ("beacon", "font"):
        return None
    if outcome.response is None or case.fetch.kind not in ("fetch", "upload"):
        return Seen(0, (), "")
    headers = outcome.response.headers
    joined = {name.lower(): get_header(headers, name) or "" for name, _ in headers}
    return _seen(outcome.response.status, joined, outcome.response.body.decode("utf-8", "replace"))


def _outcome(page: Browser, fetch: Fetch, url: str) -> Outcome:
    match fetch.kind:
        case "fetch":
            return page.fetch(url, **fetch.init)
        case "upload":
            return page.fetch(url, **fetch.init, upload=True)
        case "events":
            return page.event_source(url, with_credentials=fetch.credentials == "include")
        case "resumed":
            first = page.event_source(url, with_credentials=fetch.credentials == "include")
            if not first.allowed:
                return first
            last = first.exchanges[-1].request.url
            return page.event_source(last, with_credentials=fetch.credentials == "include", last_event_id="7")
        case "beacon":
            return page.send_beacon(url, fetch.body, content_type=fetch.content_type)
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
        answer = connection.getresponse()
        return Response(answer.status, answer.getheaders(), body=answer.read())
    except OSError as error:
        raise ConnectionFailed(str(error)) from error
    finally:
        connection.close()

"""The sides of the comparison: a page in a real browser, and one in the model; the same servers answer both."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_cors.browser import Browser, ConnectionFailed, Request, Response, get_header
from tests.browser.agreement_cases import Case, Page
from tests.browser.agreement_site import Call, Site
from tests.browser.page import Browser as RealBrowser

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

# Makes all calls of a list, a few at a time, and reports what could be read of each.
_IN_PAGE = """
async function make(calls, atOnce) {
    const results = {};
    async function one([number, url, init]) {
        try {
            const answer = await fetch(url, init);
            results[number] = [answer.status, Object.fromEntries(answer.headers), await answer.text()];
        } catch (error) {
            results[number] = null;
        }
    }
    const queue = calls.slice();
    async function work() { while (queue.length) await one(queue.shift()); }
    await Promise.all(Array.from({length: atOnce}, work));
    return results;
}
"""
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
_FUNCTIONS: dict[Page, str] = {"page": _IN_PAGE, "null": _IN_SANDBOX}


def in_browser(browser: RealBrowser, site: Site, cases: list[Case]) -> Verdicts:
    """Let pages in a browser make the calls, a few hundred in one go."""
    browser.open(f"{site.origins['page']}/")
    browser.run("() => { document.cookie = 'probe=1'; }")
    seen: dict[int, Seen | None] = {}
    for page, function in _FUNCTIONS.items():
        of_page = [case for case in cases if case.page == page]
        for batch in (of_page[start : start + BATCH] for start in range(0, len(of_page), BATCH)):
            calls = [(case.number, case.url(site.origins), case.fetch.init) for case in batch]
            results = browser.run(function, calls, AT_ONCE)
            seen |= {int(number): result and _seen(*result) for number, result in results.items()}
    browser.forget_cookies()
    return _collect(site, cases, seen)


# -- The model ---------------------------------------------------------------------------------------------


def in_model(site: Site, cases: list[Case]) -> Verdicts:
    """Let pages of the model make the same calls, over the same network."""
    seen = {case.number: _model_sees(site, case) for case in cases}
    return _collect(site, cases, seen)


def _model_sees(site: Site, case: Case) -> Seen | None:
    page = Browser(site.origins["page"] if case.page == "page" else "null", over_http(cookie="probe=1"))
    outcome = page.fetch(case.url(site.origins), **case.fetch.init)
    if outcome.response is None:
        return None
    headers = outcome.response.headers
    joined = {name.lower(): get_header(headers, name) or "" for name, _ in headers}
    return _seen(outcome.response.status, joined, outcome.response.body.decode("utf-8", "replace"))


def over_http(cookie: str) -> Callable[[Request], Response]:
    """Make a network of real sockets; the cookie goes along where cookies may."""

    def send(request: Request) -> Response:
        url = urlsplit(request.url)
        connection = http.client.HTTPConnection(url.netloc, timeout=20)
        try:
            connection.putrequest(request.method, f"{url.path}?{url.query}", skip_accept_encoding=True)
            for name, value in [*request.headers, *([("Cookie", cookie)] if request.credentials else [])]:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(request.body or b"")))
            connection.endheaders(request.body)
            answer = connection.getresponse()
            return Response(answer.status, tuple(answer.getheaders()), body=answer.read())
        except OSError as error:
            raise ConnectionFailed(str(error)) from error
        finally:
            connection.close()

    return send

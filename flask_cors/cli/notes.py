"""The notes of ``flask cors explain``: what CORS does not decide, and the page will meet all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .. import browser as fetch
from ..origins import AllowedOrigins
from .case import Case, Note, host_of, is_cross_site, is_loopback, is_private
from .writing import Fix

# What a page has no use for, or may never see.
_DULL = {"allow", "connection", "date", "keep-alive", "server", "set-cookie", "transfer-encoding", "vary"}


def what_was_assumed(case: Case) -> Iterator[Note]:
    """Name what no message tells."""
    for text in case.question.assumed:
        yield Note(id="assumed", text=text)


def nothing_was_sent(case: Case) -> Iterator[Note]:
    """Say that the app has responded in this process, and no server."""
    if case.live_outcome or not case.app_outcome or not case.app_outcome.allowed:
        return
    text = "Nothing was sent: the app responded in this process. Add --live to call the server at this URL."
    message = case.question.message
    if message is not None:
        text = (
            f"The browser was blocked ({message.cause}), and the app here is not the cause: an older version of it, "
            "another program or a proxy responded. Restart the server, and add --live to call it."
        )
        text += " If the page sends another method, add --method." if case.question.assumed else ""
    yield Note(id="nothing-was-sent", text=text)


def app_and_server_differ(case: Case) -> Iterator[Note]:
    """Say where the server allows what the app here blocks."""
    if case.live_outcome and case.app_outcome and case.live_outcome.allowed and not case.app_outcome.allowed:
        text = "The app here blocks this call: the server runs with other code, or other options."
        yield Note(id="app-and-server-differ", text=text)


def browser_keeps_headers(case: Case) -> Iterator[Note]:
    """Name headers that no page can set."""
    for name, value in case.question.headers:
        if fetch.is_forbidden_header(name, value):
            yield Note(id="forbidden-header", text=f"Browsers set {name} themselves, and drop what a page sets.")


def same_origin(case: Case) -> Iterator[Note]:
    """Say where CORS plays no part."""
    if case.outcome and case.outcome.allowed and case.outcome.step.startswith("#main-fetch"):
        yield Note(id="same-origin", text="The page and the URL have the same origin, so CORS plays no part.")


def browsers_differ(case: Case) -> Iterator[Note]:
    """Say where today's browsers leave the standard."""
    if case.outcome and case.outcome.allowed and case.outcome.reason:
        yield Note(id="browsers-differ", text=case.outcome.reason)


def status_is_an_error(case: Case) -> Iterator[Note]:
    """Say where the page can read the response, and that is an error."""
    if not case.outcome or not case.outcome.response or case.outcome.response.status < 400:
        return
    status = case.outcome.response.status
    text = f"The status is {status}; the page can read that."
    if case.site and case.route and case.route.endpoint is None:
        text = f"The app has no route for this URL, so the status is {status}."
    elif case.site and status == 405:
        methods = ", ".join(sorted(case.site.methods_at(case.question.url)))
        text = f"The route has no view for {case.question.method}, only for {methods}, so the status is 405."
    yield Note(id="status", text=text)


def origins_are_corrected(case: Case) -> Iterator[Note]:
    """Say where an entry of ``origins`` allows the page although it is not written as an origin."""
    if not case.outcome or not case.outcome.allowed or case.site is None or case.cover is None:
        return
    origins, origin = case.cover.policy.origins, case.question.origin
    for entry in origins.entries:
        found = AllowedOrigins.parse([entry])
        if found.warnings and origin in found.exact and entry != origin:
            writer = case.writer()
            kept = [origin if one == entry else one for one in origins.entries]
            writer.change(case.cover, {"origins": tuple(kept)})
            yield Note(id="origin-corrected", text=f"{' '.join(found.warnings)}.", fix=writer.fix())


def hidden_headers(case: Case) -> Iterator[Note]:
    """Name the headers that the page cannot read, and might want to."""
    names = hidden(case.outcome) if case.outcome and case.outcome.allowed else []
    if not names:
        return
    text = f"Hidden from the page: {', '.join(names)}."
    if case.site is None or case.cover is None:
        expose = f"{fetch.EXPOSE_HEADERS}: {', '.join(names)}"
        yield Note(id="hidden-headers", text=text, fix=Fix(text="To expose them, send:", headers=(expose,)))
        return
    writer = case.writer()
    listed = [name for name in case.cover.policy.expose_headers if name != "*"]
    writer.change(case.cover, {"expose_headers": (*listed, *names)})
    yield Note(id="hidden-headers", text=text, fix=writer.fix("To expose what the page needs of them:"))


def hidden(outcome: fetch.Outcome) -> list[str]:
    """Return the names of the headers of the response that the page cannot read."""
    read = outcome.response or fetch.Response(0)
    seen = {name.lower() for name, _ in read.headers} | _DULL
    names = (name for name, _ in outcome.exchanges[-1].response.headers)
    return list(
        dict.fromkeys(name for name in names if not name.lower().startswith("access-") and name.lower() not in seen)
    )


def cookies_do_not_travel(case: Case) -> Iterator[Note]:
    """Find cookies that a browser does not send back to another site."""
    question, outcome = case.question, case.outcome
    if not outcome or not outcome.allowed or not question.credentials:
        return
    lost = [name for name in _lost_cookies(outcome) if is_cross_site(question.origin, question.url)]
    if not lost:
        return
    text = (
        f"The cookie {', '.join(lost)} will not come back: from another site, browsers send only cookies with "
        "SameSite=None; Secure. Where third-party cookies are blocked, it needs Partitioned as well."
    )
    fix = Fix(text='Set it with samesite="None", secure=True, and serve the app over https.')
    if case.site and case.site.app.config["SESSION_COOKIE_NAME"] in lost:
        writer = case.writer()
        writer.add_config({"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True})
        fix = writer.fix("Serve the app over https, and write:")
    yield Note(id="cookie-lost", text=text, fix=fix)


def _lost_cookies(outcome: fetch.Outcome) -> Iterator[str]:
    for exchange in outcome.exchanges:
        for value in fetch.get_all(exchange.response.headers, "Set-Cookie"):
            attributes = {part.strip().lower() for part in value.split(";")}
            if not attributes >= {"samesite=none", "secure"}:
                yield value.partition("=")[0]


def public_page_calls_private_address(case: Case) -> Iterator[Note]:
    """Say that a browser prompts its user first."""
    page, target = host_of(case.question.origin), host_of(case.question.url)
    is_named = not case.question.is_path and case.question.origin != "null"
    if is_named and not is_private(page) and "." in page and is_private(target):
        where = "this computer" if is_loopback(target) else "the local network"
        text = f"A public page calls {where}: Chromium prompts the user for permission first (local network access)."
        yield Note(id="local-network", text=text)


def page_may_mean_other_host(case: Case) -> Iterator[Note]:
    """Say what the browser makes of a URL without ``http://``, and what comes next."""
    if case.question.is_schemeless and case.app_outcome:
        result = "is allowed." if case.app_outcome.allowed else f"is still blocked: {case.app_outcome.reason}"
        yield Note(id="with-scheme", text=f"With http://, the call {result}")


NOTES: tuple[Callable[[Case], Iterator[Note]], ...] = (
    what_was_assumed,
    nothing_was_sent,
    app_and_server_differ,
    page_may_mean_other_host,
    same_origin,
    browsers_differ,
    browser_keeps_headers,
    status_is_an_error,
    origins_are_corrected,
    hidden_headers,
    cookies_do_not_travel,
    public_page_calls_private_address,
)


def find_notes(case: Case) -> list[Note]:
    """Return all notes that apply."""
    return [note for find in NOTES for note in find(case)]

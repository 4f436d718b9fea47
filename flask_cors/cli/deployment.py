"""Causes outside of the app: what a server, a proxy or a cache does, as ``--live`` shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import browser as fetch
from ..origins import AllowedOrigins
from ..policy import Policy
from .case import Case, Cause
from .needs import Changes, Wanted, changes_for
from .writing import Fix, call_line

_PREFLIGHT = "#cors-preflight-fetch-0"


def _live(case: Case) -> tuple[fetch.Exchange, str] | None:
    """Return the last exchange with a server that blocks the page, and the name of the server."""
    if case.live_outcome is None or case.live_outcome.allowed or not case.live_outcome.exchanges:
        return None
    last = case.live_outcome.exchanges[-1]
    return last, fetch.get_header(last.response.headers, "Server") or ""


def server_is_not_reached(case: Case) -> Cause | None:
    """Find a connection that fails, or a server that does not respond in time."""
    outcome = case.live_outcome
    if outcome is None or outcome.allowed or not outcome.step.startswith("#http-network-fetch"):
        return None
    if len(outcome.exchanges) and 300 <= outcome.exchanges[-1].response.status < 400:
        return None  # the redirect is the cause
    refused = "refused" in (outcome.reason or "").lower()
    text = f"{outcome.reason} CORS plays no part."
    words = "Start the server, or write the port at which it listens into the page's URL."
    fix = Fix(text=words if refused else "Is the server running, and is this its URL?")
    return Cause(id="connection-refused" if refused else "no-response", text=text, fix=fix)


def other_program_responds(case: Case) -> Cause | None:
    """Find another program at the port: AirPlay of macOS at 5000."""
    found = _live(case)
    if found is None or "AirTunes" not in found[1]:
        return None
    text = "AirPlay of macOS listens at this port, and responds in place of the app."
    fix = Fix(text="Let the app listen at another port (flask run --port 5001), or turn AirPlay Receiver off.")
    return Cause(id="other-program", text=text, fix=fix)


_PROXY_ERRORS = {
    502: "The proxy {server} could not reach the app: it is not running, or not where proxy_pass points.",
    503: "The server {server} is busy, or being maintained; the app did not respond.",
    504: "The proxy {server} waited too long for the app.",
}


def proxy_responds(case: Case) -> Cause | None:
    """Find an error that a proxy made in place of the app: 502, 503, 504, and 413."""
    found = _live(case)
    if found is None or found[0].response.status not in (*_PROXY_ERRORS, 413):
        return None
    last, server = found
    status = last.response.status
    if status == 413:
        return _too_large(case, server)
    text = f"{status}: {_PROXY_ERRORS[status].format(server=server or '(without a name)')}"
    fix = Fix(text="Start the app and read its log; the policy is not the cause.")
    return Cause(id="proxy-error", text=f"{text} This response has no headers of the app.", fix=fix)


def _too_large(case: Case, server: str) -> Cause:
    limit = case.site.app.config.get("MAX_CONTENT_LENGTH") if case.site else None
    text = f"413: the request is too large for {server or 'the server'}, which responds in place of the app."
    code = "client_max_body_size 50m;" if "nginx" in server else ""
    words = "Raise the limit of the proxy:" if code else "Raise the limit of the server in front of the app."
    if limit is not None and not server.startswith("nginx"):
        words = f"The app has MAX_CONTENT_LENGTH = {limit}; raise it, or let the page send less."
    return Cause(id="too-large", text=text, fix=Fix(text=words, code=code))


def debugger_responds(case: Case) -> Cause | None:
    """Find the page of the debugger, which no function of the app sees."""
    found = _live(case)
    if found is None or found[0].response.status != 500:
        return None
    body = found[0].response.body
    if b"__debugger__" not in body and b"Werkzeug Debugger" not in body:
        text = f"500: the app failed ({found[1] or 'no name of a server'}), and this response has no headers."
        return None if case.site and case.cover else Cause(id="server-failed", text=text, fix=Fix(text=_READ_LOG))
    title = body.partition(b"<title>")[2].partition(b"</title>")[0].decode("utf-8", "replace").strip()
    text = f"The view raised an exception ({title[:200]}); the debugger's page has no headers."
    words = "Fix the view; its traceback is in the server's terminal."
    if case.site and case.cover and not case.site.is_installed:
        words += " With CORS(app, resources=[]), the page can read the traceback."
    return Cause(id="debugger", text=text, fix=Fix(text=words))


_READ_LOG = "Read the server's log for the exception, and fix that first."


def changed_on_the_way(case: Case) -> Cause | None:
    """Find what a proxy or a cache has changed, where the app itself allows the call."""
    found = _live(case)
    if found is None or case.app_outcome is None or not case.app_outcome.allowed:
        return None
    if 300 <= found[0].response.status < 400:
        return None  # the redirect is the cause
    last, server = found
    exchanges = case.app_outcome.exchanges
    mine = next((one for one in exchanges if one.kind == last.kind), exchanges[-1])
    text, words, code = _change(last, mine, server)
    begin = "The app here allows this call, and the server does not. "
    return Cause(id="changed-on-the-way", text=begin + text, fix=Fix(text=words, code=code), cover=case.cover)


def _change(last: fetch.Exchange, mine: fetch.Exchange, server: str) -> tuple[str, str, str]:
    """Say what differs, what to do, and the line for nginx."""
    is_nginx = "nginx" in server
    name = server or "the server in front of the app"
    values = fetch.get_all(last.response.headers, fetch.ALLOW_ORIGIN)
    granted = fetch.get_header(mine.response.headers, fetch.ALLOW_ORIGIN)
    if len(values) > 1 or any("," in value for value in values):
        text = f"Access-Control-Allow-Origin is there {max(2, len(values))} times: the app and {name} both add it."
        code = "proxy_hide_header Access-Control-Allow-Origin;" if is_nginx else ""
        return text, "Let only one of them add it: remove add_header Access-Control-... from the proxy.", code
    if last.kind == "preflight" and last.response.status != mine.response.status:
        text = f"{name} responds to OPTIONS itself, with {last.response.status}; the app responds with 200."
        words = "Let the proxy pass OPTIONS on to the app: remove what responds to it, and add no headers there."
        return text, words, "# remove: if ($request_method = OPTIONS) { return ...; }" if is_nginx else ""
    if values and values[0] not in ("*", granted):
        text = f"The response is for the origin {values[0]}: a cache keeps one response for all, and ignores Vary."
        return text, "Let the cache respect Vary: Origin, or do not cache these responses.", _nginx_cache(is_nginx)
    if values:
        return f"{name} has changed the headers of the app.", "Look for Access-Control- in its configuration.", ""
    return _dropped(last, name, is_nginx)


def _nginx_cache(is_nginx: bool) -> str:
    return "proxy_cache_key $scheme$proxy_host$request_uri$http_origin;" if is_nginx else ""


def _dropped(last: fetch.Exchange, name: str, is_nginx: bool) -> tuple[str, str, str]:
    vary = fetch.get_header(last.response.headers, "Vary") or ""
    if "origin" in vary.lower():
        text = f"{name} strips Origin from the request, or the server runs with other options than the app here."
        code = "proxy_set_header Origin $http_origin;" if is_nginx else ""
        return text, "Restart the server; let the proxy pass the header Origin on.", code
    text = (
        f"The response is not the app's: {last.response.status} without its headers. {name} removes them, or "
        "another program, or older code, is running there."
    )
    code = "# remove: proxy_hide_header Access-Control-Allow-Origin;" if is_nginx else ""
    return text, "Restart the server, and check that the URL leads to this app.", code


# -- A server of which nothing is known --------------------------------------------------------------------


def server_lacks(case: Case) -> Cause | None:
    """Find what a server has to send, where there is no app to look at."""
    found = _live(case)
    if found is None or case.site is not None or case.live_outcome is None:
        return None
    last, server = found
    if len(fetch.get_all(last.response.headers, fetch.ALLOW_ORIGIN)) > 1:
        words = "Two parts of the server add the header, a proxy and the app for instance: let one of them do it."
        code = "proxy_hide_header Access-Control-Allow-Origin;" if "nginx" in server else ""
        return Cause(id="doubled-header", text=str(case.live_outcome.reason), fix=Fix(text=words, code=code))
    policy = observed(case.live_outcome, case.wanted)
    missing = changes_for(policy, case.wanted, case.question.spelling)
    # Where a server lists no method, a policy for Flask need not either: by default it lists the usual ones.
    relaxed = policy._replace(methods=policy.methods or None)
    options = {**_given(policy, case.wanted), **changes_for(relaxed, case.wanted, case.question.spelling)}
    words = "Respond to OPTIONS with 200, before any login and without a redirect; send:"
    words = words if case.live_outcome.step == f"{_PREFLIGHT} step 7" else "The server has to send:"
    text = f"{case.live_outcome.reason} {_describe(last, server)}"
    fix = Fix(text=words, headers=_wire(missing, case.wanted), code=call_line(options))
    return Cause(id="server-lacks", text=text, fix=fix)


def _describe(last: fetch.Exchange, server: str) -> str:
    by = f" by {server}" if server else ""
    hint = {404: "; is the path right?", 405: "; is the method right?"}.get(last.response.status, "")
    return f"The response to {last.request.method} is {last.response.status}{by}{hint}."


def observed(outcome: fetch.Outcome, wanted: Wanted) -> Policy:
    """Return the policy that the last responses speak of; with credentials, ``*`` is no more than a name."""
    response = outcome.exchanges[-1].response
    preflights = [exchange.response for exchange in outcome.exchanges if exchange.kind == "preflight"]
    permission = [response, *preflights][-1]
    allowed = fetch.get_header(response.headers, fetch.ALLOW_ORIGIN)
    return Policy(
        origins=AllowedOrigins.parse([allowed] if allowed in ("*", wanted.origin) else []),
        methods=_names(permission, fetch.ALLOW_METHODS, wanted),
        headers=_names(permission, fetch.ALLOW_HEADERS, wanted),
        supports_credentials=fetch.get_header(response.headers, fetch.ALLOW_CREDENTIALS) == "true",
    )


def _names(response: fetch.Response, name: str, wanted: Wanted) -> tuple[str, ...]:
    try:
        names = fetch.extract_list(response.headers, name) or []
    except ValueError:
        names = []
    return tuple(name for name in names if not (name == "*" and wanted.credentials))


def _given(policy: Policy, wanted: Wanted) -> dict[str, Any]:
    origins = () if policy.origins.any_origin else policy.origins.entries
    credentials = policy.supports_credentials and bool(origins or wanted.credentials)
    options = {"origins": origins, "methods": policy.methods, "headers": policy.headers}
    return {name: value for name, value in {**options, "supports_credentials": credentials}.items() if value}


def _wire(changes: Changes, wanted: Wanted) -> tuple[str, ...]:
    values = {
        fetch.ALLOW_ORIGIN: wanted.origin if "origins" in changes else "",
        fetch.ALLOW_METHODS: ", ".join(changes.get("methods", ())),
        fetch.ALLOW_HEADERS: ", ".join(changes.get("headers", ())),
        fetch.ALLOW_CREDENTIALS: "true" if "supports_credentials" in changes else "",
    }
    return tuple(f"{name}: {value}" for name, value in values.items() if value)


DEPLOYMENT_CAUSES: tuple[Callable[[Case], Cause | None], ...] = (
    server_is_not_reached,
    other_program_responds,
    proxy_responds,
    debugger_responds,
    changed_on_the_way,
    server_lacks,
)

"""One call of a page, and all that is known about how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

from .. import browser as fetch
from .._routes import Route
from .ask import AppNetwork, Evidence
from .needs import Wanted, allows, wanted_last
from .question import Question, assume, known_value
from .site import Cover, Place, Site
from .writing import Fix, Writer

_WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a call is blocked, or fails; *blocks* is false where the page can read the response all the same."""

    id: str
    text: str
    fix: Fix = field(default_factory=Fix)
    cover: Cover | None = None
    place: Place | None = None
    blocks: bool = True
    #: Of the standard; by default that of the outcome, and none where CORS plays no part.
    step: str | None = None


@dataclass(frozen=True, kw_only=True)
class Note:
    """What CORS does not decide, and the page will meet."""

    id: str
    text: str
    fix: Fix = field(default_factory=Fix)


@dataclass(frozen=True)
class LoadFailure:
    """Why the app cannot be loaded."""

    error: BaseException
    place: Place | None
    line: str = ""


@dataclass
class Case:
    """A question, what the app responded in this process, and what the server did over the network."""

    question: Question
    site: Site | None = None
    failure: LoadFailure | None = None
    app_outcome: fetch.Outcome | None = None
    live_outcome: fetch.Outcome | None = None
    evidence: Sequence[Evidence] = ()

    @property
    def outcome(self) -> fetch.Outcome | None:
        """What decides: the network, if requests were sent there."""
        return self.live_outcome or self.app_outcome

    @property
    def is_blocked(self) -> bool:
        """Whether the browser blocks the call, as far as it was made."""
        return self.outcome is not None and not self.outcome.allowed

    @property
    def last(self) -> fetch.Exchange | None:
        """The last request that was sent, and its response."""
        return self.outcome.exchanges[-1] if self.outcome and self.outcome.exchanges else None

    @property
    def seen(self) -> Evidence:
        """What was seen in the app during the last request."""
        return self.evidence[-1] if self.evidence else Evidence()

    @cached_property
    def wanted(self) -> Wanted:
        """What the page wanted when it was blocked."""
        if self.outcome and self.outcome.exchanges:
            return wanted_last(self.outcome, self.question.credentials)
        names = tuple(fetch.unsafe_header_names(self.question.headers))
        return Wanted(self.question.origin, self.question.method, names, self.question.credentials)

    @cached_property
    def route(self) -> Route | None:
        """Where the last request leads."""
        url = self.last.request.url if self.last else self.question.url
        return self.site.route(url, self.wanted.method) if self.site else None

    @cached_property
    def cover(self) -> Cover | None:
        """What decides for that route."""
        return self.site.cover(self.route) if self.site and self.route else None

    def writer(self) -> Writer:
        """Return what writes changes of the program."""
        return Writer(cast(Site, self.site))


def call(question: Question, network: Callable[[fetch.Request], fetch.Response]) -> fetch.Outcome:
    """Let a page make the call."""
    page = fetch.Browser(question.origin, network)
    mode: fetch.CredentialsMode = "include" if question.credentials else "same-origin"
    body = None if question.method in ("GET", "HEAD") else question.body
    return page.fetch(question.url, method=question.method, headers=question.headers, body=body, credentials=mode)


def call_app(question: Question, site: Site) -> tuple[fetch.Outcome, list[Evidence]]:
    """Let a page make the call, to the app in this process."""
    network = AppNetwork(site.app)
    return call(question, network), network.evidence


def absolute(question: Question, site: Site) -> Question:
    """Return a question with a whole URL."""
    config = site.app.config
    if not question.url.startswith("/"):
        return question
    root = str(config["APPLICATION_ROOT"]).rstrip("/")
    host = config["SERVER_NAME"] or "localhost"
    return replace(question, url=f"{config['PREFERRED_URL_SCHEME']}://{host}{root}{question.url}")


def complete(question: Question, site: Site | None) -> Question:
    """Fill in what a console message leaves out, by what the app has at this URL."""
    message = question.message
    if message is None:
        return question if question.method else replace(question, method="GET")
    names = {name.lower() for name, _ in question.headers}
    if not question.method:
        has_body = "content-type" in names or bool(message.preflight and not names)
        question = assume(question, method=_likely_method(_methods_at(question, site), has_body=has_body))
    needs_preflight = not fetch.is_safelisted_method(question.method) or fetch.unsafe_header_names(question.headers)
    if message.preflight and not needs_preflight:
        name = _likely_header(question, site)
        question = assume(question, headers=(*question.headers, (name, known_value(name))))
    return question


def _methods_at(question: Question, site: Site | None) -> set[str]:
    """Return the methods at the URL that can lead to the message: those whose responses have no header, if it says so.

    Otherwise those that a policy covers; all that have a view, where none does.
    """
    covers = (
        {method: site.cover(site.route(question.url, method)) for method in site.methods_at(question.url)}
        if site
        else {}
    )
    covered = {method for method, cover in covers.items() if cover}
    message = question.message
    if message and message.cause == "missing-allow-origin" and not message.preflight:
        simple = filter(fetch.is_safelisted_method, covers)
        denied = {method for method in simple if _denies(covers[method], question.origin)}
        return denied or covered or {*covers}
    return covered or {*covers}


def _denies(cover: Cover | None, origin: str) -> bool:
    return cover is None or not allows(cover.policy, origin)


def _likely_method(methods: set[str], *, has_body: bool) -> str:
    order = ("POST", "PUT", "PATCH", "GET", "DELETE") if has_body else ("GET", "POST", "PUT", "PATCH", "DELETE")
    return next((method for method in order if method in methods), order[0])


def _likely_header(question: Question, site: Site | None) -> str:
    """Return a header that the policy lists, since the page hardly sends another; else a usual one."""
    cover = site.cover(site.route(question.url, question.method)) if site else None
    listed = [name for name in (cover.policy.headers if cover else ()) if name != "*"]
    usual = "Content-Type" if question.method in _WITH_BODY else "Authorization"
    return usual if not listed or usual in listed else listed[0]


# -- Hosts -------------------------------------------------------------------------------------------------


def host_of(url: str) -> str:
    """Return the host of a URL or an origin."""
    return urlsplit(url).hostname or ""


def is_loopback(host: str) -> bool:
    """Whether a host is this computer."""
    return host == "localhost" or host.endswith(".localhost") or _is_address(host, "is_loopback")


def is_private(host: str) -> bool:
    """Whether a host is this computer, or in the local network."""
    return is_loopback(host) or host.endswith((".local", ".lan", ".internal")) or _is_address(host, "is_private")


def _is_address(host: str, kind: str) -> bool:
    try:
        return bool(getattr(ip_address(host), kind))
    except ValueError:
        return False


def is_cross_site(origin: str, url: str) -> bool:
    """Whether a page and a URL belong to different sites, so that cookies need ``SameSite=None``."""
    page, target = host_of(origin), host_of(url)
    if urlsplit(origin).scheme != urlsplit(url).scheme:
        return True
    if any(_is_address(host, "version") for host in (page, target)):
        return page != target
    return page.split(".")[-2:] != target.split(".")[-2:]

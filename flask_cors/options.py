"""Options: the names, what each may be given as, and how they become a :class:`~flask_cors.policy.Policy`.

Each option is defined once, here: ``CORS`` and ``cross_origin`` take them as keywords, the app's config as
``CORS_`` and the name in capitals, an entry of ``resources`` as a dict. Weakest first: default, app config,
keyword, resource entry (:func:`fold`). What is given is parsed once, at set-up; a request meets only policies.

Everything is judged as early as it can be: a value as soon as it is given, a combination as soon as all its
parts are known. Names that do not exist raise ``TypeError``, values that cannot be raise ``ValueError``; both say
what was given, the rule, and what to write instead, all mistakes in one message.

Pure: no Flask; a config is any mapping.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from inspect import currentframe
from itertools import takewhile
from traceback import walk_stack
from typing import Any, TypedDict

from .origins import OriginRule, Origins, compile_pattern
from .policy import Policy, is_token
from .resources import EVERYTHING, Resources


class CORSWarning(UserWarning):
    """A setting works, but hardly as meant: an origin that was corrected, that can never match, or is risky."""


class Options(TypedDict, total=False):
    r"""The options that :class:`~flask_cors.CORS` and :func:`~flask_cors.cross_origin` share, all keyword-only.

    ``None`` means "not given"; ``False``, ``0`` and an empty list are answers. A string that stands for a list
    may be separated by commas. Lists are sent sorted. Two names more are taken for the sake of programs written
    for later Flask-Cors releases.

    .. attribute:: origins

        Who may read: the origins, scheme and host and port, whose pages get to see the answers.

        A string is compared whole (``"https://app.example"``), is ``"*"`` for everyone, or has one of two wildcards:
        ``"https://*.example.com"`` is every subdomain at any depth, though not ``example.com`` itself, and
        ``"http://localhost:*"`` is every port. A compiled :class:`re.Pattern` must match the whole origin, and so
        must a string that begins with ``^``. A function is called with the origin, at most once a request and only
        if there is one, and returns a bool. Any of these may be mixed in an iterable. An empty one lets nobody in.

        Default: ``"*"``

        Header: ``Access-Control-Allow-Origin``, and ``Vary``

        Example: ``origins=["https://app.example", "https://*.app.example"]``

        Danger: a pattern that is too wide, such as ``re.compile(r"https://.*example\.com")``, lets in
        ``https://evil-example.com``. Prefer strings.

    .. attribute:: methods

        The methods that a page may use, beyond those that need no permission (``GET``, ``HEAD``, ``POST``).

        Upper-cased, as Flask does for routes. ``"*"`` is every method.

        Default: none; then answers to ``OPTIONS`` list ``DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT``

        Header: ``Access-Control-Allow-Methods``

        Example: ``methods=["GET", "PUT"]``

        Danger: the list tells browsers what to send; it does not stop anyone from sending. Routes decide that.

    .. attribute:: headers

        The request headers that a page may set, beyond those that need no permission.

        ``Content-Type`` belongs here if pages send JSON. ``"*"`` is every header except ``Authorization``; together
        with ``supports_credentials``, where browsers take ``*`` for a name, the headers asked for are repeated.

        Default: none

        Header: ``Access-Control-Allow-Headers``

        Example: ``headers="Content-Type, X-Token"``

        Danger: ``"*"`` also allows headers that a proxy in front of you may trust.

    .. attribute:: expose_headers

        The response headers that a page may read, beyond the few that are always readable.

        Default: none

        Header: ``Access-Control-Expose-Headers``

        Example: ``expose_headers=["X-Total-Count", "ETag"]``

        Danger: with ``supports_credentials``, browsers take ``"*"`` for a name, and it exposes nothing.

    .. attribute:: supports_credentials

        Whether pages may send cookies and HTTP authentication along, and read what comes back.

        Default: ``False``

        Header: ``Access-Control-Allow-Credentials``

        Example: ``supports_credentials=True, origins="https://app.example"``

        Danger: every listed origin can act as the logged-in user. So it cannot be combined with ``origins="*"``, in
        any spelling of "everyone": that raises ``ValueError``. Add protection against forged requests (CSRF).

    .. attribute:: max_age

        How long, in seconds, a browser may remember the answer to a preflight: a ``timedelta``, an int, or digits.

        Browsers have limits of their own: Chromium two hours, Firefox a day. ``0`` switches the memory off.

        Default: none; browsers then remember for five seconds

        Header: ``Access-Control-Max-Age``

        Example: ``max_age=timedelta(minutes=10)``

        Danger: for that long, a browser does not notice that you have withdrawn a permission.

    .. attribute:: send_wildcard

        With ``origins="*"``: whether to answer ``*`` rather than to name the origin that asks.

        Default: ``True``

        Header: ``Access-Control-Allow-Origin``, and ``Vary``

        Example: ``send_wildcard=False``

        Danger: ``False`` makes every answer depend on the origin, so that shared caches keep one copy for each.

    .. attribute:: always_send

        Whether answers to requests without ``Origin`` carry the headers too, where they are the same for everyone.

        Default: ``True``

        Header: all of them

        Example: ``always_send=False``

        Danger: with ``False`` and ``origins="*"``, answers differ by ``Origin``, so they say ``Vary: Origin``.

    .. attribute:: automatic_options

        Whether to answer ``OPTIONS`` for the view. ``False`` leaves that to Flask, or to a view that declares it.

        Default: ``True``

        Header: all of them, on preflights

        Example: ``automatic_options=False``

        Danger: with ``False``, a login in ``before_request`` meets the preflights too, and may refuse them.

    .. attribute:: vary_header

        Whether to add ``Vary: Origin`` where the answer depends on the origin. ``False`` never touches ``Vary``.

        Default: ``True``

        Header: ``Vary``

        Example: ``vary_header=False``

        Danger: with ``False``, a shared cache can give one origin's answer to another; set ``Vary`` yourself then.
    """

    origins: OriginRule | Iterable[OriginRule] | None
    methods: str | Iterable[str] | None
    headers: str | Iterable[str] | None
    expose_headers: str | Iterable[str] | None
    supports_credentials: bool | None
    max_age: timedelta | int | str | None
    send_wildcard: bool | None
    always_send: bool | None
    automatic_options: bool | None
    vary_header: bool | None
    allow_headers: str | Iterable[str] | None
    intercept_exceptions: bool | None


class CORSOptions(Options, total=False):
    """What :class:`~flask_cors.CORS` takes: the options of :class:`Options`, and the paths that they are for.

    .. attribute:: resources

        The paths that the policy covers, as regular expressions.

        Each is matched, case-sensitively, from the start of the decoded path that Flask itself routes on. A dict gives
        each pattern options of its own, which override those beside ``resources``. ``"*"`` is every path. Of several
        patterns that match, the one with the longest literal beginning wins, then the longer, then the earlier. On a
        path of more than 4,096 characters, none is tried, and nobody is let in.

        Default: every path

        Header: none; it decides which answers carry any

        Example: ``resources={r"/api/": {"origins": "https://app.example"}, r"/public/": {}}``

        Danger: a pattern matches all that begins like it: ``r"/api"`` covers ``/api-internal``. Write ``r"/api/"``.
    """

    resources: str | re.Pattern[str] | Mapping[Any, Options | None] | Iterable[str | re.Pattern[str]] | None


NAMES = frozenset(Options.__annotations__)
RESOURCES = "resources"
_ALIASES = {"allow_headers": "headers"}
_JUDGED = {"origins", "supports_credentials"}
_LONGEST_SHOWN = 300
_MARKS = "!#$%&'*+-.^_`|~"

Label = Callable[[str], str]  # an option's name to the way in which the user spelt it
Entry = tuple[re.Pattern[str], Mapping[str, Any]]  # of `resources`: a pattern, and the options for it


EVERY_PATH: tuple[Entry, ...] = ((EVERYTHING, {}),)


class Given(dict[str, Any]):
    """What one ``CORS``, one ``@cross_origin`` or one app's config says: option names to parsed values."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none, since its equality is another one
        return id(self)


def by_keyword(options: Mapping[str, Any], caller: str, *more: str) -> Given:
    """Parse keywords: the names of ``Options``, and *more*.

    :raises TypeError: for other names.
    :raises ValueError: for values that break a rule.
    """
    _check_names(options, NAMES.union(more), caller)
    return _parse_all(options, str)


def by_config(config: Mapping[str, Any], *more: str) -> Given:
    """Parse the ``CORS_*`` keys of an app's config.

    :raises ValueError: for values that break a rule.
    """
    return _parse_all({name: config.get(_key(name)) for name in sorted(NAMES.union(more))}, _key)


def resources_of(given: Given, config: Given | None = None) -> Resources:
    """The resources and policies that *given* makes, in an app with this *config*, or before the config is known.

    This is where precedence is settled. A combination of origins and credentials is judged once: at set-up where
    the config cannot change it any more, else when the config is known.

    :raises ValueError: for credentials granted to everyone.
    """
    rules: list[tuple[re.Pattern[str], Policy]] = []
    judged: list[Policy] = []
    merged = {RESOURCES: EVERY_PATH, **(config or {}), **given}
    for pattern, own in merged.pop(RESOURCES):
        rules.append((pattern, Policy(**{**merged, **own})))
        settled = {*given, *own} >= _JUDGED and (RESOURCES in given or own.keys().isdisjoint(_JUDGED))
        if settled is (config is None):
            judged.append(rules[-1][1])
    _check([mistake for policy in judged for mistake in _contradictions(policy)])
    warn(risk for policy in judged for risk in _risks(policy))
    return Resources(rules)


def _key(name: str) -> str:
    return f"CORS_{name.upper()}"


def _parse_all(options: Mapping[str, Any], label: Label) -> Given:
    mistakes: list[str] = []
    given = Given(_parse({name: value for name, value in options.items() if name != RESOURCES}, label, mistakes))
    if options.get(RESOURCES) is not None:
        given[RESOURCES] = tuple(_entries(options[RESOURCES], label(RESOURCES), mistakes))
    _check(mistakes)
    layers = (given, *(own for _, own in given.get(RESOURCES, ())))
    warn(remark for layer in layers if "origins" in layer for remark in layer["origins"].remarks)
    return given


def _parse(options: Mapping[str, Any], label: Label, mistakes: list[str]) -> dict[str, Any]:
    """Parse the values of one layer; what is wrong goes to *mistakes*, what is ``None`` was not given."""
    present = {name: value for name, value in options.items() if value is not None}
    if present.keys() >= {"headers", "allow_headers"}:
        mistakes.append(f"{label('allow_headers')} is another name of {label('headers')}: give only one of them")
    parsed: dict[str, Any] = {}
    for name, value in present.items():
        try:
            parsed[_ALIASES.get(name, name)] = _PARSERS[name](value)
        except ValueError as rule:
            mistakes.append(f"{label(name)}={_show(value)} {rule}")
    parsed.pop("intercept_exceptions", None)
    return parsed


def _entries(value: Any, where: str, mistakes: list[str]) -> Iterator[Entry]:
    """Take ``resources`` apart, in any of its forms."""
    if isinstance(value, (str, re.Pattern)):
        value = [value]
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        mistakes.append(
            f"{where}={_show(value)} must be a pattern, patterns, or a dict of patterns to options: r'/api/'"
        )
        return
    for pattern, own in value.items() if isinstance(value, Mapping) else ((pattern, {}) for pattern in value):
        yield from _entry(pattern, {} if own is None else own, f"{where}[{pattern!r}]", mistakes)


def _entry(pattern: Any, own: Any, where: str, mistakes: list[str]) -> Iterator[Entry]:
    if not isinstance(own, Mapping):
        mistakes.append(f"{where}={_show(own)} must be a dict of options; write for example {{'origins': '*'}}")
        return
    _check_names(own, NAMES, where)
    options = _parse(own, lambda name: f"{where}[{name!r}]", mistakes)
    try:
        yield _path_pattern(pattern), options
    except ValueError as rule:
        mistakes.append(f"{where}: {rule}")


def _path_pattern(pattern: Any) -> re.Pattern[str]:
    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
        return pattern
    if isinstance(pattern, str) and pattern:
        return EVERYTHING if pattern == "*" else compile_pattern(pattern)
    raise ValueError(
        "a pattern is a text that is not empty, or a compiled re.Pattern of text; write '*' for every path"
    )


def _check_names(given: Iterable[str], known: frozenset[str], where: str) -> None:
    if unknown := [name for name in given if name not in known]:
        raise TypeError(f"{where}: {'; '.join(_unknown(str(name), sorted(known)) for name in unknown)}")


def _unknown(name: str, known: list[str]) -> str:
    near = nearest(name, known, 0.5)
    return f"{name!r} is not an option here; " + (f"did you mean {near!r}?" if near else f"write {', '.join(known)}")


def nearest(word: str, known: Iterable[str], likeness: float) -> str:
    """Which of the *known* words somebody may have meant, if one is as like as that; else the empty text."""
    import difflib  # takes as long to load as the rest of this package, and is needed for mistakes only

    return next(iter(difflib.get_close_matches(word, [*known], n=1, cutoff=likeness)), "")


def check_positional(given: tuple[object, ...], where: str, likely: str) -> None:
    """Refuse options without a name.

    :raises TypeError: showing the first, and how it may be written.
    """
    if given:
        raise TypeError(
            f"{where} takes its options by keyword; for {_show(given[0])}, write {likely}={_show(given[0])}"
        )


def _check(mistakes: list[str]) -> None:
    if mistakes:
        raise ValueError(mistakes[0] if len(mistakes) == 1 else "\n- ".join(("CORS options:", *mistakes)))


def _contradictions(policy: Policy) -> Iterator[str]:
    """What no policy may be: credentials for everyone. Fetch ``#cors-protocol-and-credentials``."""
    if policy.supports_credentials and policy.origins.anyone:
        written = policy.origins.written
        yield (
            f"origins={_show(written[0] if len(written) == 1 else written)} is everyone, which cannot be combined with "
            "supports_credentials=True; write the origins that you trust, as in origins='https://app.example', or "
            "leave supports_credentials out"
        )


def _risks(policy: Policy) -> Iterator[str]:
    """What a policy had better not be; each sentence is worth a :class:`CORSWarning`."""
    if policy.supports_credentials:
        yield from policy.origins.risks_with_credentials()


def misspelt(config: Iterable[object], given: Iterable[str]) -> Iterator[str]:
    """Sentences about config keys that look like an option's, for options that nobody has *given*."""
    keys = {_key(name): name for name in (*NAMES, RESOURCES)}
    texts = (key for key in config if isinstance(key, str))
    for key in sorted(key for key in texts if key.startswith("CORS_") and key not in keys):
        near = nearest(key, keys, 0.7)
        if near and near not in config and keys[near] not in given:
            yield f"config key {key!r} is not a setting, and has no effect; did you mean {near!r}?"


def warn(sentences: Iterable[str]) -> None:
    """Warn once of each, at the line of the program that calls this package."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_stack(currentframe())]
    inside = takewhile(lambda module: module.partition(".")[0] == __name__.partition(".")[0], modules)
    level = len(list(inside)) + 1
    for sentence in dict.fromkeys(sentences):
        warnings.warn(sentence, CORSWarning, stacklevel=level)


def _show(value: object) -> str:
    """*value* as the user may have written it, and never more than a few lines of it."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("must be a bool; write True or False (in an environment variable: true or false)")


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = filter(None, map(str.strip, value.split(",")))
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        raise ValueError("must be a string or an iterable of strings; write for example 'Content-Type, X-Token'")
    names = tuple(value)
    if wrong := [_show(name) for name in names if not isinstance(name, str) or not is_token(name)]:
        raise ValueError(f"holds {', '.join(wrong)}: write tokens, letters and digits and {_MARKS} only, as in X-Token")
    return tuple(sorted(set(names)))


def _methods(value: object) -> tuple[str, ...]:
    return tuple(sorted({name.upper() for name in _names(value)}))


def _seconds(value: object) -> int:
    """Fetch ``#http-access-control-max-age``: delta-seconds, so a whole number that is not negative."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 15:
        value = int(value)
    if isinstance(value, timedelta) and not value.microseconds:
        value = value // timedelta(seconds=1)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**14:
        return value
    raise ValueError(
        "must be a whole number of seconds, 0 or more: a timedelta, an int, or digits; write for example 600"
    )


_PARSERS: Mapping[str, Callable[[Any], object]] = {
    **dict.fromkeys(("supports_credentials", "send_wildcard", "always_send", "automatic_options"), _flag),
    **dict.fromkeys(("vary_header", "intercept_exceptions"), _flag),
    **dict.fromkeys(("headers", "allow_headers", "expose_headers"), _names),
    "origins": Origins.parse,
    "methods": _methods,
    "max_age": _seconds,
}

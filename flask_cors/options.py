"""Options: their names, what each can be given as, and how they become a :class:`~flask_cors.policy.Policy`.

Each option is defined once, here. ``CORS`` and ``cross_origin`` take it as a keyword, the app's config as ``CORS_`` and
the name in capitals, an entry of ``resources`` in a dict. Weakest first: default, app config, keyword, resource entry
(:func:`build_resources`). What is given is parsed once, at set-up; requests only read policies.

Each mistake is reported as early as possible: a value where it is given, a combination where all of it is known. An
unknown name raises ``TypeError``, a wrong value ``ValueError``. Both show what was given, the rule, and what to write
instead. All wrong values of a call are in one message; names are checked before them, combinations after them.

Pure: no Flask; a config is any mapping.
"""

import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypedDict

from .origins import ANY_ORIGIN, AllowedOrigins, OriginRule, Pattern, compile_pattern
from .policy import Policy, Tokens, is_token
from .resources import ANY_PATH, Resources, Rule

Names = str | Iterable[str] | None
Flag = bool | None


class CORSWarning(UserWarning):
    """A setting is valid, but probably wrong: an origin that was corrected, that can never match, or is a risk."""


class Options(TypedDict, total=False):
    r"""The options that :class:`~flask_cors.CORS` and :func:`~flask_cors.cross_origin` share, all keyword-only.

    ``None`` means "not given", except for ``origins``; ``False``, ``0`` and an empty list are values like any other. A
    string that stands for a list can be separated by commas. Lists are sent sorted. Two names from later
    Flask-Cors releases are accepted too: ``allow_headers`` and ``intercept_exceptions``.

    .. attribute:: origins

        Who may read: the origins (scheme, host and port) whose pages may read the responses.

        A string is compared whole (``"https://app.example"``), is ``"*"`` for every origin, or has one of two
        wildcards: ``"https://*.example.com"`` is every subdomain at any depth, but not ``example.com`` itself, and
        ``"http://localhost:*"`` is every port. A compiled :class:`re.Pattern` must match the whole origin, and so must
        a string that begins with ``^``. A function is called with the origin, once a request and only if there is one,
        before the view and, if there is ``CORS(app)``, before the app's ``before_request`` functions; it returns a
        bool. Any of these can be mixed in an iterable. An empty one allows no origin. ``None`` allows no origin and
        gives a warning: an environment variable that is not set must not allow every origin.

        Default: ``"*"``

        Header: ``Access-Control-Allow-Origin``, and ``Vary``

        Example: ``origins=["https://app.example", "https://*.app.example"]``

        Danger: a pattern that is too wide, such as ``re.compile(r"https://.*example\.com")``, allows
        ``https://evil-example.com``. Prefer strings.

    .. attribute:: methods

        The methods that a page may use, beyond those that need no preflight (``GET``, ``HEAD``, ``POST``).

        They are upper-cased, as Flask does for routes. ``"*"`` is every method.

        Default: none; then responses to ``OPTIONS`` list ``DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY``

        Header: ``Access-Control-Allow-Methods``

        Example: ``methods=["GET", "PUT"]``

        Danger: the list tells browsers what they may send; it stops no other program. Routes decide that.

    .. attribute:: headers

        The request headers that a page may set, beyond those that need no preflight.

        ``Content-Type`` belongs here if pages send JSON. ``"*"`` is every header except ``Authorization``. Together
        with ``supports_credentials``, browsers read ``*`` as a name; then the requested header names are sent instead.

        Default: none

        Header: ``Access-Control-Allow-Headers``

        Example: ``headers="Content-Type, X-Token"``

        Danger: ``"*"`` also allows headers that a proxy in front of the app may trust.

    .. attribute:: expose_headers

        The response headers that a page may read, beyond the few that every page can read.

        Default: none

        Header: ``Access-Control-Expose-Headers``

        Example: ``expose_headers=["X-Total-Count", "ETag"]``

        Danger: with ``supports_credentials``, browsers read ``"*"`` as a name, and it exposes nothing.

    .. attribute:: supports_credentials

        Whether a page may send cookies and HTTP authentication, and read the response.

        Default: ``False``

        Header: ``Access-Control-Allow-Credentials``

        Example: ``supports_credentials=True, origins="https://app.example"``

        Danger: pages of every allowed origin can act as the logged-in user. So it cannot be combined with
        ``origins="*"`` or a pattern that allows every origin: that raises ``ValueError``. Protect the app against
        forged requests (CSRF) as well.

    .. attribute:: max_age

        How long, in seconds, a browser may cache the permission of a preflight: a ``timedelta``, an int, or digits.

        Browsers have limits of their own: Chromium two hours, Firefox a day, Safari ten minutes. ``0`` turns this cache
        off.

        Default: none; then browsers cache it for five seconds

        Header: ``Access-Control-Max-Age``

        Example: ``max_age=timedelta(minutes=10)``

        Danger: for that long, a browser does not notice that you have revoked a permission.

    .. attribute:: send_wildcard

        With ``origins="*"``: whether to send ``*`` instead of the origin of the request.

        Default: ``True``

        Header: ``Access-Control-Allow-Origin``, and ``Vary``

        Example: ``send_wildcard=False``

        Danger: with ``False``, each response depends on the origin, so that shared caches keep one copy for each.

    .. attribute:: always_send

        Whether responses to requests without ``Origin`` carry the headers too, if the policy allows every origin, or
        one exact origin alone.

        Default: ``True``

        Header: all of them

        Example: ``always_send=False``

        Danger: with ``False`` and ``origins="*"``, responses depend on ``Origin``, so they carry ``Vary: Origin``.

    .. attribute:: automatic_options

        Whether to respond to ``OPTIONS`` for the view. ``False`` leaves that to Flask, or to a view that declares it.

        Default: ``True``

        Header: all of them, on preflights

        Example: ``automatic_options=False``

        Danger: with ``False``, preflights pass through a login in ``before_request``, which may deny them.

    .. attribute:: vary_header

        Whether to add ``Vary: Origin`` where the response depends on the origin. ``False`` never changes ``Vary``.

        Default: ``True``

        Header: ``Vary``

        Example: ``vary_header=False``

        Danger: with ``False``, a shared cache can send the response for one origin to another; set ``Vary`` yourself.
    """

    origins: OriginRule | Iterable[OriginRule] | None
    methods: Names
    headers: Names
    expose_headers: Names
    supports_credentials: Flag
    max_age: timedelta | int | str | None
    send_wildcard: Flag
    always_send: Flag
    automatic_options: Flag
    vary_header: Flag
    allow_headers: Names
    intercept_exceptions: Flag


class CORSOptions(Options, total=False):
    """What :class:`~flask_cors.CORS` takes: the options of :class:`Options`, and the paths that they are for.

    .. attribute:: resources

        The paths that the policy covers, as regular expressions.

        Each is matched, case-sensitively, from the start of the decoded path that Flask itself routes on. A dict gives
        each pattern options of its own, which override the other keywords. In a string, a comma before a slash
        separates two patterns. ``"*"`` is every path. Of several patterns that match, the one with the longest literal
        prefix decides, then the longer, then the earlier. A path of more than 4,096 characters is not matched with
        patterns: if it begins with the literal prefix of one, no origin is allowed; otherwise only ``"*"`` covers it.

        Default: every path

        Header: none; it decides which responses carry any

        Example: ``resources={r"/api/": {"origins": "https://app.example"}, r"/public/": {}}``

        Danger: a pattern matches every path that begins like it: ``r"/api"`` covers ``/api-internal``. Write
        ``r"/api/"``.
    """

    resources: str | Pattern | Mapping[Any, Options | None] | Iterable[str | Pattern] | None


NAMES = frozenset(Options.__annotations__)
RESOURCES = "resources"
ALIASES = {"allow_headers": "headers"}

Values = Mapping[str, Any]  # by option name, as given or parsed
Parser = Callable[[Any], Any]  # from a value as given to a parsed one; it raises ValueError
Label = Callable[[Any], str]  # from an option's name to the way in which the user spelt it
Entry = tuple[Pattern, Values]  # of `resources`: a pattern, and the options for it


class ParsedOptions:
    """What one ``CORS``, one ``@cross_origin`` or one app's config was given: parsed values by option name.

    *location* is the file and the line of the program that gave them. *warned* holds the sentences that
    :func:`check_now` has warned of.

    :param label: how the user spelt an option, for messages.
    :raises TypeError: for other names in an entry of ``resources``.
    :raises ValueError: for values that break a rule, all in one message.
    """

    def __init__(self, options: Values, label: Label = str) -> None:
        self.location: tuple[str, int] = find_caller()[1:]
        self.warned: set[str] = set()
        try:
            self.values: dict[str, Any] = _parse_layer(options, label)
        except ValueError as error:
            raise _error(error.args) from None


def parse_keywords(options: Values, caller: str, *more: str, positional: Sequence[object] = ()) -> ParsedOptions:
    """Parse keywords: the names of ``Options``, and *more*.

    :raises TypeError: for other names, and for what is given by position.
    :raises ValueError: for values that break a rule.
    """
    if positional:
        from .cli.advice import option_without_name

        raise TypeError(option_without_name(positional[0], caller))
    _check_names(options, NAMES.union(more), caller)
    return ParsedOptions(options)


def parse_config(config: Values) -> ParsedOptions:
    """Parse the ``CORS_*`` keys of an app's config.

    :raises TypeError: for other names in an entry of ``CORS_RESOURCES``.
    :raises ValueError: for values that break a rule.
    """
    return ParsedOptions({name: config[key] for key, name in CONFIG_KEYS.items() if key in config}, config_key)


def build_resources(parsed: ParsedOptions, config: ParsedOptions | None = None) -> Resources:
    """Build the resources and policies of *parsed*, in an app with this *config*, or before a config is known.

    This is where precedence is decided. Whether credentials are allowed to every origin is checked on each final
    policy. Before the config is known, only policies are checked that no config can change.

    :raises ValueError: for credentials that are allowed to every origin.
    """
    merged = {RESOURCES: EVERY_PATH, **(config.values if config else {}), **parsed.values}
    mistakes = Mistakes()
    rules: list[Rule] = []
    for pattern, options in merged.pop(RESOURCES):
        policy = Policy(**(merged | options))
        rules.append((pattern, policy))
        is_final = config or policy.origins is not ANY_ORIGIN  # the default, which a config can change
        if is_final and policy.supports_credentials and policy.origins.matches_any_origin:
            from .cli.advice import credentials_for_everyone

            mistakes.append(credentials_for_everyone(policy.origins, pattern))
    if mistakes:
        raise _error(mistakes)
    return Resources(rules)


def config_key(name: str) -> str:
    """Return the config key of an option."""
    return f"CORS_{name.upper()}"


class Mistakes(list[str]):
    """The mistakes of one call, collected, so that one error shows them all."""

    def collect(self, label: str, parse: Parser, value: Any) -> Any:
        """Return what *parse* returns; keep the mistakes that it raises, with the label before each."""
        try:
            return parse(value)
        except ValueError as error:
            self.extend(label + text for text in error.args)
        except TypeError as error:
            raise TypeError(f"{label}{error}") from None


def _parse_layer(options: Values, label: Label) -> dict[str, Any]:
    values: dict[str, Any] = {}
    mistakes = Mistakes()
    for name, value in options.items():
        if value is None and name != "origins":
            continue
        parsed = mistakes.collect(label(name), PARSERS[name], value)
        other = values.setdefault(ALIASES.get(name, name), parsed)
        if None not in (other, parsed) and other != parsed:
            mistakes.append(
                f"{label(name)}: headers and allow_headers are two names of one option; give only one of them"
            )
    if mistakes:
        raise ValueError(*mistakes)
    values.pop("intercept_exceptions", None)
    return values


def _parse_entry(options: Any) -> dict[str, Any]:
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise ValueError(
            f"={options!r:.300} must be a dict of options; for origins, write {{'origins': {options!r:.300}}}"
        )
    _check_names(options, NAMES, "")
    return _parse_layer(options, "[{!r}]".format)


def _parse_pattern(pattern: Any) -> Pattern:
    if pattern == "*":
        return ANY_PATH
    text = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
    if not isinstance(text, str) or not text:
        rule = "a pattern is a text, not empty, or a compiled re.Pattern of text; write '*' for every path, [] for none"
        raise ValueError(f": {rule}, and a dict of patterns without a list around it")
    if re.match(r"\s*[\[{]\s*[\"']", text):
        raise ValueError(f": {text!r:.300} is a list or a dict as text; write r'/api/, /public/', or json.loads(...)")
    return compile_pattern(pattern)


def _check_names(names: Iterable[Any], known: frozenset[str], where: str) -> None:
    if not known.issuperset(names):
        from .cli.advice import unknown_options

        raise TypeError(f"{where}: {unknown_options(names, known, where)}")


def _error(mistakes: Sequence[str]) -> ValueError:
    text = "\n- ".join(mistakes)
    if len(mistakes) > 1:
        text = f"CORS options:\n- {text}"
    return ValueError(text)


def check_now(parsed: ParsedOptions) -> None:
    """Raise mistakes, and warn of risks, that no config can change.

    :raises ValueError: for credentials that are allowed to every origin.
    """
    warn(policy_warnings(build_resources(parsed)), parsed.warned)


def policy_warnings(resources: Resources) -> Iterator[str]:
    """Say what can never match, was corrected, or is a risk because of credentials."""
    for _, policy in resources.rules:
        yield from policy.origins.warnings
        for name in (*policy.headers, *policy.expose_headers):
            if re.search(r"[\^$|]|.\*|\*.", name):
                yield f"{name!r} is sent as it is, since names of headers are not patterns; write each name, or '*'"
        if policy.supports_credentials:
            from .cli.advice import credential_risks

            yield from credential_risks(policy.origins)


def warn(sentences: Iterable[str], warned: set[str]) -> None:
    """Warn of each that is not in *warned*, at the line of the program that calls this package, and add it."""
    level, _, _ = find_caller()
    for sentence in sentences:
        if sentence not in warned:
            warnings.warn(sentence, CORSWarning, level)
            warned.add(sentence)


def find_caller() -> tuple[int, str, int]:
    """Return how far up the stack the program is that calls this package, and its file and line."""
    level, frame = 0, sys._getframe()
    while frame.f_back and f"{frame.f_globals.get('__name__')}.".startswith(f"{__package__}."):
        level, frame = level + 1, frame.f_back
    return level, frame.f_code.co_filename, frame.f_lineno


def parse_origins(value: object) -> AllowedOrigins:
    """Parse ``origins``. ``None`` allows no origin: an environment variable that is not set must not open an app."""
    origins = AllowedOrigins.parse(() if value is None else value)
    if isinstance(value, str | None) and not origins.entries:
        return origins._replace(warnings=(f"origins is {value!r}, {_ALLOWS_NO_ORIGIN}",))
    return origins


def parse_bool(value: object) -> bool:
    """Parse a bool."""
    if isinstance(value, bool):
        return value
    raise ValueError(
        f"={value!r:.300} must be a bool; write True or False (in a variable FLASK_CORS_...: true or false); "
        "for the text of another variable, write os.environ.get('NAME', '').lower() in ('1', 'true', 'yes', 'on')"
    )


def parse_tokens(value: object) -> Tokens:
    """Parse a list of methods or header names, sorted."""
    names = value
    if isinstance(value, str):
        names = filter(None, map(str.strip, value.split(",")))
    if not isinstance(names, Iterable) or isinstance(value, bytes):
        raise ValueError(
            f"={value!r:.300} must be a string or an iterable of strings; write for example 'Content-Type, X-Token', "
            "or for methods 'GET, PUT'"
        )
    names = [*names]
    wrong = [name for name in names if not isinstance(name, str) or not is_token(name)]
    if wrong:
        from .cli.advice import not_tokens

        raise ValueError(f"={value!r:.300} holds {wrong!r:.300}: {not_tokens(names)}")
    return tuple(sorted({*names}))


def parse_methods(value: object) -> Tokens:
    """Parse a list of methods, in upper case."""
    return tuple(sorted({name.upper() for name in parse_tokens(value)}))


def parse_seconds(value: object) -> int:
    """Parse a number of seconds. Fetch ``#http-access-control-max-age``: delta-seconds, a whole number from 0 on."""
    text = str(value)
    if isinstance(value, timedelta):
        text = str(value.total_seconds()).removesuffix(".0")
    if re.fullmatch("[0-9]{1,14}", text):
        return int(text)
    raise ValueError(
        f"={value!r:.300} must be a whole number of seconds, 0 or more: a timedelta, an int, or digits; "
        "write for example 600, and int(...) for a float"
    )


def parse_resources(value: Any) -> tuple[Entry, ...]:
    """Parse ``resources``, in any of its forms.

    :raises TypeError: for unknown names in an entry.
    """
    if isinstance(value, str):
        value = re.split(r"\s*(?<![\[(^:|\\]),\s*(?=\^?/)", value.strip(" ,"))  # not in a set or a group
    elif isinstance(value, re.Pattern):
        value = [value]
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        rule = "must be a pattern, patterns, or a dict of patterns to options: r'/api/'"
        raise ValueError(f"={value!r:.300} {rule}")
    given = value.items() if isinstance(value, Mapping) else [(pattern, None) for pattern in value]
    mistakes = Mistakes()
    entries: list[Entry] = []
    for pattern, options in given:
        label = f"[{pattern!r}]"
        if str(pattern) in PARSERS:
            mistakes.append(f"{label}: {pattern!r} is an option, not a path; write it beside resources")
            continue
        compiled = mistakes.collect(label, _parse_pattern, pattern)
        entries.append((compiled, mistakes.collect(label, _parse_entry, options)))
    if mistakes:
        raise ValueError(*mistakes)
    return tuple(entries)


_ALLOWS_NO_ORIGIN = (
    "which allows no origin (perhaps an environment variable is not set); write the origins that may "
    "read, as in origins='https://app.example', or origins='*' for every origin"
)
PARSERS: Mapping[str, Parser] = {
    "origins": parse_origins,
    "methods": parse_methods,
    "headers": parse_tokens,
    "allow_headers": parse_tokens,
    "expose_headers": parse_tokens,
    "supports_credentials": parse_bool,
    "max_age": parse_seconds,
    "send_wildcard": parse_bool,
    "always_send": parse_bool,
    "automatic_options": parse_bool,
    "vary_header": parse_bool,
    "intercept_exceptions": parse_bool,
    RESOURCES: parse_resources,
}
EVERY_PATH = parse_resources("*")
CONFIG_KEYS = {config_key(name): name for name in PARSERS}

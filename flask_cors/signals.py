"""The signal of this package, as Flask's own are."""

from blinker import NamedSignal, Namespace

#: Sent where a browser will not allow a page to read the response. The sender is the app; receivers get ``route``,
#: ``origin`` and ``reason``.
request_denied: NamedSignal = Namespace().signal("request-denied")

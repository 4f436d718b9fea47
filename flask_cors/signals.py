"""The signal of this package, as Flask's own are."""

from blinker import Namespace

#: Sent where a browser will not let a page read the response. The sender is the app; receivers get ``route``,
#: ``origin`` and ``reason``.
request_denied = Namespace().signal("request-denied")

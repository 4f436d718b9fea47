"""What stops a request before CORS applies, and what to do."""

#: By the cause of a console message.
BEFORE_CORS = {
    "mixed-content": ("The page is https and the URL is http: browsers block that, and CORS plays no part.", "http"),
    "content-security-policy": (
        "The page's own Content-Security-Policy forbids the request, and CORS plays no part.",
        "Add the origin of the URL to connect-src in the page's Content-Security-Policy.",
    ),
    "private-network": (
        (
            "A public page calls an address of this computer or of the local network. Browsers prompt the user "
            "for permission, and only for a page of https."
        ),
        "Serve the page from the same network, over https, and let the user allow it; or publish the API.",
    ),
    "connection-refused": (
        "Nothing listens at {site}: the connection was refused, and CORS plays no part.",
        "Start the server, or write the port at which it listens into the page's URL.",
    ),
    "host-not-found": ("The name of the host {site} is not known.", "Correct the host in the page's URL."),
    "tls-error": (
        "There is no secure connection to {site}: its certificate is wrong, or it does not speak https.",
        "Write http:// into the page's URL where the server speaks http (flask run does), or renew the certificate.",
    ),
    "unsafe-port": ("Browsers block this port.", "Let the server listen at another port, such as 5000."),
    "blocked-by-client": ("An extension of the browser blocks the request.", "Turn the ad blocker off for this page."),
    "resource-policy": (
        "The header Cross-Origin-Resource-Policy of the response keeps it from other sites.",
        "Send Cross-Origin-Resource-Policy: cross-origin, or load the resource with the attribute crossorigin.",
    ),
    "same-origin-only": (
        "This kind of request cannot leave the page's own origin, even if the server allows it.",
        'Load the script from the page\'s own server, or write mode: "cors" into the call.',
    ),
    "unsupported-scheme": (
        "The URL does not begin with http: or https:, and CORS exists only for these.",
        "Serve the page and the resource over http, for example with python -m http.server, and write that URL.",
    ),
    "cors-disabled": ("CORS is turned off in this browser.", "Set content.cors.disable to false in about:config."),
}

#: No longer true once a server responds.
OF_CONNECTION = {"connection-refused", "host-not-found", "tls-error"}
# https://fetch.spec.whatwg.org/#bad-port, those above 1023; of those below, a web server has 80 and 443.
BAD_PORTS = {
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}  # fmt: skip

"""The CORS playground: see a real browser block a call, see why, fix it, see it allow.

``python examples/playground`` starts it. Two servers listen on this computer alone: one has the page, the other is a
small shop that the page calls. What the visitor types is data: a policy for the shop, and a call.

=============  ==========================================================================
``__main__``   the program: it starts both servers and ends them
``serving``    sockets at both loopback addresses, and the servers behind them
``addresses``  the origins that the ports make
``site``       the server of the page: its files, and what the page sends
``guards``     who may send what to it, and what its pages may load
``options``    the options that the page offers
``scenarios``  ten mistakes and their fixes, as data
``draft``      what the visitor has typed, checked: a policy and a call
``patterns``   the patterns that a visitor may type
``paste``      a line of Python, a console message or a copied request, read into the fields
``shop``       the app that gets the policy
``runs``       the shop as a server: an app for each policy, and all that crossed the wire
``program``    the text of the program that the policy would stand in
``replay``     the model of a browser makes the same call, with the recorded responses
``judge``      what ``flask cors explain`` says about that, and what to change
``steps``      the call step by step: a list, and the picture of the manual
``rehearsal``  a scenario without a browser
=============  ==========================================================================
"""

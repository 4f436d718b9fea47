"""The CORS playground: see a real browser block a call, see why, fix it, see it allow.

``python examples/playground`` starts it. Two servers listen on this computer alone: one has the page, the other is a
small shop that the page calls. What the visitor types is data: a policy for the shop, and a call.

==============  ========================================================================
``__main__``    the program: it starts both servers and ends them
``serving``     sockets, and the servers behind them
``addresses``   the origins that the ports make
``site``        the server of the page, and what its page sends
``guards``      who may send what to it
``draft``       what the visitor has typed, checked: a policy and a call
``patterns``    the patterns that a visitor may type
``shop``        the app that gets the policy
``runs``        the shop as a server: one app for each policy, and all that crossed the wire
``judge``       what the standard says about the recorded messages, and what to change
``steps``       the same as steps, for the list and the drawing
``paste``       a line of Python or a console message, read into the fields
``scenarios``   ten mistakes and their fixes, as data
==============  ========================================================================
"""

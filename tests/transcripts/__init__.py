"""Transcripts of ``http`` commands in the examples and the manual: found, replayed, compared and rewritten.

Sybil finds and runs the blocks of pages and the docstrings of examples. What no library knows is here: ``grammar``
says what a transcript is, ``pages`` which blocks a page may hold, ``calls`` makes HTTPie call an app, ``check``
compares, ``mutants`` proves that it finds each difference, and ``__main__`` writes the real responses into the files.
"""

"""Transcripts of ``http`` commands in the examples and the manual: found, replayed, compared and rewritten.

Sybil finds and runs the blocks of pages and the docstrings of examples. What no library knows is here.
"""

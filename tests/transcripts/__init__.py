"""Transcripts of ``http`` calls in the examples and the manual: found, replayed, compared and rewritten.

``grammar`` says what a transcript is, ``pages`` where a page of the manual keeps its code, ``calls`` makes
a documented call, ``servers`` runs the application that answers it, ``check`` compares the answer with the
documented one, ``rewrite`` writes a real answer into the file and ``mutants`` falsifies one detail at a time.
"""

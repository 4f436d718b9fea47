"""The rules of ``flask cors check``, by topic. ``check`` has the table of them."""

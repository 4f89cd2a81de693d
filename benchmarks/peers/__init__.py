"""Ours beside what people use today, on one FakeDiscord in one run: ``make bench-peers``.

Empty of imports: parts of it run in the environments of the peers, which have nothing but the standard library.
"""

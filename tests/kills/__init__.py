"""What a kill does, proved with real processes: at random moments under load, and at every step of the protocol.

``python -m tests.kills --kills 200 --seed 7`` · ``--signal TERM`` · ``--failpoints``
"""

"""A fleet in virtual time: the project's own pure cores under a modelled load, engine and Discord. Start at ``run.py``.

No sockets and no loop: ``fleet.py`` puts lanes, replicas and egress addresses together, ``events.py`` lets time pass.
"""

"""The playground: a page on this machine where rules are tried on events as one types.

``listener`` and ``service`` answer the browser. What a stranger may have written is
only read in a process of its own (``workers``, ``worker``), which has a deadline and a
limit of memory: ``answering`` is what that process does. ``page`` is what the browser
gets; ``examples`` is what the menu offers, made of what is in ``samples``.
"""

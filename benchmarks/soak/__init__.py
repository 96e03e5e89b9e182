"""The soak: ``rulec serve`` as it is started from the command line, under load and in trouble.

``python -m soak`` runs all of it and prints tables. Everything is looked at
from outside: there is a client that behaves as kube-apiserver does, a receiver that
takes alerts as falcosidekick does, and what should have arrived there is known from
the library.
"""

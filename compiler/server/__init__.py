"""The server: takes audit events over HTTP, keeps them safe, and matches them.

It needs the extra ``server``: ``pip install 'rulec[server]'``.
"""

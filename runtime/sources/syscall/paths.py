"""Paths, as the kernel would follow them if there were no links."""

from typing import Final

LIMIT: Final = 1023  # characters of a path
TOO_LONG: Final = "/DIR_TOO_LONG/FILENAME_TOO_LONG"
UNKNOWN: Final = "<UNKNOWN>"  # the directory that a descriptor nobody knows stands for
AT_FDCWD: Final = -100


def joined(base: str, path: str) -> str:
    """Return the absolute form of a path that is relative to a directory.

    >>> joined("/home/alice/", "../bob/./x/"), joined("/", "/a//b"), joined("<UNKNOWN>", "k")
    ('/home/bob/x', '/a/b', '<UNKNOWN>k')
    """
    if path.startswith("/"):
        whole = path
    elif base == UNKNOWN:
        return UNKNOWN + path
    else:
        whole = f"{base}/{path}"
    if len(whole) > LIMIT + 1 and len(path) + len(base) > LIMIT:
        return TOO_LONG
    if "//" not in whole and "/." not in whole and whole[-1] != "/":
        return whole
    found: list[str] = []
    for part in whole.split("/"):
        if part == "..":
            if found:
                found.pop()
        elif part and part != ".":
            found.append(part)
    return ("/" if whole.startswith("/") else "") + "/".join(found)


def directory(cwd: str) -> str:
    """Return a working directory with a slash at its end."""
    return cwd if cwd.endswith("/") else cwd + "/"

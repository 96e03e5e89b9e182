"""The fields of system calls about users and groups."""

from typing import Final

from rulec.runtime.sources.syscall.fields.declare import field

ACCOUNT_FIELDS: Final = (
    field("user.uid", "The number of the user whose rights the thread has.", "UINT32"),
    field("user.name", "The name of that user."),
    field("user.homedir", "The home directory of that user."),
    field("user.shell", "The login shell of that user."),
    field("user.loginuid", "The number of the user who logged in; -1 if nobody did.", "INT64"),
    field("user.loginname", "The name of the user who logged in."),
    field("group.gid", "The number of the group whose rights the thread has.", "UINT32"),
    field("group.name", "The name of that group."),
)

"""Every kind of event that a capture can hold, as it is recorded.

A kind is a line ``code id name category origin flags``; the lines below it have its
parameters, ``name:type``. Events with an even code say that a call begins, those with an odd
one that it is over. A parameter may say more of itself: ``:x`` and ``:o`` (its text is
hexadecimal or octal), ``=table`` (what its bits or values are called, see ``symbols``) and
``@n`` (a path that is relative to the directory whose descriptor is parameter n).

Codes keep their meaning for ever: where the parameters of a call change so that the old ones
no longer fit, it gets new codes, and the old ones are marked ``old``. Flags say what becomes of
descriptors (``creates``, ``uses``, ``destroys``, ``reads``, ``writes``), whether the call waits,
whether the event may be ``large`` (lengths of four bytes), and whether older shapes of it are
``managed``: brought into the present one (see ``upgrade_rules``).
"""

from typing import Final

EVENTS: Final = """
0 GENERIC_E syscall other syscall old,managed
    ID:syscallid nativeID:uint16
1 GENERIC_X syscall other syscall managed
    ID:syscallid nativeID:uint16
2 SYSCALL_OPEN_E open file syscall creates,managed
    name:fspath flags:flags32:x=file_flags mode:uint32:o
3 SYSCALL_OPEN_X open file syscall creates,managed
    fd:fd name:fspath flags:flags32:x=file_flags mode:uint32:o dev:uint32:x ino:uint64
4 SYSCALL_CLOSE_E close io_other syscall destroys,uses,old,managed
    fd:fd
5 SYSCALL_CLOSE_X close io_other syscall destroys,uses,managed
    res:errno fd:fd
6 SYSCALL_READ_E read io_read syscall uses,reads,old,managed
    fd:fd size:uint32
7 SYSCALL_READ_X read io_read syscall uses,reads,managed
    res:errno data:bytebuf fd:fd size:uint32
8 SYSCALL_WRITE_E write io_write syscall uses,writes,old,managed
    fd:fd size:uint32
9 SYSCALL_WRITE_X write io_write syscall uses,writes,managed
    res:errno data:bytebuf fd:fd size:uint32
10 SYSCALL_BRK_1_E brk memory syscall old,managed
    size:uint32
11 SYSCALL_BRK_1_X brk memory syscall old,managed
    res:uint64:x
12 SYSCALL_EXECVE_8_E execve process syscall old,managed
13 SYSCALL_EXECVE_8_X execve process syscall old,managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
14 SYSCALL_CLONE_11_E clone process syscall old
15 SYSCALL_CLONE_11_X clone process syscall old,managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    flags:flags32:x=clone_flags uid:uint32 gid:uint32
16 PROCEXIT_E procexit process tracepoint old,managed
18 SOCKET_SOCKET_E socket net syscall creates,old,managed
    domain:enumflags32=socket_families type:uint32 proto:uint32
19 SOCKET_SOCKET_X socket net syscall creates,managed
    fd:fd domain:enumflags32=socket_families type:uint32 proto:uint32
    flags:flags32:x=file_flags
20 SOCKET_BIND_E bind net syscall uses,old,managed
    fd:fd
21 SOCKET_BIND_X bind net syscall uses,managed
    res:errno addr:sockaddr fd:fd
22 SOCKET_CONNECT_E connect net syscall uses,managed
    fd:fd addr:sockaddr
23 SOCKET_CONNECT_X connect net syscall uses,managed
    res:errno tuple:socktuple fd:fd addr:sockaddr
24 SOCKET_LISTEN_E listen net syscall uses,old,managed
    fd:fd backlog:int32
25 SOCKET_LISTEN_X listen net syscall uses,managed
    res:errno fd:fd backlog:int32
26 SOCKET_ACCEPT_E accept net syscall creates,old
27 SOCKET_ACCEPT_X accept net syscall creates,old,managed
    fd:fd tuple:socktuple queuepct:uint8
28 SOCKET_SEND_E send io_write syscall uses,writes,old,managed
    fd:fd size:uint32
29 SOCKET_SEND_X send io_write syscall uses,writes,managed
    res:errno data:bytebuf fd:fd size:uint32 tuple:socktuple
30 SOCKET_SENDTO_E sendto io_write syscall uses,writes,old,managed
    fd:fd size:uint32 tuple:socktuple
31 SOCKET_SENDTO_X sendto io_write syscall uses,writes,managed
    res:errno data:bytebuf fd:fd size:uint32 tuple:socktuple
32 SOCKET_RECV_E recv io_read syscall uses,reads,old,managed
    fd:fd size:uint32
33 SOCKET_RECV_X recv io_read syscall uses,reads,managed
    res:errno data:bytebuf fd:fd size:uint32 tuple:socktuple
34 SOCKET_RECVFROM_E recvfrom io_read syscall uses,reads,old,managed
    fd:fd size:uint32
35 SOCKET_RECVFROM_X recvfrom io_read syscall uses,reads,managed
    res:errno data:bytebuf tuple:socktuple fd:fd size:uint32
36 SOCKET_SHUTDOWN_E shutdown net syscall uses,old,managed
    fd:fd how:enumflags8:x=shutdown_how
37 SOCKET_SHUTDOWN_X shutdown net syscall uses,managed
    res:errno fd:fd how:enumflags8:x=shutdown_how
38 SOCKET_GETSOCKNAME_E getsockname net syscall old
39 SOCKET_GETSOCKNAME_X getsockname net syscall -
40 SOCKET_GETPEERNAME_E getpeername net syscall old
41 SOCKET_GETPEERNAME_X getpeername net syscall -
42 SOCKET_SOCKETPAIR_E socketpair ipc syscall creates,old,managed
    domain:enumflags32=socket_families type:uint32 proto:uint32
43 SOCKET_SOCKETPAIR_X socketpair ipc syscall creates,managed
    res:errno fd1:fd fd2:fd source:uint64:x peer:uint64:x domain:enumflags32=socket_families
    type:uint32 proto:uint32
44 SOCKET_SETSOCKOPT_E setsockopt net syscall old
45 SOCKET_SETSOCKOPT_X setsockopt net syscall uses
    res:errno fd:fd level:enumflags8=sockopt_levels optname:enumflags8=sockopt_options
    val:dyn=sockopt optlen:uint32
46 SOCKET_GETSOCKOPT_E getsockopt net syscall old
47 SOCKET_GETSOCKOPT_X getsockopt net syscall uses
    res:errno fd:fd level:enumflags8=sockopt_levels optname:enumflags8=sockopt_options
    val:dyn=sockopt optlen:uint32
48 SOCKET_SENDMSG_E sendmsg io_write syscall uses,writes,old,managed
    fd:fd size:uint32 tuple:socktuple
49 SOCKET_SENDMSG_X sendmsg io_write syscall uses,writes,managed
    res:errno data:bytebuf fd:fd size:uint32 tuple:socktuple
50 SOCKET_SENDMMSG_E sendmmsg io_write syscall old
51 SOCKET_SENDMMSG_X sendmmsg io_write syscall uses,writes,managed
    res:errno fd:fd size:uint32 data:bytebuf tuple:socktuple
52 SOCKET_RECVMSG_E recvmsg io_read syscall uses,reads,old,managed
    fd:fd
53 SOCKET_RECVMSG_X recvmsg io_read syscall uses,reads,managed
    res:errno size:uint32 data:bytebuf tuple:socktuple msgcontrol:bytebuf fd:fd
54 SOCKET_RECVMMSG_E recvmmsg io_read syscall old
55 SOCKET_RECVMMSG_X recvmmsg io_read syscall uses,reads,managed
    res:errno fd:fd size:uint32 data:bytebuf tuple:socktuple msgcontrol:bytebuf
56 SOCKET_ACCEPT4_E accept net syscall creates,old,managed
    flags:int32:x
57 SOCKET_ACCEPT4_X accept net syscall creates,old,managed
    fd:fd tuple:socktuple queuepct:uint8
58 SYSCALL_CREAT_E creat file syscall creates,managed
    name:fspath mode:uint32:o
59 SYSCALL_CREAT_X creat file syscall creates,managed
    fd:fd name:fspath mode:uint32:o dev:uint32:x ino:uint64
    creat_flags:flags16:x=creat_flags
60 SYSCALL_PIPE_E pipe ipc syscall creates,old
61 SYSCALL_PIPE_X pipe ipc syscall creates
    res:errno fd1:fd fd2:fd ino:uint64
62 SYSCALL_EVENTFD_E eventfd ipc syscall creates,old,managed
    initval:uint64 flags:uint32:x
63 SYSCALL_EVENTFD_X eventfd ipc syscall creates,managed
    res:fd initval:uint64 flags:uint32:x
64 SYSCALL_FUTEX_E futex ipc syscall old,managed
    addr:uint64:x op:flags16:x=futex_operations val:uint64
65 SYSCALL_FUTEX_X futex ipc syscall managed
    res:errno addr:uint64:x op:flags16:x=futex_operations val:uint64
66 SYSCALL_STAT_E stat file syscall old
67 SYSCALL_STAT_X stat file syscall -
    res:errno path:fspath
68 SYSCALL_LSTAT_E lstat file syscall old
69 SYSCALL_LSTAT_X lstat file syscall -
    res:errno path:fspath
70 SYSCALL_FSTAT_E fstat file syscall uses,old,managed
    fd:fd
71 SYSCALL_FSTAT_X fstat file syscall uses,managed
    res:errno fd:fd
72 SYSCALL_STAT64_E stat64 file syscall old
73 SYSCALL_STAT64_X stat64 file syscall -
    res:errno path:fspath
74 SYSCALL_LSTAT64_E lstat64 file syscall old
75 SYSCALL_LSTAT64_X lstat64 file syscall -
    res:errno path:fspath
76 SYSCALL_FSTAT64_E fstat64 file syscall uses,old
    fd:fd
77 SYSCALL_FSTAT64_X fstat64 file syscall -
    res:errno
78 SYSCALL_EPOLLWAIT_E epoll_wait wait syscall waits,old,managed
    maxevents:errno
79 SYSCALL_EPOLLWAIT_X epoll_wait wait syscall waits,managed
    res:errno maxevents:errno
80 SYSCALL_POLL_E poll wait syscall waits,old,managed
    fds:fdlist timeout:int64
81 SYSCALL_POLL_X poll wait syscall waits,managed
    res:errno fds:fdlist timeout:int64
82 SYSCALL_SELECT_E select wait syscall waits,old
83 SYSCALL_SELECT_X select wait syscall waits
    res:errno
84 SYSCALL_NEWSELECT_E select wait syscall waits,old
85 SYSCALL_NEWSELECT_X select wait syscall waits,old,managed
    res:errno
86 SYSCALL_LSEEK_E lseek file syscall uses,old,managed
    fd:fd offset:uint64 whence:enumflags8=lseek_whence
87 SYSCALL_LSEEK_X lseek file syscall uses,managed
    res:errno fd:fd offset:uint64 whence:enumflags8=lseek_whence
88 SYSCALL_LLSEEK_E llseek file syscall uses,old,managed
    fd:fd offset:uint64 whence:enumflags8=lseek_whence
89 SYSCALL_LLSEEK_X llseek file syscall uses,managed
    res:errno fd:fd offset:uint64 whence:enumflags8=lseek_whence
90 SYSCALL_IOCTL_2_E ioctl io_other syscall uses,old,managed
    fd:fd request:uint64:x
91 SYSCALL_IOCTL_2_X ioctl io_other syscall uses,old,managed
    res:errno
92 SYSCALL_GETCWD_E getcwd file syscall old
93 SYSCALL_GETCWD_X getcwd file syscall -
    res:errno path:charbuf
94 SYSCALL_CHDIR_E chdir file syscall old
95 SYSCALL_CHDIR_X chdir file syscall -
    res:errno path:charbuf
96 SYSCALL_FCHDIR_E fchdir file syscall uses,old,managed
    fd:fd
97 SYSCALL_FCHDIR_X fchdir file syscall uses,managed
    res:errno fd:fd
98 SYSCALL_MKDIR_E mkdir file syscall old,managed
    path:fspath mode:uint32:x
99 SYSCALL_MKDIR_X mkdir file syscall old,managed
    res:errno
100 SYSCALL_RMDIR_E rmdir file syscall old,managed
    path:fspath
101 SYSCALL_RMDIR_X rmdir file syscall old,managed
    res:errno
102 SYSCALL_OPENAT_E openat file syscall creates,old,managed
    dirfd:fd name:charbuf flags:flags32:x=file_flags mode:uint32:o
103 SYSCALL_OPENAT_X openat file syscall creates,old,managed
    fd:fd
104 SYSCALL_LINK_E link file syscall old,managed
    oldpath:fspath newpath:fspath
105 SYSCALL_LINK_X link file syscall old,managed
    res:errno
106 SYSCALL_LINKAT_E linkat file syscall old,managed
    olddir:fd oldpath:charbuf newdir:fd newpath:charbuf
107 SYSCALL_LINKAT_X linkat file syscall old,managed
    res:errno
108 SYSCALL_UNLINK_E unlink file syscall old,managed
    path:fspath
109 SYSCALL_UNLINK_X unlink file syscall old,managed
    res:errno
110 SYSCALL_UNLINKAT_E unlinkat file syscall old,managed
    dirfd:fd name:charbuf
111 SYSCALL_UNLINKAT_X unlinkat file syscall old,managed
    res:errno
112 SYSCALL_PREAD_E pread io_read syscall uses,reads,old,managed
    fd:fd size:uint32 pos:uint64
113 SYSCALL_PREAD_X pread io_read syscall uses,reads,managed
    res:errno data:bytebuf fd:fd size:uint32 pos:uint64
114 SYSCALL_PWRITE_E pwrite io_write syscall uses,writes,old,managed
    fd:fd size:uint32 pos:uint64
115 SYSCALL_PWRITE_X pwrite io_write syscall uses,writes,managed
    res:errno data:bytebuf fd:fd size:uint32 pos:uint64
116 SYSCALL_READV_E readv io_read syscall uses,reads,old,managed
    fd:fd
117 SYSCALL_READV_X readv io_read syscall uses,reads,managed
    res:errno size:uint32 data:bytebuf fd:fd
118 SYSCALL_WRITEV_E writev io_write syscall uses,writes,old,managed
    fd:fd size:uint32
119 SYSCALL_WRITEV_X writev io_write syscall uses,writes,managed
    res:errno data:bytebuf fd:fd size:uint32
120 SYSCALL_PREADV_E preadv io_read syscall uses,reads,old,managed
    fd:fd pos:uint64
121 SYSCALL_PREADV_X preadv io_read syscall uses,reads,managed
    res:errno size:uint32 data:bytebuf fd:fd pos:uint64
122 SYSCALL_PWRITEV_E pwritev io_write syscall uses,writes,old,managed
    fd:fd size:uint32 pos:uint64
123 SYSCALL_PWRITEV_X pwritev io_write syscall uses,writes,managed
    res:errno data:bytebuf fd:fd size:uint32 pos:uint64
124 SYSCALL_DUP_E dup io_other syscall creates,uses,old,managed
    fd:fd
125 SYSCALL_DUP_X dup io_other syscall creates,uses,old,managed
    res:fd
126 SYSCALL_SIGNALFD_E signalfd signal syscall creates,old,managed
    fd:fd mask:uint32:x flags:uint8:x
127 SYSCALL_SIGNALFD_X signalfd signal syscall creates,managed
    res:fd fd:fd mask:uint32:x flags:uint8:x
128 SYSCALL_KILL_E kill signal syscall old,managed
    pid:pid sig:sigtype
129 SYSCALL_KILL_X kill signal syscall managed
    res:errno pid:pid sig:sigtype
130 SYSCALL_TKILL_E tkill signal syscall old,managed
    tid:pid sig:sigtype
131 SYSCALL_TKILL_X tkill signal syscall managed
    res:errno tid:pid sig:sigtype
132 SYSCALL_TGKILL_E tgkill signal syscall old,managed
    pid:pid tid:pid sig:sigtype
133 SYSCALL_TGKILL_X tgkill signal syscall managed
    res:errno pid:pid tid:pid sig:sigtype
134 SYSCALL_NANOSLEEP_E nanosleep sleep syscall waits,old,managed
    interval:reltime
135 SYSCALL_NANOSLEEP_X nanosleep sleep syscall waits,managed
    res:errno interval:reltime
136 SYSCALL_TIMERFD_CREATE_E timerfd_create time syscall creates,old,managed
    clockid:uint8 flags:uint8:x
137 SYSCALL_TIMERFD_CREATE_X timerfd_create time syscall creates,managed
    res:fd clockid:uint8 flags:uint8:x
138 SYSCALL_INOTIFY_INIT_E inotify_init ipc syscall creates,old,managed
    flags:uint8:x
139 SYSCALL_INOTIFY_INIT_X inotify_init ipc syscall creates,managed
    res:fd flags:uint8:x
140 SYSCALL_GETRLIMIT_E getrlimit process syscall old,managed
    resource:enumflags8=rlimit_resources
141 SYSCALL_GETRLIMIT_X getrlimit process syscall managed
    res:errno cur:int64 max:int64 resource:enumflags8=rlimit_resources
142 SYSCALL_SETRLIMIT_E setrlimit process syscall old,managed
    resource:enumflags8=rlimit_resources
143 SYSCALL_SETRLIMIT_X setrlimit process syscall managed
    res:errno cur:int64 max:int64 resource:enumflags8=rlimit_resources
144 SYSCALL_PRLIMIT_E prlimit process syscall old,managed
    pid:pid resource:enumflags8=rlimit_resources
145 SYSCALL_PRLIMIT_X prlimit process syscall managed
    res:errno newcur:int64 newmax:int64 oldcur:int64 oldmax:int64 pid:int64
    resource:enumflags8=rlimit_resources
146 SCHEDSWITCH_1_E switch scheduler tracepoint old,managed
    next:pid
148 DROP_E drop internal metaevent -
    ratio:uint32
149 DROP_X drop internal metaevent -
    ratio:uint32
150 SYSCALL_FCNTL_E fcntl io_other syscall uses,old,managed
    fd:fd cmd:enumflags8=fcntl_commands
151 SYSCALL_FCNTL_X fcntl io_other syscall uses,managed
    res:fd fd:fd cmd:enumflags8=fcntl_commands arg:uint64:x
152 SCHEDSWITCH_6_E switch scheduler tracepoint -
    next:pid pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32
154 SYSCALL_EXECVE_13_E execve process syscall old,managed
155 SYSCALL_EXECVE_13_X execve process syscall old,managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32
156 SYSCALL_CLONE_16_E clone process syscall old
157 SYSCALL_CLONE_16_X clone process syscall old,managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32
    flags:flags32:x=clone_flags uid:uint32 gid:uint32
158 SYSCALL_BRK_4_E brk memory syscall old,managed
    addr:uint64:x
159 SYSCALL_BRK_4_X brk memory syscall managed
    res:uint64:x vm_size:uint32 vm_rss:uint32 vm_swap:uint32 addr:uint64:x
160 SYSCALL_MMAP_E mmap memory syscall uses,old,managed
    addr:uint64:x length:uint64 prot:flags32:x=prot_flags flags:flags32:x=mmap_flags fd:fd
    offset:uint64
161 SYSCALL_MMAP_X mmap memory syscall uses,managed
    res:errno:x vm_size:uint32 vm_rss:uint32 vm_swap:uint32 addr:uint64:x length:uint64
    prot:flags32:x=prot_flags flags:flags32:x=mmap_flags fd:fd offset:uint64
162 SYSCALL_MMAP2_E mmap2 memory syscall uses,old,managed
    addr:uint64:x length:uint64 prot:flags32:x=prot_flags flags:flags32:x=mmap_flags fd:fd
    pgoffset:uint64
163 SYSCALL_MMAP2_X mmap2 memory syscall uses,managed
    res:errno:x vm_size:uint32 vm_rss:uint32 vm_swap:uint32 addr:uint64:x length:uint64
    prot:flags32:x=prot_flags flags:flags32:x=mmap_flags fd:fd pgoffset:uint64
164 SYSCALL_MUNMAP_E munmap memory syscall old,managed
    addr:uint64:x length:uint64
165 SYSCALL_MUNMAP_X munmap memory syscall managed
    res:errno vm_size:uint32 vm_rss:uint32 vm_swap:uint32 addr:uint64:x length:uint64
166 SYSCALL_SPLICE_E splice io_other syscall uses,old,managed
    fd_in:fd fd_out:fd size:uint64 flags:flags32:x=splice_flags
167 SYSCALL_SPLICE_X splice io_other syscall uses,managed
    res:errno fd_in:fd fd_out:fd size:uint64 flags:flags32:x=splice_flags
168 SYSCALL_PTRACE_E ptrace process syscall old,managed
    request:enumflags16=ptrace_requests pid:pid
169 SYSCALL_PTRACE_X ptrace process syscall managed
    res:errno addr:dyn:x=ptrace data:dyn:x=ptrace request:enumflags16=ptrace_requests
    pid:pid
170 SYSCALL_IOCTL_3_E ioctl io_other syscall uses,old,managed
    fd:fd request:uint64:x argument:uint64:x
171 SYSCALL_IOCTL_3_X ioctl io_other syscall uses,managed
    res:errno fd:fd request:uint64:x argument:uint64:x
172 SYSCALL_EXECVE_14_E execve process syscall old,managed
173 SYSCALL_EXECVE_14_X execve process syscall old,managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 env:bytebuf
174 SYSCALL_RENAME_E rename file syscall old
175 SYSCALL_RENAME_X rename file syscall -
    res:errno oldpath:fspath newpath:fspath
176 SYSCALL_RENAMEAT_E renameat file syscall old
177 SYSCALL_RENAMEAT_X renameat file syscall -
    res:errno olddirfd:fd oldpath:fsrelpath@1 newdirfd:fd newpath:fsrelpath@3
178 SYSCALL_SYMLINK_E symlink file syscall old
179 SYSCALL_SYMLINK_X symlink file syscall -
    res:errno target:charbuf linkpath:fspath
180 SYSCALL_SYMLINKAT_E symlinkat file syscall old
181 SYSCALL_SYMLINKAT_X symlinkat file syscall uses
    res:errno target:charbuf linkdirfd:fd linkpath:fsrelpath@2
182 SYSCALL_FORK_E fork process syscall old
183 SYSCALL_FORK_X fork process syscall old,managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32
    flags:flags32:x=clone_flags uid:uint32 gid:uint32
184 SYSCALL_VFORK_E vfork process syscall old
185 SYSCALL_VFORK_X vfork process syscall old,managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32
    flags:flags32:x=clone_flags uid:uint32 gid:uint32
186 PROCEXIT_1_E procexit process tracepoint -
    status:errno ret:errno sig:sigtype core:uint8 reaper_tid:pid
188 SYSCALL_SENDFILE_E sendfile io_write syscall uses,old,managed
    out_fd:fd in_fd:fd offset:uint64 size:uint64
189 SYSCALL_SENDFILE_X sendfile io_write syscall uses,managed
    res:errno offset:uint64 out_fd:fd in_fd:fd size:uint64
190 SYSCALL_QUOTACTL_E quotactl user syscall old,managed
    cmd:flags16=quotactl_cmds type:flags8=quotactl_types id:uint32
    quota_fmt:flags8=quotactl_quota_fmts
191 SYSCALL_QUOTACTL_X quotactl user syscall managed
    res:errno special:charbuf quotafilepath:charbuf dqb_bhardlimit:uint64
    dqb_bsoftlimit:uint64 dqb_curspace:uint64 dqb_ihardlimit:uint64 dqb_isoftlimit:uint64
    dqb_btime:reltime dqb_itime:reltime dqi_bgrace:reltime dqi_igrace:reltime
    dqi_flags:flags8=quotactl_dqi_flags quota_fmt_out:flags8=quotactl_quota_fmts
    cmd:flags16=quotactl_cmds type:flags8=quotactl_types id:uint32
    quota_fmt:flags8=quotactl_quota_fmts
192 SYSCALL_SETRESUID_E setresuid user syscall old,managed
    ruid:uid euid:uid suid:uid
193 SYSCALL_SETRESUID_X setresuid user syscall managed
    res:errno ruid:uid euid:uid suid:uid
194 SYSCALL_SETRESGID_E setresgid user syscall old,managed
    rgid:gid egid:gid sgid:gid
195 SYSCALL_SETRESGID_X setresgid user syscall managed
    res:errno rgid:gid egid:gid sgid:gid
196 SCAPEVENT_E scapevent internal metaevent -
    event_type:uint32 event_data:uint64
198 SYSCALL_SETUID_E setuid user syscall old,managed
    uid:uid
199 SYSCALL_SETUID_X setuid user syscall managed
    res:errno uid:uid
200 SYSCALL_SETGID_E setgid user syscall old,managed
    gid:gid
201 SYSCALL_SETGID_X setgid user syscall managed
    res:errno gid:gid
202 SYSCALL_GETUID_E getuid user syscall old
203 SYSCALL_GETUID_X getuid user syscall -
    uid:uid
204 SYSCALL_GETEUID_E geteuid user syscall old
205 SYSCALL_GETEUID_X geteuid user syscall -
    euid:uid
206 SYSCALL_GETGID_E getgid user syscall old
207 SYSCALL_GETGID_X getgid user syscall -
    gid:gid
208 SYSCALL_GETEGID_E getegid user syscall old
209 SYSCALL_GETEGID_X getegid user syscall -
    egid:gid
210 SYSCALL_GETRESUID_E getresuid user syscall old
211 SYSCALL_GETRESUID_X getresuid user syscall -
    res:errno ruid:uid euid:uid suid:uid
212 SYSCALL_GETRESGID_E getresgid user syscall old
213 SYSCALL_GETRESGID_X getresgid user syscall -
    res:errno rgid:gid egid:gid sgid:gid
214 SYSCALL_EXECVE_15_E execve process syscall old,managed
215 SYSCALL_EXECVE_15_X execve process syscall old,managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    env:bytebuf
216 SYSCALL_CLONE_17_E clone process syscall old
217 SYSCALL_CLONE_17_X clone process syscall old,managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    flags:flags32:x=clone_flags uid:uint32 gid:uint32
218 SYSCALL_FORK_17_E fork process syscall old
219 SYSCALL_FORK_17_X fork process syscall old,managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    flags:flags32:x=clone_flags uid:uint32 gid:uint32
220 SYSCALL_VFORK_17_E vfork process syscall old
221 SYSCALL_VFORK_17_X vfork process syscall old,managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    flags:flags32:x=clone_flags uid:uint32 gid:uint32
222 SYSCALL_CLONE_20_E clone process syscall old
223 SYSCALL_CLONE_20_X clone process syscall managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf flags:flags32:x=clone_flags uid:uint32 gid:uint32 vtid:pid vpid:pid
    pidns_init_start_ts:uint64
224 SYSCALL_FORK_20_E fork process syscall old
225 SYSCALL_FORK_20_X fork process syscall managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf flags:flags32:x=clone_flags uid:uint32 gid:uint32 vtid:pid vpid:pid
    pidns_init_start_ts:uint64
226 SYSCALL_VFORK_20_E vfork process syscall old
227 SYSCALL_VFORK_20_X vfork process syscall managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf flags:flags32:x=clone_flags uid:uint32 gid:uint32 vtid:pid vpid:pid
    pidns_init_start_ts:uint64
228 CONTAINER_E container internal metaevent old,managed
    id:charbuf type:uint32 name:charbuf image:charbuf
230 SYSCALL_EXECVE_16_E execve process syscall old,managed
231 SYSCALL_EXECVE_16_X execve process syscall old,managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf env:bytebuf
232 SIGNALDELIVER_E signaldeliver signal tracepoint -
    spid:pid dpid:pid sig:sigtype
234 PROCINFO_E procinfo internal metaevent -
    cpu_usr:uint64 cpu_sys:uint64
236 SYSCALL_GETDENTS_E getdents file syscall uses,old,managed
    fd:fd
237 SYSCALL_GETDENTS_X getdents file syscall uses,managed
    res:errno fd:fd
238 SYSCALL_GETDENTS64_E getdents64 file syscall uses,old,managed
    fd:fd
239 SYSCALL_GETDENTS64_X getdents64 file syscall uses,managed
    res:errno fd:fd
240 SYSCALL_SETNS_E setns process syscall uses,old,managed
    fd:fd nstype:flags32:x=clone_flags
241 SYSCALL_SETNS_X setns process syscall uses,managed
    res:errno fd:fd nstype:flags32:x=clone_flags
242 SYSCALL_FLOCK_E flock file syscall uses,old,managed
    fd:fd operation:flags32:x=flock_flags
243 SYSCALL_FLOCK_X flock file syscall uses,managed
    res:errno fd:fd operation:flags32:x=flock_flags
244 CPU_HOTPLUG_E cpu_hotplug system metaevent -
    cpu:uint32 action:uint32
246 SOCKET_ACCEPT_5_E accept net syscall creates,old
247 SOCKET_ACCEPT_5_X accept net syscall creates
    fd:fd tuple:socktuple queuepct:uint8 queuelen:uint32 queuemax:uint32
248 SOCKET_ACCEPT4_5_E accept net syscall creates,old,managed
    flags:int32:x
249 SOCKET_ACCEPT4_5_X accept net syscall creates,old,managed
    fd:fd tuple:socktuple queuepct:uint8 queuelen:uint32 queuemax:uint32
250 SYSCALL_SEMOP_E semop process syscall old,managed
    semid:int32
251 SYSCALL_SEMOP_X semop process syscall managed
    res:errno nsops:uint32 sem_num_0:uint16 sem_op_0:int16 sem_flg_0:flags16:x=semop_flags
    sem_num_1:uint16 sem_op_1:int16 sem_flg_1:flags16:x=semop_flags semid:int32
252 SYSCALL_SEMCTL_E semctl process syscall old,managed
    semid:int32 semnum:int32 cmd:flags16:x=semctl_commands val:int32
253 SYSCALL_SEMCTL_X semctl process syscall managed
    res:errno semid:int32 semnum:int32 cmd:flags16:x=semctl_commands val:int32
254 SYSCALL_PPOLL_E ppoll wait syscall waits,old,managed
    fds:fdlist timeout:reltime sigmask:sigset
255 SYSCALL_PPOLL_X ppoll wait syscall waits,managed
    res:errno fds:fdlist timeout:reltime sigmask:sigset
256 SYSCALL_MOUNT_E mount file syscall old,managed
    flags:flags32:x=mount_flags
257 SYSCALL_MOUNT_X mount file syscall managed
    res:errno dev:charbuf dir:fspath type:charbuf flags:flags32:x=mount_flags
258 SYSCALL_UMOUNT_E umount file syscall old
    flags:flags32:x=umount_flags
259 SYSCALL_UMOUNT_X umount file syscall old,managed
    res:errno name:fspath
260 K8S_E k8s internal metaevent old
    json:charbuf
262 SYSCALL_SEMGET_E semget process syscall old,managed
    key:int32:x nsems:int32 semflg:flags32:x=semget_flags
263 SYSCALL_SEMGET_X semget process syscall managed
    res:errno key:int32:x nsems:int32 semflg:flags32:x=semget_flags
264 SYSCALL_ACCESS_E access file syscall old,managed
    mode:flags32:x=access_flags
265 SYSCALL_ACCESS_X access file syscall managed
    res:errno name:fspath mode:flags32:x=access_flags
266 SYSCALL_CHROOT_E chroot process syscall old
267 SYSCALL_CHROOT_X chroot process syscall -
    res:errno path:fspath
268 TRACER_E tracer other metaevent old
    id:int64 tags:charbufarray args:charbuf_pair_array
270 MESOS_E mesos internal metaevent old
    json:charbuf
272 CONTAINER_JSON_E container process metaevent old,managed
    json:charbuf
274 SYSCALL_SETSID_E setsid process syscall old
275 SYSCALL_SETSID_X setsid process syscall -
    res:pid
276 SYSCALL_MKDIR_2_E mkdir file syscall old,managed
    mode:uint32:x
277 SYSCALL_MKDIR_2_X mkdir file syscall managed
    res:errno path:fspath mode:uint32:x
278 SYSCALL_RMDIR_2_E rmdir file syscall old
279 SYSCALL_RMDIR_2_X rmdir file syscall -
    res:errno path:fspath
280 NOTIFICATION_E notification other metaevent -
    id:charbuf desc:charbuf
282 SYSCALL_EXECVE_17_E execve process syscall old,managed
283 SYSCALL_EXECVE_17_X execve process syscall old,managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf env:bytebuf tty:int32
284 SYSCALL_UNSHARE_E unshare process syscall old,managed
    flags:flags32:x=clone_flags
285 SYSCALL_UNSHARE_X unshare process syscall managed
    res:errno flags:flags32:x=clone_flags
286 INFRASTRUCTURE_EVENT_E infra internal metaevent -
    source:charbuf name:charbuf description:charbuf scope:charbuf
288 SYSCALL_EXECVE_18_E execve process syscall old,managed
    filename:fspath
289 SYSCALL_EXECVE_18_X execve process syscall old,managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf env:bytebuf tty:int32
290 PAGE_FAULT_E page_fault other tracepoint -
    addr:uint64:x ip:uint64:x error:flags32:x=pf_flags
292 SYSCALL_EXECVE_19_E execve process syscall old,managed
    filename:fspath
293 SYSCALL_EXECVE_19_X execve process syscall managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf env:bytebuf tty:uint32 vpgid:pid loginuid:uid
    flags:flags32:x=execve_flags cap_inheritable:uint64:x cap_permitted:uint64:x
    cap_effective:uint64:x exe_ino:uint64 exe_ino_ctime:abstime exe_ino_mtime:abstime
    uid:uid trusted_exepath:fspath pgid:pid gid:gid filename:fspath
294 SYSCALL_SETPGID_E setpgid process syscall old,managed
    pid:pid pgid:pid
295 SYSCALL_SETPGID_X setpgid process syscall managed
    res:errno pid:pid pgid:pid
296 SYSCALL_BPF_E bpf other syscall creates,old,managed
    cmd:int64
297 SYSCALL_BPF_X bpf other syscall creates,old,managed
    res_or_fd:dyn=bpf
298 SYSCALL_SECCOMP_E seccomp other syscall old,managed
    op:uint64 flags:uint64:x
299 SYSCALL_SECCOMP_X seccomp other syscall managed
    res:errno op:uint64 flags:uint64:x
300 SYSCALL_UNLINK_2_E unlink file syscall old
301 SYSCALL_UNLINK_2_X unlink file syscall -
    res:errno path:fspath
302 SYSCALL_UNLINKAT_2_E unlinkat file syscall old
303 SYSCALL_UNLINKAT_2_X unlinkat file syscall uses
    res:errno dirfd:fd name:fsrelpath@1 flags:flags32:x=unlinkat_flags
304 SYSCALL_MKDIRAT_E mkdirat file syscall old
305 SYSCALL_MKDIRAT_X mkdirat file syscall uses
    res:errno dirfd:fd path:fsrelpath@1 mode:uint32:x
306 SYSCALL_OPENAT_2_E openat file syscall creates,managed
    dirfd:fd name:fsrelpath@0 flags:flags32:x=file_flags mode:uint32:o
307 SYSCALL_OPENAT_2_X openat file syscall creates,managed
    fd:fd dirfd:fd name:fsrelpath@1 flags:flags32:x=file_flags mode:uint32:o dev:uint32:x
    ino:uint64
308 SYSCALL_LINK_2_E link file syscall old
309 SYSCALL_LINK_2_X link file syscall -
    res:errno oldpath:fspath newpath:fspath
310 SYSCALL_LINKAT_2_E linkat file syscall old
311 SYSCALL_LINKAT_2_X linkat file syscall -
    res:errno olddir:fd oldpath:fsrelpath@1 newdir:fd newpath:fsrelpath@3
    flags:flags32:x=linkat_flags
312 SYSCALL_FCHMODAT_E fchmodat file syscall old
313 SYSCALL_FCHMODAT_X fchmodat file syscall uses
    res:errno dirfd:fd filename:fsrelpath@1 mode:mode:o=chmod_mode
314 SYSCALL_CHMOD_E chmod file syscall old
315 SYSCALL_CHMOD_X chmod file syscall -
    res:errno filename:fspath mode:mode:o=chmod_mode
316 SYSCALL_FCHMOD_E fchmod file syscall old
317 SYSCALL_FCHMOD_X fchmod file syscall uses
    res:errno fd:fd mode:mode:o=chmod_mode
318 SYSCALL_RENAMEAT2_E renameat2 file syscall old
319 SYSCALL_RENAMEAT2_X renameat2 file syscall -
    res:errno olddirfd:fd oldpath:fsrelpath@1 newdirfd:fd newpath:fsrelpath@3
    flags:flags32:x=renameat2_flags
320 SYSCALL_USERFAULTFD_E userfaultfd file syscall creates,old
321 SYSCALL_USERFAULTFD_X userfaultfd file syscall creates
    res:errno flags:flags32:x=file_flags
322 PLUGINEVENT_E pluginevent other plugin large
    plugin_id:uint32 event_data:bytebuf
324 CONTAINER_JSON_2_E container process metaevent large
    json:charbuf
326 SYSCALL_OPENAT2_E openat2 file syscall creates,managed
    dirfd:fd name:fsrelpath@0 flags:flags32:x=file_flags mode:uint32:o
    resolve:flags32:x=openat2_flags
327 SYSCALL_OPENAT2_X openat2 file syscall creates,managed
    fd:fd dirfd:fd name:fsrelpath@1 flags:flags32:x=file_flags mode:uint32:o
    resolve:flags32:x=openat2_flags dev:uint32:x ino:uint64
328 SYSCALL_MPROTECT_E mprotect memory syscall old,managed
    addr:uint64:x length:uint64 prot:flags32:x=prot_flags
329 SYSCALL_MPROTECT_X mprotect memory syscall managed
    res:errno addr:uint64:x length:uint64 prot:flags32:x=prot_flags
330 SYSCALL_EXECVEAT_E execveat process syscall old,managed
    dirfd:fd pathname:fsrelpath@0 flags:flags32:x=execveat_flags
331 SYSCALL_EXECVEAT_X execveat process syscall managed
    res:errno exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:uint64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf env:bytebuf tty:uint32 vpgid:pid loginuid:uid
    flags:flags32:x=execve_flags cap_inheritable:uint64:x cap_permitted:uint64:x
    cap_effective:uint64:x exe_ino:uint64 exe_ino_ctime:abstime exe_ino_mtime:abstime
    uid:uid trusted_exepath:fspath pgid:pid gid:gid
332 SYSCALL_COPY_FILE_RANGE_E copy_file_range file syscall uses,reads,writes,old,managed
    fdin:fd offin:uint64 len:uint64
333 SYSCALL_COPY_FILE_RANGE_X copy_file_range file syscall uses,reads,writes,managed
    res:errno fdout:fd offout:uint64 fdin:fd offin:uint64 len:uint64
334 SYSCALL_CLONE3_E clone3 process syscall old
335 SYSCALL_CLONE3_X clone3 process syscall managed
    res:pid exe:charbuf args:bytebuf tid:pid pid:pid ptid:pid cwd:charbuf fdlimit:int64
    pgft_maj:uint64 pgft_min:uint64 vm_size:uint32 vm_rss:uint32 vm_swap:uint32 comm:charbuf
    cgroups:bytebuf flags:flags32:x=clone_flags uid:uint32 gid:uint32 vtid:pid vpid:pid
    pidns_init_start_ts:uint64
336 SYSCALL_OPEN_BY_HANDLE_AT_E open_by_handle_at file syscall creates,old
337 SYSCALL_OPEN_BY_HANDLE_AT_X open_by_handle_at file syscall creates
    fd:fd mountfd:fd flags:flags32:x=file_flags path:fspath dev:uint32:x ino:uint64
338 SYSCALL_IO_URING_SETUP_E io_uring_setup io_other syscall creates,old
339 SYSCALL_IO_URING_SETUP_X io_uring_setup io_other syscall creates
    res:errno entries:uint32 sq_entries:uint32 cq_entries:uint32
    flags:flags32:x=io_uring_setup_flags sq_thread_cpu:uint32 sq_thread_idle:uint32
    features:flags32:x=io_uring_setup_feats
340 SYSCALL_IO_URING_ENTER_E io_uring_enter io_other syscall old
341 SYSCALL_IO_URING_ENTER_X io_uring_enter io_other syscall uses
    res:errno fd:fd to_submit:uint32 min_complete:uint32
    flags:flags32:x=io_uring_enter_flags sig:sigset
342 SYSCALL_IO_URING_REGISTER_E io_uring_register io_other syscall old
343 SYSCALL_IO_URING_REGISTER_X io_uring_register io_other syscall uses
    res:errno fd:fd opcode:enumflags16=io_uring_register_opcodes arg:uint64:x nr_args:uint32
344 SYSCALL_MLOCK_E mlock memory syscall old
345 SYSCALL_MLOCK_X mlock memory syscall -
    res:errno addr:uint64:x len:uint64
346 SYSCALL_MUNLOCK_E munlock memory syscall old
347 SYSCALL_MUNLOCK_X munlock memory syscall -
    res:errno addr:uint64:x len:uint64
348 SYSCALL_MLOCKALL_E mlockall memory syscall old
349 SYSCALL_MLOCKALL_X mlockall memory syscall -
    res:errno flags:flags32:x=mlockall_flags
350 SYSCALL_MUNLOCKALL_E munlockall memory syscall old
351 SYSCALL_MUNLOCKALL_X munlockall memory syscall -
    res:errno
352 SYSCALL_CAPSET_E capset process syscall old
353 SYSCALL_CAPSET_X capset process syscall -
    res:errno cap_inheritable:uint64:x cap_permitted:uint64:x cap_effective:uint64:x
354 USER_ADDED_E useradded process metaevent -
    uid:uint32 gid:uint32 name:charbuf home:charbuf shell:charbuf container_id:charbuf
356 USER_DELETED_E userdeleted process metaevent -
    uid:uint32 gid:uint32 name:charbuf home:charbuf shell:charbuf container_id:charbuf
358 GROUP_ADDED_E groupadded process metaevent -
    gid:uint32 name:charbuf container_id:charbuf
360 GROUP_DELETED_E groupdeleted process metaevent -
    gid:uint32 name:charbuf container_id:charbuf
362 SYSCALL_DUP2_E dup2 io_other syscall creates,uses,old
    fd:fd
363 SYSCALL_DUP2_X dup2 io_other syscall creates,uses
    res:fd oldfd:fd newfd:fd
364 SYSCALL_DUP3_E dup3 io_other syscall creates,uses,old
    fd:fd
365 SYSCALL_DUP3_X dup3 io_other syscall creates,uses
    res:fd oldfd:fd newfd:fd flags:flags32:x=file_flags
366 SYSCALL_DUP_1_E dup io_other syscall creates,uses,old
    fd:fd
367 SYSCALL_DUP_1_X dup io_other syscall creates,uses
    res:fd oldfd:fd
368 SYSCALL_BPF_2_E bpf other syscall creates,old
    cmd:int64
369 SYSCALL_BPF_2_X bpf other syscall creates
    fd:fd cmd:enumflags32=bpf_commands
370 SYSCALL_MLOCK2_E mlock2 memory syscall old
371 SYSCALL_MLOCK2_X mlock2 memory syscall -
    res:errno addr:uint64:x len:uint64 flags:flags32:x=mlock2_flags
372 SYSCALL_FSCONFIG_E fsconfig system syscall old
373 SYSCALL_FSCONFIG_X fsconfig system syscall uses
    res:errno fd:fd cmd:enumflags32=fsconfig_cmds key:charbuf value_bytebuf:bytebuf
    value_charbuf:charbuf aux:int32
374 SYSCALL_EPOLL_CREATE_E epoll_create wait syscall creates,old,managed
    size:int32
375 SYSCALL_EPOLL_CREATE_X epoll_create wait syscall creates,managed
    res:errno size:int32
376 SYSCALL_EPOLL_CREATE1_E epoll_create1 wait syscall creates,old,managed
    flags:flags32:x=epoll_create1_flags
377 SYSCALL_EPOLL_CREATE1_X epoll_create1 wait syscall creates,managed
    res:errno flags:flags32:x=epoll_create1_flags
378 SYSCALL_CHOWN_E chown file syscall old
379 SYSCALL_CHOWN_X chown file syscall -
    res:errno path:fspath uid:uint32 gid:uint32
380 SYSCALL_LCHOWN_E lchown file syscall old
381 SYSCALL_LCHOWN_X lchown file syscall -
    res:errno path:fspath uid:uint32 gid:uint32
382 SYSCALL_FCHOWN_E fchown file syscall old
383 SYSCALL_FCHOWN_X fchown file syscall uses
    res:errno fd:fd uid:uint32 gid:uint32
384 SYSCALL_FCHOWNAT_E fchownat file syscall old
385 SYSCALL_FCHOWNAT_X fchownat file syscall uses
    res:errno dirfd:fd pathname:fsrelpath@1 uid:uint32 gid:uint32
    flags:flags32:x=fchownat_flags
386 SYSCALL_UMOUNT_1_E umount file syscall old
387 SYSCALL_UMOUNT_1_X umount file syscall -
    res:errno name:fspath
388 SOCKET_ACCEPT4_6_E accept4 net syscall creates,old,managed
    flags:int32:x
389 SOCKET_ACCEPT4_6_X accept4 net syscall creates,managed
    fd:fd tuple:socktuple queuepct:uint8 queuelen:uint32 queuemax:uint32 flags:int32:x
390 SYSCALL_UMOUNT2_E umount2 file syscall old,managed
    flags:flags32:x=umount_flags
391 SYSCALL_UMOUNT2_X umount2 file syscall managed
    res:errno name:fspath flags:flags32:x=umount_flags
392 SYSCALL_PIPE2_E pipe2 ipc syscall creates,old
393 SYSCALL_PIPE2_X pipe2 ipc syscall creates
    res:errno fd1:fd fd2:fd ino:uint64 flags:flags32:x=file_flags
394 SYSCALL_INOTIFY_INIT1_E inotify_init1 ipc syscall creates,old
395 SYSCALL_INOTIFY_INIT1_X inotify_init1 ipc syscall creates
    res:fd flags:flags16:x=file_flags
396 SYSCALL_EVENTFD2_E eventfd2 ipc syscall creates,old,managed
    initval:uint64
397 SYSCALL_EVENTFD2_X eventfd2 ipc syscall creates,managed
    res:fd flags:flags16:x=file_flags initval:uint64
398 SYSCALL_SIGNALFD4_E signalfd4 signal syscall creates,old,managed
    fd:fd mask:uint32:x
399 SYSCALL_SIGNALFD4_X signalfd4 signal syscall creates,managed
    res:fd flags:flags16:x=file_flags fd:fd mask:uint32:x
400 SYSCALL_PRCTL_E prctl process syscall old
401 SYSCALL_PRCTL_X prctl process syscall -
    res:errno option:enumflags32=prctl_options arg2_str:charbuf arg2_int:int64
402 ASYNCEVENT_E asyncevent other metaevent large
    plugin_id:uint32 name:charbuf data:bytebuf
404 SYSCALL_MEMFD_CREATE_E memfd_create memory syscall creates,old
405 SYSCALL_MEMFD_CREATE_X memfd_create memory syscall creates
    fd:fd name:charbuf flags:flags32:x=memfd_create_flags
406 SYSCALL_PIDFD_GETFD_E pidfd_getfd process syscall creates,old
407 SYSCALL_PIDFD_GETFD_X pidfd_getfd process syscall creates
    fd:fd pid_fd:fd target_fd:fd flags:uint32:x
408 SYSCALL_PIDFD_OPEN_E pidfd_open process syscall creates,old
409 SYSCALL_PIDFD_OPEN_X pidfd_open process syscall creates
    fd:fd pid:pid flags:flags32:x=pidfd_open_flags
410 SYSCALL_INIT_MODULE_E init_module other syscall old
411 SYSCALL_INIT_MODULE_X init_module other syscall -
    res:errno img:bytebuf length:uint64 uargs:charbuf
412 SYSCALL_FINIT_MODULE_E finit_module other syscall old
413 SYSCALL_FINIT_MODULE_X finit_module other syscall uses,reads
    res:errno fd:fd uargs:charbuf flags:flags32:x=finit_module_flags
414 SYSCALL_MKNOD_E mknod other syscall old
415 SYSCALL_MKNOD_X mknod other syscall -
    res:errno path:fspath mode:mode:o=mknod_mode dev:uint32
416 SYSCALL_MKNODAT_E mknodat other syscall old
417 SYSCALL_MKNODAT_X mknodat other syscall uses
    res:errno dirfd:fd path:fsrelpath@1 mode:mode:o=mknod_mode dev:uint32
418 SYSCALL_NEWFSTATAT_E newfstatat file syscall old
419 SYSCALL_NEWFSTATAT_X newfstatat file syscall uses
    res:errno dirfd:fd path:fsrelpath@1 flags:flags32:x=newfstatat_flags
420 SYSCALL_PROCESS_VM_READV_E process_vm_readv ipc syscall old
421 SYSCALL_PROCESS_VM_READV_X process_vm_readv ipc syscall -
    res:int64 pid:pid data:bytebuf
422 SYSCALL_PROCESS_VM_WRITEV_E process_vm_writev ipc syscall old
423 SYSCALL_PROCESS_VM_WRITEV_X process_vm_writev ipc syscall -
    res:int64 pid:pid data:bytebuf
424 SYSCALL_DELETE_MODULE_E delete_module other syscall old
425 SYSCALL_DELETE_MODULE_X delete_module other syscall -
    res:errno name:charbuf flags:flags32:x=delete_module_flags
426 SYSCALL_SETREUID_E setreuid user syscall old
427 SYSCALL_SETREUID_X setreuid user syscall -
    res:errno ruid:uid euid:uid
428 SYSCALL_SETREGID_E setregid user syscall old
429 SYSCALL_SETREGID_X setregid user syscall -
    res:errno rgid:uid egid:uid
430 ITER_TASK_E task process iter -
    ppid:pid32 pgid:pid32 vpgid:pid32 sid:pid32 comm:charbuf argv:charbufarray
    exepath:fspath flags:flags32:x=execve_flags env:charbufarray cwd:charbuf fdlimit:uint64
    euid:uid egid:gid cap_permitted:uint64:x cap_effective:uint64:x cap_inheritable:uint64:x
    exe_ino_num:uint64 exe_ino_ctime:abstime exe_ino_mtime:abstime vm_size:uint32
    vm_rss:uint32 vm_swap:uint32 pgft_maj:uint64 pgft_min:uint64 vtgid:pid32 vpid:pid32
    pidns_init_start_ts:uint64 cgroups:charbufarray root:fspath start_time:abstime
    tty:uint32 loginuid:uid
432 ITER_TASK_FILE_PIPE_E task_file_pipe file iter -
    fd:fd32 path:fspath ino_num:uint64
434 ITER_TASK_FILE_MEMFD_E task_file_memfd file iter -
    fd:fd32 path:fspath ino_num:uint64
436 ITER_TASK_FILE_REGULAR_E task_file_regular file iter -
    fd:fd32 path:fspath flags:flags32:x=file_flags mnt_id:uint32 ino_num:uint64
438 ITER_TASK_FILE_DIRECTORY_E task_file_directory file iter -
    fd:fd32 path:fspath ino_num:uint64
440 ITER_TASK_FILE_SOCKET_INET_E task_file_socket_inet file iter -
    fd:fd32 sk_type:uint16 sk_proto:uint16 local_ip:ipv4addr:x local_port:port:x
    remote_ip:ipv4addr:x remote_port:port:x ino_num:uint64
442 ITER_TASK_FILE_SOCKET_INET6_E task_file_socket_inet6 file iter -
    fd:fd32 sk_type:uint16 sk_proto:uint16 local_ip:ipv6addr:x local_port:port:x
    remote_ip:ipv6addr:x remote_port:port:x ino_num:uint64
444 ITER_TASK_FILE_SOCKET_UNIX_E task_file_socket_unix file iter -
    fd:fd32 sk_type:uint16 sk_proto:uint16 sk_pointer:uint64 sun_path:fspath ino_num:uint64
446 ITER_TASK_FILE_SOCKET_NETLINK_E task_file_socket_netlink file iter -
    fd:fd32 sk_type:uint16 sk_proto:uint16 ino_num:uint64
448 ITER_TASK_FILE_ANON_INODE_E task_file_anon_inode file iter -
    fd:fd32 fd_type:flags8=anon_inode_fd_types path:fspath ino_num:uint64
451 SYSCALL_CLOSE_RANGE_X close_range io_other syscall -
    res:errno first:uint32 last:uint32 flags:flags32:x=close_range_flags
453 SYSCALL_KEYCTL_X keyctl other syscall -
    res:errno operation:enumflags32=keyctl_operations arg2:dyn=keyctl arg3:dyn=keyctl
    arg4:dyn=keyctl arg5:dyn=keyctl
"""

"""Constants of conditions: from text to the value that is compared.

Falco reads a constant by the type of the field that it is compared with, and
never by what it looks like. Numbers that are too big are not refused: they
saturate at 64 bits and then lose the bits that the type does not have.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, NoReturn

from rulec.diagnostics import Problem, ProblemError
from rulec.nodes import Literal
from rulec.runtime.encoding import utf8
from rulec.runtime.fields import Kind, Type
from rulec.runtime.values import regex_problem

LONGEST: Final = 255  # bytes
HEX_OPERATORS: Final = frozenset({"bcontains", "bstartswith"})


def constant(literal: Literal, type_: Type, operator: str) -> object:
    """Return the runtime value of a constant that stands to the right of ``operator``.

    ``type_`` is the type of what stands to the left (of an element, for a
    list); ``operator`` is without modifier. Patterns stay text, but are checked.

    >>> from rulec.runtime.fields import TYPES
    >>> constant(Literal("300"), TYPES["UINT8"], "="), constant(Literal("-1"), TYPES["UINT16"], "=")
    (44, 65535)
    >>> constant(Literal("10.1.2.3/8"), TYPES["IPNET"], "=")
    IPv4Network('10.0.0.0/8')
    >>> constant(Literal("beef"), TYPES["BYTEBUF"], "bcontains")
    b'\xbe\xef'

    :raises ProblemError: if there is no such value.
    """
    try:
        return _value(literal.text, type_, operator)
    except ProblemError as error:
        raise ProblemError(replace(error.problem, span=literal.span)) from None


def _value(text: str, type_: Type, operator: str) -> object:
    size = len(utf8(text))
    if size > LONGEST:
        _refuse("constant_too_long", f"a constant of {size} bytes is longer than {LONGEST}")
    if operator in HEX_OPERATORS:
        return _hex_bytes(text)
    if "\0" in text and type_.kind is not Kind.BYTES:
        _refuse("nul_in_constant", f"{text!r} has a NUL byte in it, which no value has")
    if operator == "regex" and (reason := regex_problem(text)) is not None:
        hint = "the syntax is RE2's POSIX one, without \\d, \\w, \\s, \\b and (?...)"
        _refuse("bad_regex", f"{text!r} is no regular expression: {reason}", hint)
    return _READERS[type_.kind](text, type_)


def _refuse(kind: str, message: str, hint: str = "") -> NoReturn:
    raise ProblemError(Problem(kind, message, hint=hint)) from None


def _text(text: str, _: Type) -> str:
    return text


def _bytes(text: str, _: Type) -> bytes:
    return utf8(text)


def _hex_bytes(text: str) -> bytes:
    if re.fullmatch("([0-9A-Fa-f]{2})*", text) is None:
        hint = "write an even number of hexadecimal digits, without 0x"
        _refuse("bad_hex_bytes", f"{text!r} are no hexadecimal bytes", hint)
    return bytes.fromhex(text)


def _number(text: str, *, signed: bool) -> int:
    """Read a number as C does: at most 64 bits, and a negative one may wrap around."""
    found = re.fullmatch(r"[ \t\n\v\f\r]*([+-]?[0-9]+)", text)
    if found is None:
        _refuse("bad_number", f"{text!r} is no decimal integer")
    number = int(found[1])
    if signed:
        return max(-(2**63), min(number, 2**63 - 1))
    return number % 2**64 if abs(number) < 2**64 else 2**64 - 1


def _integer(text: str, type_: Type) -> int:
    number = _number(text, signed=type_.signed) % (1 << type_.bits)
    negative = type_.signed and number >= 1 << (type_.bits - 1)
    return number - (1 << type_.bits) if negative else number


def _double(text: str, _: Type) -> float:
    return float(_number(text, signed=True))


def _port(text: str, _: Type) -> int:
    if text in SERVICES:
        return SERVICES[text]
    if re.fullmatch("[0-9]*", text) is None:
        hint = "write its number, or the name of a service as it stands in /etc/services"
        _refuse("bad_port", f"{text!r} is no port", hint)
    number = int(text or "0")
    if number >= 2**32:
        _refuse("bad_number", f"{text!r} is too big for a port")
    return number % 2**16


def _bool(text: str, _: Type) -> bool:
    if text not in ("true", "false"):
        _refuse("bad_boolean", f"{text!r} is neither true nor false")
    return text == "true"


def _address(text: str, _: Type) -> IPv4Address | IPv6Address:
    try:
        return _ip(text)
    except ValueError:
        _refuse("bad_ip", f"{text!r} is no IP address")


def _ip(text: str) -> IPv4Address | IPv6Address:
    """Read an address; with a dot in it, it is never an IPv6 one."""
    if "." in text:
        return IPv4Address(text)
    if "%" in text:
        raise ValueError("the scope of an address cannot be compared")
    return IPv6Address(text)


def _network(text: str, _: Type) -> IPv4Network | IPv6Network:
    address, slash, prefix = text.partition("/")
    hint = "write it as address/prefix, like 10.0.0.0/8"
    if not slash:
        _refuse("bad_network", f"{text!r} is no network", hint)
    length = _number(prefix, signed=True)
    try:
        start = _ip(address)
        if isinstance(start, IPv4Address):
            return IPv4Network((start, length), strict=False)
        if length == 0:
            raise ValueError("Falco refuses ::/0, though not 0.0.0.0/0")
        return IPv6Network((start, length), strict=False)
    except ValueError:
        _refuse("bad_network", f"{text!r} is no network", hint)


_READERS: Final[Mapping[Kind, Callable[[str, Type], object]]] = {
    Kind.STRING: _text,
    Kind.BYTES: _bytes,
    Kind.INTEGER: _integer,
    Kind.PORT: _port,
    Kind.DOUBLE: _double,
    Kind.BOOL: _bool,
    Kind.ADDRESS: _address,
    Kind.NETWORK: _network,
}


def _services(table: str) -> dict[str, int]:
    words = table.split()
    return {name: int(port) for name, port in zip(words[::2], words[1::2], strict=True)}


# The names of ports. Falco asks the machine that it runs on; a table of our
# own gives the same code on every machine.
SERVICES: Final[Mapping[str, int]] = _services("""
    tcpmux 1 echo 7 discard 9 systat 11 daytime 13 netstat 15 qotd 17 chargen 19 ftp-data 20
    ftp 21 ssh 22 telnet 23 smtp 25 mail 25 time 37 whois 43 tacacs 49 domain 53 bootps 67
    bootpc 68 tftp 69 gopher 70 finger 79 http 80 www 80 kerberos 88 kerberos5 88 krb5 88
    iso-tsap 102 pop3 110 pop-3 110 sunrpc 111 portmapper 111 auth 113 ident 113 nntp 119 ntp 123
    epmap 135 loc-srv 135 netbios-ns 137 netbios-dgm 138 netbios-ssn 139 imap2 143 imap 143
    snmp 161 snmp-trap 162 snmptrap 162 xdmcp 177 bgp 179 ldap 389 svrloc 427 https 443
    microsoft-ds 445 kpasswd 464 submissions 465 ssmtp 465 smtps 465 isakmp 500 exec 512 biff 512
    login 513 who 513 shell 514 syslog 514 printer 515 spooler 515 talk 517 ntalk 518 route 520
    uucp 540 klogin 543 kshell 544 dhcpv6-client 546 dhcpv6-server 547 rtsp 554 nntps 563
    submission 587 asf-rmcp 623 ipp 631 ldaps 636 ldp 646 kerberos-adm 749 kerberos4 750
    domain-s 853 rsync 873 ftps-data 989 ftps 990 telnets 992 imaps 993 pop3s 995 socks 1080
    rmiregistry 1099 openvpn 1194 lotusnote 1352 ms-sql-s 1433 ms-sql-m 1434 ingreslock 1524
    l2f 1701 l2tp 1701 radius 1812 radius-acct 1813 cisco-sccp 2000 nfs 2049 cvspserver 2401
    dict 2628 gpsd 2947 iscsi-target 3260 mysql 3306 ms-wbt-server 3389 distcc 3632 svn 3690
    subversion 3690 sieve 4190 epmd 4369 ipsec-nat-t 4500 munin 4949 sip 5060 sip-tls 5061
    xmpp-client 5222 xmpp-server 5269 mdns 5353 postgresql 5432 postgres 5432 nrpe 5666 nsca 5667
    amqps 5671 amqp 5672 x11 6000 redis 6379 syslog-tls 6514 ircd 6667 ircs-u 6697 http-alt 8080
    webcache 8080 puppet 8140 git 9418 webmin 10000 zabbix-agent 10050 zabbix-trapper 10051
    nbd 10809
""")

#!/usr/bin/env python3
"""One end of a TCP or TLS connection that does what it is told.

Reads lines of commands from standard input ("send 40; notify; close") and answers each line with "ok" or "failed
REASON". A command acts on the newest connection. Used by record.sh, which tells what the two ends do in each capture.
"""

import argparse
import inspect
import os
import socket
import ssl
import struct
import sys
import warnings

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
# What Python's ssl has no name for:
OP_DONT_INSERT_EMPTY_FRAGMENTS = 0x800
OP_NO_ENCRYPT_THEN_MAC = 0x80000
TCP_FASTOPEN_CONNECT = 30
PATIENCE = 20  # seconds that anything may take

STREAM = (
    "<?xml version='1.0'?><stream:stream to='push.example' xmlns='jabber:client' "
    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
)


def message(size):
    """A message in the shape of a keep-alive: command, length, filler."""
    return struct.pack(">BI", 0x0C, size - 5) + b"." * (size - 5)


class End:
    def __init__(self, options):
        self.options = options
        self.listener = None
        self.connection = None
        self.all = []  # keeps every connection open
        self.session = None
        self.half = None  # a client's handshake in memory, with what comes in and what goes out
        self.context = self.make_context() if options.tls != "none" else None

    def make_context(self):
        o = self.options
        server = o.role == "server"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = context.maximum_version = VERSIONS[o.tls]
        if o.ciphers:
            context.set_ciphers(o.ciphers)
        if o.tls == "1.0":  # as in its day: an empty record before each message, and the MAC inside
            context.options &= ~OP_DONT_INSERT_EMPTY_FRAGMENTS
            context.options |= OP_NO_ENCRYPT_THEN_MAC
        if o.keylog:
            context.keylog_filename = o.keylog
        if o.no_tickets:
            context.options |= ssl.OP_NO_TICKET
        if o.group:
            context.set_ecdh_curve(o.group)
        if o.alpn:
            context.set_alpn_protocols(o.alpn.split(","))
        if o.cert:
            context.load_cert_chain(o.cert)
        if o.ca:
            context.load_verify_locations(o.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def keep(self, connection):
        self.connection = connection
        self.all.append(connection)

    # -- opening

    def socket_for(self, ip):
        s = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.options.rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.options.rcvbuf)
        if self.options.sndbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.options.sndbuf)
        return s

    def do_listen(self, ip, port):
        self.listener = self.socket_for(ip)
        if self.options.fast_open:
            self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        self.listener.bind((ip, int(port)))
        self.listener.listen(64)
        self.listener.settimeout(PATIENCE)

    def do_accept(self):
        connection = self.listener.accept()[0]
        connection.settimeout(PATIENCE)
        self.keep(connection)

    def do_connect(self, ip, port, from_port="0"):
        s = self.socket_for(ip)
        if from_port != "0":
            s.bind(("::" if ":" in ip else "0.0.0.0", int(from_port)))
        if self.options.fast_open:
            s.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
        s.settimeout(PATIENCE)
        s.connect((ip, int(port)))
        self.keep(s)
        if self.options.fast_open:
            s.setblocking(True)  # the first write, which sends the SYN, has to wait
        return s.getsockname()[1]

    def do_handshake(self):
        """The TLS handshake; a client offers the session of its last connection, if it kept one."""
        if self.context is None:
            return
        server = self.options.role == "server"
        self.all.remove(self.connection)
        self.keep(
            self.context.wrap_socket(
                self.connection,
                server_side=server,
                server_hostname=None if server else self.options.sni,
                do_handshake_on_connect=False,
                session=None if server else self.session,
            )
        )
        self.connection.do_handshake()

    def do_hello(self):
        """Sends a ClientHello and leaves the rest of the handshake undone."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        handshake = self.context.wrap_bio(incoming, outgoing, server_hostname=self.options.sni)
        self.half = handshake, incoming, outgoing
        self.step()

    def step(self):
        handshake, _, outgoing = self.half
        try:
            handshake.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False
        finally:
            self.connection.sendall(outgoing.read())

    def do_finish_hello(self):
        """Does the rest of it."""
        done = False
        while not done:
            self.half[1].write(self.connection.recv(65536))
            done = self.step()

    def do_keep_session(self):
        self.session = self.connection.session

    def do_resumed(self):
        if not self.connection.session_reused:
            raise ValueError("the session was not resumed")

    # -- talking

    def do_send(self, size):
        self.connection.sendall(message(int(size)))

    def do_say(self, digits):
        self.connection.sendall(bytes.fromhex(digits))

    def do_receive(self, size):
        left = int(size)
        while left:
            data = self.connection.recv(left)
            if not data:
                raise ValueError("end of stream")
            left -= len(data)

    def do_until(self, digits):
        """Reads in clear up to some bytes, one by one: what follows them is TLS."""
        end, data = bytes.fromhex(digits), b""
        while not data.endswith(end):
            byte = self.connection.recv(1)
            if not byte:
                raise ValueError("end of stream")
            data += byte

    def do_fill(self):
        """Writes until the kernel takes no more."""
        self.connection.setblocking(False)
        try:
            while True:
                self.connection.send(message(512))
        except (BlockingIOError, ssl.SSLWantWriteError):
            pass

    def do_stream(self):
        self.connection.sendall(STREAM.encode())

    def do_hex(self, digits):
        self.connection.sendall(bytes.fromhex(digits))

    def do_keepalive(self, idle, interval, count):
        s = self.connection
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, int(idle))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, int(interval))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, int(count))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    # -- closing; what goes below TLS calls the plain socket's methods

    def do_notify(self):
        """Sends close_notify and does not wait for the other's."""
        self.connection.setblocking(False)
        try:
            self.connection.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLEOFError):
            pass  # it is sent; Python would go on to read the other's
        self.connection.settimeout(PATIENCE)

    def do_shutdown(self):
        socket.socket.shutdown(self.connection, socket.SHUT_WR)

    def do_drain(self):
        """Reads up to the other end's FIN."""
        while socket.socket.recv(self.connection, 65536):
            pass

    def do_sip(self, seconds):
        """Reads what comes within some seconds."""
        self.connection.settimeout(float(seconds))
        try:
            while socket.socket.recv(self.connection, 65536):
                pass
        except TimeoutError:
            self.connection.settimeout(PATIENCE)

    def do_close(self):
        self.connection.close()

    def do_die(self):
        """Ends the process as a kill would; its kernel closes what it had open."""
        os._exit(0)

    def do_reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def options():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("role", choices=["client", "server"])
    p.add_argument("--tls", choices=["none", *VERSIONS], default="1.2")
    p.add_argument("--ciphers")
    p.add_argument("--alpn")
    p.add_argument("--group", help="the only key exchange group of a server")
    p.add_argument("--no-tickets", action="store_true")
    p.add_argument("--sni", default="courier.push.example")
    p.add_argument("--cert", help="key, certificate and chain, PEM")
    p.add_argument("--ca", help="whom to trust; a server given this asks for a certificate")
    p.add_argument("--keylog", help="where to write the session's secrets")
    p.add_argument("--rcvbuf", type=int)
    p.add_argument("--sndbuf", type=int)
    p.add_argument("--fast-open", action="store_true")
    return p.parse_args()


def obey(end, line):
    result = None
    for command in line.split(";"):
        name, *arguments = command.split()
        method = getattr(end, "do_" + name.replace("-", "_"))
        inspect.signature(method).bind(*arguments)
        result = method(*arguments)
    return result


def main():
    warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.0 is wanted here
    end = End(options())
    for line in sys.stdin:
        try:
            result = obey(end, line)
            print("ok" if result is None else f"ok {result}", flush=True)
        except Exception as error:  # whatever it is, record.sh decides what it means
            print("failed", line.strip(), "-", type(error).__name__, error, flush=True)


main()

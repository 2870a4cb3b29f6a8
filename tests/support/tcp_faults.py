"""Faults below SSH: TCP relays in threads, one small class per fault."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

_BLOCK = 16_384


class Relay:
    """Passes bytes between a client and the port of a server; a context manager.

    Attributes:
        port: where clients connect.
        connections: how many did.
    """

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._thread.join(10)

    def cut(self) -> None:
        """Close every connection."""
        for line in self._open:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(client)
            self.serve(client)

    def serve(self, client: socket.socket) -> None:
        """Connect a client to the server."""
        server = socket.create_connection(("127.0.0.1", self.target))
        self._open.append(server)
        for source, sink in ((client, server), (server, client)):
            up = source is client
            threading.Thread(target=self._pump, args=(source, sink, up), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_BLOCK):
                if up and not self.passes(data):
                    break
                sink.sendall(data)
        for line in (source, sink):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def passes(self, data: bytes) -> bool:
        """Whether these bytes of the client go on; if not, the connection is cut."""
        return True


class BannerHang(Relay):
    """Accepts, and never says a word."""

    def serve(self, client: socket.socket) -> None:
        """Keep the client waiting."""


class NotSsh(Relay):
    """Something else listens there: a web server answers."""

    def serve(self, client: socket.socket) -> None:
        """Answer in another protocol."""
        with suppress(OSError):
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            client.shutdown(socket.SHUT_RDWR)


class SlowLink(Relay):
    """Lets few bytes through at a time, and makes each wait."""

    def passes(self, data: bytes) -> bool:
        """Wait as long as a thin line would."""
        time.sleep(len(data) / 200_000)  # 1.6 Mbit/s
        return True


class CutsAfter(Relay):
    """Loses each connection once so many bytes have gone up."""

    def __init__(self, target: int, most: int) -> None:
        super().__init__(target)
        self.most = most
        self.cuts = 0
        self._sent = 0

    def serve(self, client: socket.socket) -> None:
        """Count anew for each connection."""
        self._sent = 0
        super().serve(client)

    def passes(self, data: bytes) -> bool:
        """Cut at the limit."""
        self._sent += len(data)
        if self._sent > self.most:
            self.cuts += 1
            return False
        return True

"""A TCP proxy before PostgreSQL that cuts a connection at a chosen moment."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import typing as t

Point = t.Literal["copy", "before commit", "after commit"]


class Proxy:
    """Listens on loopback and passes on to a Unix socket; cuts `cuts` times at a point."""

    def __init__(self, unix_socket: str, point: Point, cuts: int, every: int = 3) -> None:
        self._unix_socket, self._point, self._every = unix_socket, point, every
        self.cuts_left = cuts
        self._seen = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                with client, socket.socket(socket.AF_UNIX) as server:
                    server.connect(self._unix_socket)
                    with contextlib.suppress(ConnectionError):
                        self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([client, server], [], [])
            if server in ready:
                data = server.recv(65_536)
                if not data:
                    return
                client.sendall(data)
            if client in ready:
                data = client.recv(65_536)
                if not data:
                    return
                if self._is_due(data):
                    if self._point == "after commit":
                        server.sendall(data)
                        server.recv(65_536)
                    elif self._point == "copy":
                        server.sendall(data[: len(data) // 2])
                    return
                server.sendall(data)

    def _is_due(self, data: bytes) -> bool:
        word = b"COPY " if self._point == "copy" else b"COMMIT"
        if word not in data:
            return False
        self._seen += 1
        if self._seen % self._every or not self.cuts_left:
            return False
        self.cuts_left -= 1
        return True

"""The server behind the page: its address, its port, its token."""

import errno
import secrets
import socket
from dataclasses import dataclass
from urllib.parse import quote

from semclip.core.errors import UserError
from semclip.search.page.guard import LOOPBACK, Guard
from semclip.search.page.session import Session


@dataclass(frozen=True)
class Server:
    """A page that is bound to its port and not served yet. url: what to open, with the token where one is needed."""

    session: Session
    listening: socket.socket
    host: str
    token: str

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    @property
    def url(self) -> str:
        name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(self.host, self.host)
        address = f"[{name}]" if ":" in name else name
        return f"http://{address}:{self.port}/" + (f"?token={quote(self.token)}" if self.token else "")

    def run(self) -> None:
        """Serve until Ctrl-C, which comes out as KeyboardInterrupt."""
        import uvicorn

        from semclip.search.page.app import create_app

        local = self.host in LOOPBACK
        names = LOOPBACK if local else {*LOOPBACK, self.host, socket.gethostname(), socket.getfqdn()}
        guarded = Guard(
            create_app(self.session),
            hosts=names,
            any_address=not local,
            token=self.token,
            cookie=f"semclip_{self.port}",  # cookies know no ports, and two pages may be open
        )
        config = uvicorn.Config(
            guarded, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2,
            lifespan="off",
        )  # fmt: skip
        self.session.start()
        uvicorn.Server(config).run(sockets=[self.listening])


def listen(session: Session, host: str, port: int) -> Server:
    """Bind the port. Raises UserError when it is in use, not allowed, or the host is not this computer's."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise UserError(f"'{host}' is no address", "--host", "leave it out, or give this computer's address") from None
    listening = socket.socket(family, kind)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise _refused(error, host, port) from None
    return Server(session, listening, host, "" if host in LOOPBACK else secrets.token_urlsafe(24))


def _refused(error: OSError, host: str, port: int) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(f"port {port} is in use", f"{host}:{port}", "semclip serve --port 0 takes a free one")
    if error.errno == errno.EACCES:
        return UserError(f"port {port} is kept for the system", f"{host}:{port}", "semclip serve --port 8747")
    if error.errno == errno.EADDRNOTAVAIL:
        return UserError("this computer has no such address", f"--host {host}", "leave --host out, or use 0.0.0.0")
    return UserError(f"cannot listen: {error.strerror}", f"{host}:{port}", "semclip serve --port 0 takes a free one")

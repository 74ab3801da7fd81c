"""A real mail server, Debian's Exim, for the tests that need a peer nobody here wrote.

Every test process starts one of its own the first time a test asks: as an ordinary account, on free ports of the
loopback interface, with configuration, queue and mailboxes in a temporary directory. It asks no name server, and no
mail server already on the machine is touched. It offers four ports, for the ways in which offices hand mail over:
`smtp` takes mail for its own domain from anybody; `submission` wants a login and TLS first; `old` knows the
login by LOGIN alone; `smtps` speaks TLS from the start.
"""

import contextlib
import grp
import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from tests.integration.certificates import make_certificate
from tests.integration.postgres import free_port, roomy_memory

DOMAIN = "moha.example"
USER, PASSWORD = "tracker", "pa55-w0rd"
WAYS = ("smtp", "submission", "old", "smtps")
LIMIT = 100_000
START_SECONDS, STORE_SECONDS = 20, 20

CONFIGURATION = """
exim_user = {account}
exim_group = {group}
primary_hostname = mail.{domain}
spool_directory = {home}/spool
log_file_path = {home}/log/%s
pid_file_path = {home}/pid
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {ports}
tls_on_connect_ports = {smtps}
tls_certificate = {home}/server.pem
tls_advertise_hosts = *
auth_advertise_hosts = ${{if eq {{$tls_in_cipher}}{{}} {{}}{{*}}}}
message_size_limit = {limit}
smtp_accept_keepalive = false
host_lookup =
rfc1413_hosts =
deliver_drop_privilege
acl_smtp_mail = check_sender
acl_smtp_rcpt = check_recipient
acl_smtp_data = check_message

begin acl

check_sender:
  deny    condition = ${{if or {{ {{eq {{$received_port}}{{{submission}}}}} {{eq {{$received_port}}{{{old}}}}} }}}}
          !authenticated = *
          message = 530 5.7.0 Authentication required
  accept

check_recipient:
  deny    !domains = {domain}
          message = 550 5.7.1 relay not permitted
  # greylisting: the first try is turned away and remembered, the next one is let in
  defer   local_parts = grey
          condition = ${{if exists{{{home}/seen}}{{no}}{{yes}}}}
          condition = ${{run{{/usr/bin/touch {home}/seen}}{{yes}}{{yes}}}}
          message = 4.7.1 Greylisted, please try again later
  require verify = recipient
  accept

check_message:
  # only while a test asks for it: the whole message is here, and the answer takes its time
  warn    condition = ${{if exists{{{home}/slow}}}}
          condition = ${{run{{/usr/bin/touch {home}/reached}}{{yes}}{{yes}}}}
          delay = 30s
  accept

begin routers

users:
  driver = accept
  domains = {domain}
  local_parts = bnv : grey : bộ
  transport = box

begin transports

box:
  driver = appendfile
  directory = {home}/box
  create_directory
  maildir_format
  envelope_to_add
  return_path_add

begin authenticators

plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${{if eq {{$received_port}}{{{old}}}{{no}}{{yes}}}}
  server_condition = ${{if and {{ {{eq {{$auth2}}{{{user}}}}} {{eq {{$auth3}}{{{password}}}}} }}}}
  server_set_id = $auth2

login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and {{ {{eq {{$auth1}}{{{user}}}}} {{eq {{$auth2}}{{{password}}}}} }}}}
  server_set_id = $auth1
"""


class EximUnavailable(Exception):
    """The server cannot be started here; the sentence says what to do."""


class Exim:
    """A mail server that can be ended like a machine that loses its power, and started again."""

    def __init__(self, home: Path, ports: dict[str, int]) -> None:
        self.home, self.ports = home, ports
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def authority(self) -> Path:
        """The file of the authority that signed the server's certificate."""
        return self.home / "ca.pem"

    def url(self, way: str = "smtp", *, login: str = "", options: str = "") -> str:
        """Return the SMTP URL of one of the ways in."""
        scheme = "smtps" if way == "smtps" else "smtp"
        return f"{scheme}://{login and login + '@'}127.0.0.1:{self.ports[way]}{options and '?' + options}"

    def stored(self, count: int) -> list[EmailMessage]:
        """Return the mails as the server stored them, the oldest first, when there are as many as expected."""
        give_up = time.monotonic() + STORE_SECONDS
        while len(files := sorted(self.home.glob("box/new/*"))) < count and time.monotonic() < give_up:
            time.sleep(0.02)
        assert len(files) == count, self.log()
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]

    @property
    def is_running(self) -> bool:
        """Whether the server was started and nobody killed it since."""
        return self._server is not None

    def begin_afresh(self) -> None:
        """Forget every mail and every try."""
        for file in [*self.home.glob("box/new/*"), *(self.home / name for name in ("seen", "slow", "reached"))]:
            file.unlink(missing_ok=True)

    def slow_down(self) -> None:
        """From now on wait long at the end of every message before answering."""
        (self.home / "slow").touch()

    def has_a_whole_message(self) -> bool:
        """Return whether a slowed server holds a message it has not answered yet."""
        return (self.home / "reached").exists()

    def log(self) -> str:
        """Return what the server wrote of its work."""
        return "\n".join(file.read_text(errors="replace")[-4000:] for file in sorted(self.home.glob("log/*")))

    def start(self) -> None:
        """Start the server; return when it answers."""
        # Without new privileges its setuid bit means nothing; killed with us, should we be killed outright.
        command = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL", "--", program(), "-C", str(self.home / "conf")]
        with (self.home / "log" / "start").open("ab") as log:
            self._server = subprocess.Popen(
                [*command, "-bdf"],
                cwd=self.home,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **account_to_become(),
            )
        give_up = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > give_up:
                self.kill()
                raise EximUnavailable(f"exim did not start:\n{self.log()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server and every conversation it has, at once and without a word."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    def _answers(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.ports["smtp"], local_hostname="localhost", timeout=5):
                return True
        except (OSError, smtplib.SMTPException):
            return False


def program() -> str:
    """Return the path of Exim, which Debian keeps where only root looks."""
    found = shutil.which("exim4", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if found is None:
        raise EximUnavailable("Exim is not installed; `make system` says how")
    return found


def account() -> pwd.struct_passwd:
    """Return as whom the server runs: never as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def account_to_become() -> dict[str, object]:
    """Return what `subprocess` needs to run something as that account."""
    whom = account()
    return {"user": whom.pw_uid, "group": whom.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def prepare(home: Path) -> Exim:
    """Write everything the server reads: its certificate and its configuration, on ports that are free."""
    whom, ports = account(), {way: free_port() for way in WAYS}
    for folder in ("spool", "log", "box", "box/new", "box/cur", "box/tmp"):
        (home / folder).mkdir(exist_ok=True)
    make_certificate(home / "server.pem", authority=home / "ca.pem")
    text = CONFIGURATION.format(
        account=whom.pw_name,
        group=grp.getgrgid(whom.pw_gid).gr_name,
        domain=DOMAIN,
        home=home,
        limit=LIMIT,
        user=USER,
        password=PASSWORD,
        **ports,
        ports=" : ".join(map(str, ports.values())),
    )
    (home / "conf").write_text(text, encoding="utf-8")
    if os.geteuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, whom.pw_uid, whom.pw_gid)
    return Exim(home, ports)


@contextmanager
def running_exim() -> Iterator[Exim]:
    """Yield a fresh server, and leave neither its processes nor its files behind."""
    home = Path(tempfile.mkdtemp(prefix="tracker-exim-", dir=roomy_memory()))
    try:
        server = started(home)
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def started(home: Path) -> Exim:
    """Return a server that answers; another process may take a free port first, so try a few."""
    for _ in range(2):
        server = prepare(home)
        with contextlib.suppress(EximUnavailable):
            server.start()
            return server
        server.kill()
    server = prepare(home)
    server.start()
    return server


@pytest.fixture(scope="module")
def one_exim() -> Iterator[Exim]:
    """A mail server of this module's own."""
    with running_exim() as server:
        yield server


@pytest.fixture
def exim(one_exim: Exim) -> Iterator[Exim]:
    """The mail server with empty boxes, running whatever the test before did to it."""
    yield one_exim
    one_exim.begin_afresh()
    if not one_exim.is_running:
        one_exim.start()

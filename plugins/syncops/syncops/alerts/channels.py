"""Where alerts go: robots of WeCom, DingTalk and Feishu groups, webhooks, e-mail.

Sheets of the robots: a text of at most so many bytes, 20 messages a minute (so one message tells all
that one check found), HTTP 200 also for a refusal, whose reason stands in the body.
"""

from __future__ import annotations

import abc
import base64
import hashlib
import hmac
import smtplib
import ssl
import time
import typing as t
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from http import HTTPStatus
from urllib.parse import quote_plus, urlsplit

import msgspec
import requests
from openplatform.redaction import Redactor
from typing_extensions import override

_TIMEOUT = (10.0, 20.0)
_SHOWN = 200
_PORTS = {"ssl": 465, "starttls": 587, "none": 25}


class ChannelError(Exception):
    """A message was not taken. The text holds no secret."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is told.

    Attributes:
        title: One line.
        lines: One line for each alert.
        more: How to say that so many lines had to be left out; with one `{}`.
        data: The same for programs.
    """

    title: str
    lines: tuple[str, ...]
    more: str
    data: t.Mapping[str, t.Any]

    def text(self, most_bytes: int) -> str:
        """Return all of it, or as much as fits and how many lines were left out."""
        whole = "\n".join([self.title, *self.lines])
        if len(whole.encode()) <= most_bytes:
            return whole
        kept = list(self.lines)
        while kept:
            kept.pop()
            rest = self.more.format(len(self.lines) - len(kept))
            text = "\n".join([self.title, *kept, rest])
            if len(text.encode()) <= most_bytes:
                return text
        return self.title.encode()[:most_bytes].decode(errors="ignore")


class _Channel(
    msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="type"
):
    """Base of the channels."""

    @abc.abstractmethod
    def send(self, message: Message) -> None:
        """Send a message.

        Raises:
            ChannelError: It was not taken.
        """

    def fault(self) -> str | None:
        """Return what is wrong with the settings; None when nothing is."""
        return None


class _Robot(_Channel, kw_only=True, frozen=True):
    """A robot of a group: JSON is posted to an address that holds its key."""

    url: str

    @override
    def fault(self) -> str | None:
        parts = urlsplit(self.url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        return None if usable else "url is no http(s) URL"

    def _post(self, url: str, body: t.Mapping[str, t.Any], secret: str | None = None) -> None:
        """Post a message; the answer's own code decides."""
        answer = _post(url, msgspec.json.encode(body), {})
        redact = Redactor(filter(None, [self.url, secret, *_words(self.url)]))
        try:
            told = msgspec.json.decode(answer.content, type=dict[str, t.Any])
        except msgspec.MsgspecError:
            told = {}
        names = ("errcode", "code", "StatusCode")
        code = next((told[name] for name in names if name in told), None)
        if code is None:
            start = redact(answer.text[:1000])[:_SHOWN]
            raise ChannelError(
                f"HTTP {answer.status_code}, and not what a robot answers: {start!r}. Is url right?"
            )
        if code != 0:
            reason = redact(str(told.get("errmsg") or told.get("msg") or "no reason"))[:_SHOWN]
            raise ChannelError(f"refused with code {code}: {reason}")


class WeCom(_Robot, kw_only=True, frozen=True, tag="wecom"):
    """企业微信群机器人. `mention` names members by user id, or `@all`."""

    mention: tuple[str, ...] = ()

    @override
    def send(self, message: Message) -> None:
        text = {"content": _plain(message).text(2000), "mentioned_list": list(self.mention)}
        self._post(self.url, {"msgtype": "text", "text": text})


class DingTalk(_Robot, kw_only=True, frozen=True, tag="dingtalk"):
    """钉钉自定义机器人. `secret` is that of 加签; `at_mobiles` names members by phone number."""

    secret: str | None = None
    at_mobiles: tuple[str, ...] = ()

    @override
    def send(self, message: Message) -> None:
        url = self.url
        if self.secret:
            now = round(time.time() * 1000)
            url += f"{'&' if '?' in url else '?'}timestamp={now}&sign={self.signature(now)}"
        body = {
            "msgtype": "text",
            "text": {"content": _plain(message).text(15_000)},
            "at": {"atMobiles": list(self.at_mobiles), "isAtAll": False},
        }
        self._post(url, body, self.secret)

    def signature(self, milliseconds: int) -> str:
        """Return 加签: HMAC-SHA256 of time and secret, keyed by the secret; base64, URL-encoded."""
        secret = self.secret or ""
        text = f"{milliseconds}\n{secret}".encode()
        digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
        return quote_plus(base64.b64encode(digest))


class Feishu(_Robot, kw_only=True, frozen=True, tag="feishu"):
    """飞书自定义机器人. `secret` is that of 签名校验."""

    secret: str | None = None

    @override
    def send(self, message: Message) -> None:
        body: dict[str, t.Any] = {
            "msg_type": "text",
            "content": {"text": _plain(message).text(15_000)},
        }
        if self.secret:
            now = round(time.time())
            body |= {"timestamp": str(now), "sign": self.signature(now)}
        self._post(self.url, body, self.secret)

    def signature(self, seconds: int) -> str:
        """Return 签名: HMAC-SHA256 of nothing, keyed by time and secret; base64."""
        key = f"{seconds}\n{self.secret}".encode()
        return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


class Webhook(_Robot, kw_only=True, frozen=True, tag="webhook"):
    """JSON to a program of yours; any 2xx means that it was taken.

    With `secret`, the header X-Syncops-Signature is `sha256=` and the hex HMAC-SHA256 of
    `<X-Syncops-Timestamp>.<body>`.
    """

    headers: dict[str, str] = {}
    secret: str | None = None

    @override
    def send(self, message: Message) -> None:
        body = msgspec.json.encode(
            {"title": message.title, "text": message.text(1_000_000), **message.data}
        )
        headers = dict(self.headers)
        if self.secret:
            now = str(round(time.time()))
            digest = hmac.new(self.secret.encode(), f"{now}.".encode() + body, hashlib.sha256)
            headers["X-Syncops-Timestamp"] = now
            headers["X-Syncops-Signature"] = f"sha256={digest.hexdigest()}"
        answer = _post(self.url, body, headers)
        if answer.status_code // 100 != HTTPStatus.OK // 100:
            raise ChannelError(f"HTTP {answer.status_code}")


class Email(_Channel, kw_only=True, frozen=True, tag="email", rename={"sender": "from"}):
    """Plain text by SMTP."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int | None = None
    security: t.Literal["ssl", "starttls", "none"] = "ssl"
    username: str | None = None
    password: str | None = None

    @override
    def fault(self) -> str | None:
        if not self.to:
            return "to: name at least one address"
        odd = [a for a in (self.sender, *self.to) if "@" not in a or any(c in a for c in "\r\n")]
        if odd:
            return f"{odd[0]!r} is no e-mail address"
        return None if bool(self.username) == bool(self.password) else (
            "username and password belong together"
        )  # fmt: skip

    @override
    def send(self, message: Message) -> None:
        mail = EmailMessage()
        mail["Subject"] = " ".join(message.title.split())
        mail["From"], mail["To"] = self.sender, ", ".join(self.to)
        mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="syncops.invalid")
        mail.set_content("\n".join([message.title, "", *message.lines, ""]))
        try:
            with self._connected() as server:
                if self.username and self.password:
                    server.login(self.username, self.password)
                refused = server.send_message(mail)
        except (OSError, smtplib.SMTPException) as exc:
            raise ChannelError(f"{self.host}: {self._said(exc)}") from None
        if refused:
            raise ChannelError(f"{self.host} refused {', '.join(refused)}")

    def _connected(self) -> smtplib.SMTP:
        port, patience = self.port or _PORTS[self.security], _TIMEOUT[1]
        if self.security == "ssl":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, port, timeout=patience, context=context)
        server = smtplib.SMTP(self.host, port, timeout=patience)
        if self.security == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _said(self, exc: Exception) -> str:
        if isinstance(exc, smtplib.SMTPResponseException):
            error = exc.smtp_error
            text = error.decode(errors="replace") if isinstance(error, bytes) else str(error)
            text = f"{exc.smtp_code} {text}"
        else:
            text = str(exc)
        secrets = filter(None, [self.password])
        return f"{type(exc).__name__}: {Redactor(secrets)(text)[:_SHOWN]}"


Channel = WeCom | DingTalk | Feishu | Webhook | Email


def _post(url: str, body: bytes, headers: t.Mapping[str, str]) -> requests.Response:
    """Post JSON; an error says why without the URL, which holds the robot's key."""
    headers = {"Content-Type": "application/json; charset=utf-8", **headers}
    session = requests.Session()
    # Proxies of the environment are meant; credentials of a .netrc must never be sent along.
    session.trust_env = False
    session.proxies = requests.utils.get_environ_proxies(url)
    try:
        with session:
            return session.post(
                url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            )
    except requests.RequestException as exc:
        host = urlsplit(url).hostname
        raise ChannelError(f"{host} did not answer ({_cause(exc)})") from None


def _cause(exc: BaseException) -> str:
    """Return the system's own words for a failed connection, else the kind of the error."""
    seen: BaseException | None = exc
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        inner = next((a for a in seen.args if isinstance(a, BaseException)), None)
        seen = inner or getattr(seen, "reason", None) or seen.__cause__ or seen.__context__
        if not isinstance(seen, BaseException):
            break
    return type(exc).__name__


def _words(url: str) -> list[str]:
    """Return the parts of an address that may be its key."""
    parts = urlsplit(url)
    values = [pair.partition("=")[2] for pair in parts.query.split("&")]
    return [*values, parts.path.rpartition("/")[2]]


def _plain(message: Message) -> Message:
    """Keep names from mentioning people: the groups read `<@...>` and `<at ...>`."""
    lines = tuple(line.replace("<", "‹") for line in message.lines)
    return replace(message, title=message.title.replace("<", "‹"), lines=lines)

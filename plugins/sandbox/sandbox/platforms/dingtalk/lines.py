"""Stream 模式 of 钉钉, after the fact sheet and open-dingtalk's page of the protocol.

How soon it repeats what got no answer is not documented, so say 10 seconds.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Sequence

from typing_extensions import override

from sandbox.http import Call, Rejected
from sandbox.lines import Answer, Frame, Guest, Operator, Parcel
from sandbox.mixing import digest
from sandbox.platforms.dingtalk.pushes import DingtalkAnnouncer
from sandbox.pushes import Change

if t.TYPE_CHECKING:
    from sandbox.platform import Platform

OPEN: t.Final = "v1.0/gateway/connections/open"
_TICKET = "ticket"
_TICKET_SECONDS = 90
_EVENTS = {"type": "EVENT", "topic": "*"}


class DingtalkOperator(Operator):
    """A ticket for one connection, then JSON frames; a ping opens the conversation."""

    again = 10.0
    _announcer = DingtalkAnnouncer()

    @override
    def gates(self, platform: Platform, base_url: str) -> dict[str, dict[str, str]]:
        names = ("client_id", "client_secret")
        return {
            f"dingtalk/{one['id']}": {
                "corp_id": one["id"],
                "base_url": base_url,
                **{name: one[name] for name in names},
            }
            for one in platform.demo(base_url)["accounts"]
        }

    @override
    def message(self, change: Change) -> t.Any:
        told = self._announcer.message(change)
        if told is None:
            return None
        headers = {
            "eventType": told.pop("EventType"),
            "eventId": digest(change.data.account, change.number),
            "eventCorpId": told.pop("CorpId", None) or told.pop("corpId"),
            "eventBornTime": str(int(change.now * 1000)),
        }
        return headers, {name[0].lower() + name[1:]: value for name, value in told.items()}

    def ticket(self, platform: Platform, call: Call, account: str, asked: t.Any) -> t.Any:
        """Give a ticket to an app that asks for events."""
        if _EVENTS not in (asked.get("subscriptions") or ()):
            raise Rejected("invalidParameter", "subscriptions: nothing is subscribed")
        token = platform.tokens.issue(f"{account} {_TICKET}", call.now, _TICKET_SECONDS)
        endpoint = call.base_url.replace("http", "ws", 1)
        return {"endpoint": f"{endpoint}/{platform.slug}/connect", "ticket": token.value}

    @override
    def admit(self, platform: Platform, call: Call) -> Guest:
        token = platform.tokens.get(call.query.get(_TICKET, ""))
        account, _, kind = token.subject.partition(" ") if token is not None else ("", "", "")
        if call.path != "/connect" or token is None or kind != _TICKET or token.expires <= call.now:
            raise Rejected(401, "ticket is invalid or expired", status=401)
        platform.tokens.revoke(token.subject)  # it opens one connection
        return Guest(account, {account})

    @override
    def greeting(self, guest: Guest) -> Sequence[Frame]:
        guest.notes["opaque"] = digest(guest.app, "ping")
        return [_system("ping", {"opaque": guest.notes["opaque"]})]

    @override
    def farewell(self) -> Sequence[Frame]:
        return [_system("disconnect", {"reason": "connection is expired"})]

    @override
    def frames(self, guest: Guest, parcel: Parcel, now: float) -> Sequence[Frame]:
        headers, data = parcel.message
        common = {
            "topic": "*",
            "messageId": f"{parcel.number}_{parcel.sent}",
            "contentType": "application/json",
            "time": str(int(now * 1000)),
        }
        return [_frame("EVENT", {**common, **headers}, data)]

    @override
    def hear(self, platform: Platform, guest: Guest, frame: Frame, now: float) -> Answer:
        try:
            said = json.loads(frame)
            name, data = str(said["headers"]["messageId"]), json.loads(said["data"])
            code = said["code"]
        except (ValueError, KeyError, TypeError):
            raise Rejected(400, "this is no answer") from None
        if name == "ping":
            if data != {"opaque": guest.notes["opaque"]} or code != 200:
                raise Rejected(400, "the ping was not answered as it came")
            return Answer()
        number = int(name.partition("_")[0])
        # Its own client for Python tells no status.
        taken = code == 200 and data.get("status", "SUCCESS") == "SUCCESS"
        return Answer(done=[number]) if taken else Answer(later=[number])


def _system(topic: str, data: t.Any) -> str:
    headers = {"topic": topic, "contentType": "application/json", "messageId": topic}
    return _frame("SYSTEM", headers, data)


def _frame(kind: str, headers: t.Any, data: t.Any) -> str:
    content = {"specVersion": "1.0", "type": kind, "headers": headers}
    return json.dumps({**content, "data": json.dumps(data, ensure_ascii=False)})

"""The sandbox's own addresses under `/_sandbox/`: status, log, truth and control."""

from __future__ import annotations

import typing as t
from urllib.parse import parse_qsl

import orjson

from sandbox.http import Reply, json_reply
from sandbox.page import PAGE
from sandbox.pushes import Subscription
from sandbox.world import World

ADMIN_PREFIX: t.Final = "/_sandbox"
_KINDS = ("update", "insert", "late", "delete")

Args = dict[str, t.Any]


def administer(world: World, method: str, path: str, query: str, body: bytes) -> Reply:
    """Answer a request to the sandbox itself; wrong input gets status 400 and a reason."""
    place = path.removeprefix(ADMIN_PREFIX).strip("/")
    args: Args = dict(parse_qsl(query))
    try:
        if method == "POST":
            args |= orjson.loads(body) if body else {}
            control = _CONTROLS.get(place)
            if control is None:
                return json_reply({"error": f"no control {place}"}, status=404)
            with world.lock:
                return json_reply({"ok": True, **control(world, args)})
        if place == "":
            return Reply(PAGE, content_type="text/html;charset=UTF-8")
        view = _VIEWS.get(place)
        if view is None:
            return json_reply({"error": f"nothing at {path}"}, status=404)
        return view(world, args)
    except (KeyError, ValueError, TypeError) as error:
        return json_reply({"error": str(error.args[0]) if error.args else repr(error)}, status=400)


def _status(world: World, _args: Args) -> Reply:
    return json_reply(world.status())


def _requests(world: World, args: Args) -> Reply:
    limit = int(args.get("limit", 200))
    platform = args.get("platform")
    with world.lock:
        chosen: list[Args] = []
        for entry in reversed(world.log.entries):
            if len(chosen) >= limit:
                break
            if platform in {None, "", entry.platform}:
                chosen.append(entry.as_dict())
    return json_reply({"requests": chosen[::-1]})


def _truth(world: World, args: Args) -> Reply:
    rows = world.truth(args["platform"], args["account"], args["entity"])
    lines = [
        orjson.dumps(
            {
                "key": row.key,
                "update_time": row.update_time,
                "version": row.version,
                "record": row.record,
            },
            option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
        )
        for row in rows
    ]
    return Reply(b"".join(lines), content_type="application/x-ndjson")


def _deleted(world: World, args: Args) -> Reply:
    with world.lock:
        platform = world.platform(args["platform"])
        return json_reply({"keys": platform.deleted_keys(args["account"], args["entity"])})


_VIEWS: dict[str, t.Callable[[World, Args], Reply]] = {
    "status.json": _status,
    "requests.json": _requests,
    "truth": _truth,
    "deleted": _deleted,
}


def _set_churn(world: World, args: Args) -> Args:
    world.churn.set(args)
    return {"rate": world.churn.rate}


def _set_faults(world: World, args: Args) -> Args:
    world.plan.set(args)
    return {}


def _set_limits(world: World, args: Args) -> Args:
    world.limits.active = bool(args.pop("active", world.limits.active))
    world.limits.numbers.update({name: float(number) for name, number in args.items()})
    return {"active": world.limits.active, "numbers": world.limits.numbers}


def _set_latency(world: World, args: Args) -> Args:
    world.latency_ms = float(args["ms"])
    return {"ms": world.latency_ms}


def _mutate(world: World, args: Args) -> Args:
    kind = args.get("kind", "update")
    if kind not in _KINDS:
        msg = f"unknown kind {kind}; known: {', '.join(_KINDS)}"
        raise ValueError(msg)
    keys = world.mutate(
        args["platform"],
        args["account"],
        args["entity"],
        kind,
        count=int(args.get("count", 1)),
        keys=args.get("keys", ()),
    )
    return {"keys": keys}


def _expire(world: World, args: Args) -> Args:
    slugs = [args["platform"]] if args.get("platform") else list(world.platforms)
    now = world.clock.now()
    expired = sum(world.platform(slug).expire_tokens(now, args.get("account")) for slug in slugs)
    return {"expired": expired}


def _advance(world: World, args: Args) -> Args:
    world.clock.advance(float(args["seconds"]))
    return {"now": world.clock.now()}


def _push(world: World, args: Args) -> Args:
    if args.get("url"):
        shares = {n: float(args[n]) for n in ("repeat", "lose", "hurry") if n in args}
        wanted = Subscription(str(args["url"]).rstrip("/"), **shares)
        return {"accounts": world.subscribe(args["platform"], wanted)}
    world.pushes.unsubscribe(args["platform"])
    return {"accounts": []}


def _hang_up(world: World, args: Args) -> Args:
    slug = world.platform(args["platform"]).slug
    return {"ended": world.lines.hang_up(slug, polite=bool(args.get("polite")))}


def _clear(world: World, _args: Args) -> Args:
    world.log.clear()
    return {}


def _stop(world: World, _args: Args) -> Args:
    world.stopping = True
    return {}


_CONTROLS: dict[str, t.Callable[[World, Args], Args]] = {
    "churn": _set_churn,
    "faults": _set_faults,
    "limits": _set_limits,
    "latency": _set_latency,
    "mutate": _mutate,
    "tokens/expire": _expire,
    "clock/advance": _advance,
    "push": _push,
    "lines/hang_up": _hang_up,
    "requests/clear": _clear,
    "stop": _stop,
}

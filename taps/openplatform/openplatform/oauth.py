"""What platforms answer when they grant a token, in the words of OAuth 2."""

from __future__ import annotations

from datetime import datetime, timedelta

from openplatform.http import Body, expect
from openplatform.tokens import Token


def granted(body: Body, *, now: datetime, where: str, before: Token | None) -> Token:
    """Return the token of an answer; what it does not tell stays as it was before.

    Args:
        body: An object with `access_token` and `expires_in` (seconds), and mostly with
            `refresh_token` and `refresh_token_expires_in`.
        now: When it came (UTC).
        where: Account and API, for errors.
        before: The token that it follows.

    Raises:
        FatalError: It holds no token.
    """
    ends = before.refresh_expires if before else None
    if told := body.get("refresh_token_expires_in"):
        ends = now + timedelta(seconds=int(told))
    return Token(
        access=str(expect(body, "access_token", where=where)),
        expires=now + timedelta(seconds=int(expect(body, "expires_in", where=where))),
        refresh=str(body.get("refresh_token") or (before.refresh if before else "")),
        refresh_expires=ends,
    )

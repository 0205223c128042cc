"""What keeps an X connection alive: tokens for two hours, each refresh token for one use, the webhook, subscriptions.

https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token
https://docs.x.com/x-api/webhooks/quickstart, https://docs.x.com/x-api/activity/quickstart
"""

from __future__ import annotations

import base64
import secrets as random
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from infra.simulator.world import Connection, World
from infra.simulator.x.auth import app_caller, caller, pairs_of

LIVES = 7200  # seconds, an access token
PRIVATE = ("dm.", "chat.")  # what only the account itself may subscribe to


def add_tokens(x: Blueprint, world: World) -> None:
    @x.post("/oauth2/token")
    def token() -> ResponseReturnValue:
        given = request.form
        for connection in world.of("x"):
            for account in connection.accounts:
                pairs = pairs_of(world, connection, account)
                if given.get("refresh_token", "") == pairs[-1].partition(":")[2] != "":
                    return renewed(pairs) if proven(connection) else refused(401, "unauthorized_client")
        return refused(400, "invalid_request")


def renewed(pairs: list[str]) -> ResponseReturnValue:
    """What was used is used up."""
    access, renewing = f"access-{random.token_hex(20)}", f"refresh-{random.token_hex(20)}"
    pairs.append(f"{access}:{renewing}")
    told = {"token_type": "bearer", "expires_in": LIVES, "scope": "tweet.read tweet.write dm.read offline.access"}
    return jsonify({**told, "access_token": access, "refresh_token": renewing})


def proven(connection: Connection) -> bool:
    """An app with a secret says it in a header, another only names itself."""
    secret = "".join(connection.values("client_secret"))
    if not secret:
        return bool(request.form.get("client_id"))
    sent = request.headers.get("Authorization", "").removeprefix("Basic ")
    return unquote(base64.b64decode(sent).decode().partition(":")[2]) == secret


def refused(status: int, error: str) -> ResponseReturnValue:
    what = {"invalid_request": "Value passed for the token was invalid."}
    return jsonify({"error": error, "error_description": what.get(error, "Missing valid authorization header")}), status


def add_webhooks(x: Blueprint, world: World) -> None:
    @x.get("/webhooks")
    def webhooks() -> ResponseReturnValue:
        app_caller(world)
        return jsonify({"data": [webhook(world, number) for number, _ in enumerate(world.of("x"))]})

    @x.route("/activity/subscriptions", methods=["GET", "POST"])
    def subscriptions() -> ResponseReturnValue:
        given = request.get_json(silent=True) or {}
        by_account = str(given.get("event_type", "")).startswith(PRIVATE)
        caller(world) if by_account else app_caller(world)
        if request.method == "POST":
            world.subscribed.setdefault(str(given["filter"]["user_id"]), []).append(str(given["event_type"]))
        return jsonify({"data": subscribed(world)})


def webhook(world: World, number: int) -> dict[str, Any]:
    """As the owner has registered it."""
    return {"id": f"19000{number}", "url": f"{world.product}{world.of('x')[number].webhook}", "valid": True}


def subscribed(world: World) -> list[dict[str, Any]]:
    accounts = [account for connection in world.of("x") for account in connection.accounts]
    return [
        {"event_type": kind, "filter": {"user_id": account}}
        for account in accounts
        for kind in world.subscribed.get(account, ())
    ]

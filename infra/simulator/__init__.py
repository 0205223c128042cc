"""The platforms, played on one machine: Graph API (Facebook comments, Messenger), X, and a shop that speaks Standard Webhooks.

    python -m infra.simulator --config build/simulator.json --port 8026 --media --echo-to http://127.0.0.1:4566

`--config` is JSON: {"connections": [...], "people"?: {id: {"name", "username"?}}, "mail"?: see `mail.py`}, a connection being
{"name", "channel", "accounts": [id ...], "secrets": {...}, "webhook"?}
with the secrets the product has too:

- facebook: `page_tokens` {page id: token}, `app_secret` (signs echoes, checks appsecret_proof);
- instagram, threads: `access_tokens` {account: token}, `app_secret` (signs); their APIs are below `/instagram` and `/threads`;
- x: `access_tokens` {user id: token, or the four OAuth 1.0a keys with colons between}, `consumer_secret` (signs echoes);
- standard_webhooks: `reply_secret` (whsec_…, verifies what the product posts to `/shop/replies`),
  `signing_secret` (whsec_…, signs what customers write);
- linkedin: `access_tokens` {page id: access token:refresh token}, `client_secret` (signs); its API is below `/linkedin`;
- sms, phone: `auth_token` (signs, signs in); their API is below `/twilio`;
- youtube: `refresh_token`; its API is below `/youtube`, and nothing is pushed;
- line: `access_tokens` {bot's user id: token}, `channel_secret` (signs); its API is below `/line`;
- telegram: `bot_token` (<bot>:<secret>), `secret_token` (comes with each delivery); its API is below `/telegram`;
- viber: `auth_token` (signs, and lets answers in); its API is below `/viber/pa`;
- zalo: `access_tokens` {OA: access token:refresh token}, `oa_secret_key` (signs); its API is below `/zalo`, its app is `simulator`;
- zalo_bot: `bot_token`, `secret_token` (signs); its API is below `/zalo-bot`;
- wechat, wecom: `app_secret` (gives tokens), `token` (signs), `aes_key` (encrypts); their APIs are below `/wechat` and `/wecom`,
  their app and corporation is `simulator`;
- tiktok: `access_tokens` {account: access token:refresh token}, `app_secret` (signs); its API is below `/tiktok`;
- mastodon: `access_tokens` {account: token}; its API is below `/mastodon`, and nothing is pushed;
- bluesky: `app_passwords` {account: password}; its API is below `/bluesky`, and nothing is pushed.

A secret may be a list of values valid now. `webhook` is where echoes go below `--echo-to`; by default `/webhooks/<channel>/<name>`.
`people` also names accounts. Configuration errors end the program with a line that names the key.

For scripts and tests, all JSON:

- `GET /posts`: [{id, channel, account, thread, text, public, at, in_reply_to, kind, files}], oldest first; `DELETE /posts` forgets
  everything. `thread` is the comment or post, the person (Messenger, direct messages), the post answered (X), or what the shop was told.
- `POST /fail` {"channel", "kind", "times"?, "on"?}: the next requests go wrong; kinds in `failures.KINDS`,
  `on` is "post" (default), "look_up" or "upload" (X's media).
- `POST /inbound` {"channel", "account", "author", "at"?, "thread"?, "name"?, "text"?, "public"?}: a customer wrote. From then on the
  window of that author counts, and once a thread of an account is told, answers to other threads are refused.
- `POST /say` {"place", "text", "name"?, "account"?, "picture"?} -> {id, author, account, status}: a customer writes, and the
  product's webhook gets it; `place` is the key of one in `platforms.py`. Needs `--echo-to`; 502 when it is not taken.
- `GET /echoes`: what was sent to the product's webhook, with its answer's status.

A platform is a module with a `PLATFORM` (`platform.py`), named in `platforms.py`: where customers write, how that is told
to the product and signed, its API as a Blueprint, the secrets that are made for a run.
"""

from infra.simulator.server import main, serve

__all__ = ["main", "serve"]

"""`bridgehead up`: the whole product on this machine, deployed by the same code that deploys to AWS.

    mailbox (plays the helpdesk) <- SES of the emulator <- the stack <- API Gateway of the emulator
    mailbox -> SMTP front (plays SES inbound) -> the stack -> simulator (plays the platforms)

What a script needs to know is written to build/local.json.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.parameters import Parameters, put_settings
from infra.parameters.reply_keys import ensure_keys
from infra.settings.document import check
from infra.simulator import phone
from infra.simulator.platforms import PLATFORMS
from infra.stack import processes
from infra.stack.deploy import Outputs, deploy
from infra.stack.package import BUILD, ROOT, Say, package, press
from infra.stack.processes import Local, free_ports, run_beside
from infra.stack.rollout import template_parameters

STAGE = "local"
SETTINGS = Path(__file__).with_name("local.toml")
STATE = BUILD / "local.json"
MAILS = BUILD / "mails"
SIMULATOR = BUILD / "simulator.json"
MODULES = {"mailbox": "infra.mailbox", "simulator": "infra.simulator", "smtp_front": "infra.local.smtp_front"}
PORTS = {"mailbox_smtp": 1025, "mailbox": 8025, "simulator": 8026, "inbound_smtp": 2525}
PEOPLE = {
    "100200300400500": {"name": "Café Sonnenschein"},
    "17841400000000001": {"name": "Café Sonnenschein", "username": "sonnenschein"},
    "sonnenschein": {"name": "Café Sonnenschein", "username": "sonnenschein"},
    "410066123450001": {"name": "Café Sonnenschein"},
    "2244000001": {"name": "Café Sonnenschein", "username": "sonnenschein"},
    "30911502": {"name": "Café Sonnenschein"},
    "UCsonnenschein0000000001": {"name": "Café Sonnenschein", "username": "sonnenschein"},
    "Usonnenschein000000000000000000001": {"name": "Café Sonnenschein"},
    "2880123456789012345": {"name": "Café Sonnenschein"},
    "7000111222": {"name": "Café Sonnenschein", "username": "sonnenschein_bot"},
    "act.sonnenschein": {"name": "Café Sonnenschein", "username": "sonnenschein"},
    "sonnenschein@social.example": {"name": "Café Sonnenschein", "username": "sonnenschein"},
    "sonnenschein.bsky.example": {"name": "Café Sonnenschein", "username": "sonnenschein.bsky.example"},
    "5550001": {"name": "Linh Nguyễn"},
    "5550002": {"name": "Mia Muster"},
    "7770001": {"name": "田中 花子", "username": "hanako_t"},
}


def up(say: Say = print, helpdesk: Mapping[str, Any] | None = None, mail_server: str = "") -> dict[str, Any]:
    """Starts everything that does not run yet and gives back what is in build/local.json. Raises LocalError, DeployError.

    `helpdesk` is laid over the settings' own, `mail_server` (host:port) gets our mail instead of the mailbox: for a real
    helpdesk beside the stack. Neither changes a stack that runs.
    """
    running = running_state()
    if running:
        say("The local stack runs already.")
        return running
    processes.stop(lambda text: None)
    ports = free_ports(PORTS)
    shutil.rmtree(MAILS, ignore_errors=True)
    MAILS.mkdir(parents=True)
    with ThreadPoolExecutor() as beside:  # both wait for the network
        packaged = beside.submit(_package, say)
        started = processes.start(mail_server or f"127.0.0.1:{ports['mailbox_smtp']}", say=say)
        packaged.result()
    checked = _settings(ports["simulator"], helpdesk or {})
    outputs = deploy(STAGE, template_parameters(checked), started.endpoint_url, say)
    given = _configure(checked, outputs, started.endpoint_url)
    _start_helpers(started, outputs, checked, ports, given)
    state = _state(started, outputs, checked, ports, given)
    STATE.write_text(json.dumps(state, indent=2, ensure_ascii=False))
    say(_told(state))
    return state


def _package(say: Say) -> None:
    package(STAGE, say, "here")
    press("here", say)


def down(say: Say = print) -> None:
    """Stops what `up` started, and nothing else."""
    processes.stop(say)
    STATE.unlink(missing_ok=True)


def running_state() -> dict[str, Any] | None:
    """What is in build/local.json, if the stack it speaks of answers."""
    if not (STATE.exists() and processes.current()):
        return None
    state: dict[str, Any] = json.loads(STATE.read_text())
    return state


def _settings(simulator_port: int, helpdesk: Mapping[str, Any]) -> dict[str, Any]:
    content = SETTINGS.read_text("utf-8").replace("SIMULATOR", f"http://127.0.0.1:{simulator_port}")
    checked = check(content, STAGE).settings
    checked["helpdesk"].update(helpdesk)
    for connection in checked["connections"].values():
        connection["options"]["media_hosts"] = ["127.0.0.1"]
    if "phone" in checked:
        checked["phone"]["api_url"] = f"http://127.0.0.1:{simulator_port}"
    return checked


def _configure(checked: Mapping[str, Any], outputs: Outputs, endpoint: str) -> dict[str, Any]:
    """Settings, keys and secrets made for this run; gives back the secrets by connection."""
    from infra.stack.deploy import connect

    parameters = Parameters(connect(endpoint).client("ssm"), f"/bridgehead/{STAGE}")
    put_settings(parameters, {**checked, "public_url": outputs.api_url})
    ensure_keys(parameters)
    given = {
        name: PLATFORMS[found["channel"]].secrets(found["accounts"]) for name, found in checked["connections"].items()
    }
    given |= {"phone": phone.secrets()} if "phone" in checked else {}
    for name, (receive, send) in given.items():
        parameters.put(f"receive/{name}", receive)
        parameters.put(f"send/{name}", send)
    return {name: {**receive, **send} for name, (receive, send) in given.items()}


def _start_helpers(
    started: Local, outputs: Outputs, checked: Mapping[str, Any], ports: Mapping[str, int], given: Mapping[str, Any]
) -> None:
    mail = {"inbound_smtp": f"127.0.0.1:{ports['inbound_smtp']}", "mails_dir": str(MAILS)}
    played = {"connections": _connections(checked, given), "people": PEOPLE, "mail": mail, **_phone(checked, given)}
    SIMULATOR.write_text(json.dumps(played))
    agents = [word for agent in checked["agents"] for word in ("--agent", f"{agent['name']} <{agent['address']}>")]
    commands = {
        "mailbox": [
            *("--mails-dir", str(MAILS), "--inbound-smtp", f"127.0.0.1:{ports['inbound_smtp']}", *agents),
            *("--smtp-port", str(ports["mailbox_smtp"]), "--port", str(ports["mailbox"])),
            *("--owner", checked["owner"]["address"]),
        ],
        "simulator": [
            *("--config", str(SIMULATOR), "--port", str(ports["simulator"]), "--media", "--echo-to", outputs.api_url)
        ],
        "smtp_front": [
            *("--endpoint-url", started.endpoint_url, "--domain", checked["reply_domain"], "--bucket", outputs.bucket),
            *("--topic-arn", outputs.topic_arn, "--port", str(ports["inbound_smtp"])),
        ],
    }
    for name, arguments in commands.items():
        started = run_beside(started, name, [sys.executable, "-m", MODULES[name], *arguments])
    for name in ("mailbox", "simulator"):
        processes.wait_for(f"http://127.0.0.1:{ports[name]}/", started.process_ids[name])


def _connections(checked: Mapping[str, Any], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "channel": found["channel"], "accounts": found["accounts"], "secrets": given[name]}
        for name, found in checked["connections"].items()
    ]


def _phone(checked: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The phones that the simulator plays."""
    if "phone" not in checked:
        return {}
    people = [checked[role] for role in ("owner", "lead") if checked.get(role, {}).get("phone")]
    numbers = [{"name": each["name"], "number": each["phone"]} for each in people]
    return {"phone": {**checked["phone"], **given["phone"], "people": numbers}}


def _state(
    started: Local, outputs: Outputs, checked: Mapping[str, Any], ports: Mapping[str, int], given: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "api_url": outputs.api_url,
        "aws_endpoint": started.endpoint_url,
        "region": outputs.region,
        "table": outputs.table,
        "mailbox_url": f"http://127.0.0.1:{ports['mailbox']}",
        "mailbox_smtp": f"127.0.0.1:{ports['mailbox_smtp']}",
        "inbound_smtp": f"127.0.0.1:{ports['inbound_smtp']}",
        "simulator_url": f"http://127.0.0.1:{ports['simulator']}",
        "mails_dir": str(MAILS),
        "reply_domain": checked["reply_domain"],
        "helpdesk": checked["helpdesk"],
        "agents": [agent["address"] for agent in checked["agents"]],
        "owner": checked["owner"],
        "connections": _connections(checked, given),
    }


def _told(state: Mapping[str, Any]) -> str:
    webhooks = [
        f"  {each['name']:<10} {state['api_url']}/webhooks/{each['channel']}/{each['name']}"
        for each in state["connections"]
    ]
    return "\n".join(
        [
            "",
            "Bridgehead runs on this machine.",
            f"  the helpdesk's mailbox   {state['mailbox_url']}/",
            f"  what was posted          {state['simulator_url']}/",
            f"  the owner's phone        {state['simulator_url']}/phone",
            f"  for scripts              {STATE.relative_to(ROOT)}",
            "Webhooks:",
            *webhooks,
            "",
        ]
    )

"""The documentation names what is there, names nothing that is not, and its links lead somewhere."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.channels import CHANNELS
from chalicelib.helpdesks import HELPDESKS
from infra import docs
from infra.catalogue import catalogue
from infra.commands import every_command
from infra.stack.package import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CODE = ("app.py", "chalicelib/**/*.py", "infra/**/*.py", "infra/*.toml", "infra/*.yaml", "*.toml", "Makefile")
WRITTEN = [*PAGES, *(path for pattern in CODE for path in sorted(ROOT.glob(pattern)))]


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


class Template(yaml.SafeLoader):
    """CloudFormation's short forms are of no interest here."""


Template.add_multi_constructor("!", lambda loader, suffix, node: None)


def template() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(page("infra/stack/resources.yaml"), Template)  # noqa: S506 - a safe loader
    return found


# --- what is there is named ------------------------------------------------------------------------------------------


def test_the_tables_of_channels_are_what_the_code_says() -> None:
    assert docs.main(["--check"]) == 0


def test_a_stale_table_is_noticed_and_mended() -> None:
    stale = f"before\n{docs.BEGIN}\nold words\n{docs.END}\nafter\n"
    fresh = docs.rewritten(stale, catalogue())
    assert "old words" not in fresh
    assert fresh.startswith("before\n")
    assert fresh.endswith("after\n")
    assert docs.rewritten(fresh, catalogue()) == fresh


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the line"):
        docs.rewritten("no marks", catalogue())


def test_every_channel_has_a_page_with_its_secrets_that_the_readme_links() -> None:
    for channel in CHANNELS.values():
        own = page(f"docs/channels/{channel.name}.md")
        missing = [
            name for name in (*channel.receive_secrets, *channel.send_secrets) if not re.search(rf"\b{name}\b", own)
        ]
        assert not missing, channel.name
        assert f"docs/channels/{channel.name}.md" in page("README.md")


def test_every_kind_of_helpdesk_is_described() -> None:
    described = re.findall(r"^\| `([\w-]+)` \|", page("docs/helpdesk.md"), re.MULTILINE)
    assert sorted(described) == sorted(HELPDESKS)


def test_every_parameter_of_the_template_is_described() -> None:
    described = page("docs/deploy.md")
    assert [name for name in template()["Parameters"] if f"`{name}`" not in described] == []


def test_every_alarm_is_described() -> None:
    alarms = [name for name, found in template()["Resources"].items() if found.get("Type") == "AWS::CloudWatch::Alarm"]
    described = page("docs/operations.md")
    assert [name for name in alarms if f"`{name}`" not in described] == []


def test_every_metric_is_described() -> None:
    code = "".join(path.read_text("utf-8") for path in ROOT.glob("chalicelib/**/*.py"))
    counted = set(re.findall(r"metrics\.count\(\"(\w+)\"", code))
    alarmed = {
        found["Properties"].get("MetricName") for found in template()["Resources"].values() if "Properties" in found
    }
    described = page("docs/operations.md")
    assert [name for name in sorted(counted - alarmed) if f"`{name}`" not in described] == []


def test_every_command_and_option_is_described() -> None:
    described = page("docs/operations.md")
    commands = dict(leaves(every_command()))
    options = {option for parser in commands.values() for option in long_options(parser)}
    assert [name for name in commands if not re.search(rf"`(?:bridgehead )?{name}\b", described)] == []
    assert [option for option in sorted(options) if option not in described] == []


def test_every_make_target_is_described() -> None:
    described = page("CONTRIBUTING.md")
    targets = re.findall(r"^([a-z0-9]+):.*##", page("Makefile"), re.MULTILINE)
    assert [name for name in targets if name != "help" and f"make {name}" not in described] == []


# --- what is named is there ------------------------------------------------------------------------------------------


def test_every_command_that_is_named_is_there() -> None:
    known = {" ".join(name.split(" ")[:count]) for name, _ in leaves(every_command()) for count in (1, 2)}
    groups = {name.split(" ")[0] for name in known if " " in name}
    for first, second in named(r"(?:`|^ *)bridgehead ([a-z]+)(?: ([a-z]+))?", PAGES):
        assert (f"{first} {second}" if first in groups and second else first) in known


def test_every_make_target_that_is_named_is_there() -> None:
    targets = re.findall(r"^([a-z0-9]+):", page("Makefile"), re.MULTILINE)
    assert set(named(r"(?:`|^|&& )make ([a-z0-9]+)", PAGES)) <= set(targets)


def test_every_link_leads_somewhere() -> None:
    links = [(path, link) for path in PAGES for link in named(r"\]\(([^)\s]+)\)", [path])]
    for path, link in links:
        if not link.startswith(("https://", "http://", "mailto:")):
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), (path.name, link)
            assert not anchor or anchor in anchors(target), (path.name, link)


def test_only_pages_of_this_project_are_named() -> None:
    known = {each.name for each in PAGES}
    strange = {link for link in named(r"(?<![\w./:-])[\w./-]*\w\.md\b", WRITTEN) if Path(link).name not in known}
    assert strange == set()


def test_nothing_names_the_machine_it_was_written_on() -> None:
    assert named(r"(?<![\w.])/(?:work|home|root|Users)/\S*", WRITTEN) == []


def named(pattern: str, paths: list[Path]) -> list[Any]:
    """What fits in these files."""
    return [found for path in paths for found in re.findall(pattern, path.read_text("utf-8"), re.MULTILINE)]


def leaves(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its words, such as "secret set", and its parser."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield name, parser
    for group in groups:
        for word, inner in group.choices.items():
            yield from leaves(inner, f"{name} {word}".strip())


def long_options(parser: argparse.ArgumentParser) -> Iterator[str]:
    options = (option for action in parser._actions for option in action.option_strings)
    return (option for option in options if option.startswith("--") and option != "--help")


def anchors(target: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

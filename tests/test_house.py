"""The rules of the house that a type checker cannot see: what is loaded when, and where things lie."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.served import free_base

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {"CHANGELOG.md", "LICENSE", "README.md", "mailsim", "notebooks", "pyproject.toml", "scenarios", "tests"}
BELOW_CLI = ["agents", "mail", "net", "protocols", "scenario", "trace"]


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split("\n"))


def test_views_do_not_load_the_engine() -> None:
    screens = "mailsim.views.tui.screen, mailsim.views.tui.hand.screen, mailsim.views.tui.hand.services"
    texts = "mailsim.views.text.run, mailsim.views.text.why, mailsim.views.pcapng"
    loaded = loaded_after(f"import mailsim.views, mailsim.views.tui, {texts}, {screens}")
    assert not loaded & {"simpy", "mailsim.net", "mailsim.agents", "mailsim.scenario"}


def test_help_loads_nothing_heavy() -> None:
    code = "from mailsim.cli import main\nsys.argv = ['mailsim', '--help']\ntry: main()\nexcept SystemExit: pass"
    assert not loaded_after(code) & {"matplotlib", "networkx", "textual", "dns", "simpy", "pydantic", "ruamel.yaml"}


def test_a_list_of_scenarios_reads_neither_the_schema_nor_the_engine() -> None:
    code = "from mailsim.cli import main\nsys.argv = ['mailsim', 'list']\ntry: main()\nexcept SystemExit: pass"
    loaded = loaded_after(code)
    assert "mailsim.scenario.shipped" in loaded
    engine = {"mailsim.scenario.schema", "mailsim.scenario.loader", "mailsim.agents", "mailsim.net", "mailsim.trace"}
    assert not loaded & {"matplotlib", "networkx", "textual", "dns", "simpy", "cryptography", *engine}


def test_a_run_loads_no_library_of_graphs_for_a_network_that_is_a_tree() -> None:
    run = "sys.argv = ['mailsim', 'run', 'first-mail']\ntry: main()\nexcept SystemExit: pass"
    loaded = loaded_after(f"from mailsim.cli import main\n{run}")
    assert not loaded & {"matplotlib", "networkx", "textual"}


SERVE = """
import asyncio
from mailsim.live.gateway import Gateway

async def ready(gateway):
    pass

Gateway.run = ready
sys.argv = ["mailsim", "serve", "first-mail", "--port-base", "{base}", "--lang", "en"]
from mailsim.cli import main
try: main()
except SystemExit: pass
"""
"""As far as the table of ports, and no further."""


def test_what_serve_needs_only_for_guests_is_loaded_when_they_come() -> None:
    loaded = loaded_after(SERVE.format(base=free_base(1)))
    assert {"mailsim.agents.servers", "mailsim.scenario.build", "mailsim.live.gateway"} <= loaded
    servers = {f"mailsim.agents.{name}" for name in ("mta", "msa", "mda", "access_imap", "access_pop3", "smtp_server")}
    clients = {f"mailsim.agents.{name}" for name in ("delivery", "inbox", "outbox", "smtp_client", "imap_client")}
    engines = {"mailsim.protocols.imap", "mailsim.protocols.pop3", "mailsim.protocols.smtp.commands"}
    faults = {"mailsim.scenario.faults", "mailsim.scenario.breakages", "mailsim.net.certificates", "cryptography"}
    others = {f"mailsim.cli.{name}" for name in ("files", "digging", "talking", "queueing")}
    screens = {"mailsim.views", "textual", "rich.table", "networkx", "matplotlib"}
    assert not loaded & (servers | clients | engines | faults | others | screens)


def test_the_list_of_scenarios_is_there_before_the_engine_and_the_map() -> None:
    loaded = loaded_after("import mailsim.cli.shelf, mailsim.views.tui.app, mailsim.views.tui.picker")
    engine = {"simpy", "dns", "pydantic", "ruamel.yaml", "mailsim.net", "mailsim.agents", "mailsim.scenario"}
    assert not loaded & {
        "networkx",
        "matplotlib",
        "PIL",
        "mailsim.views.tui.score",
        "mailsim.views.tui.screen",
        *engine,
    }


def test_the_top_level_holds_only_what_the_design_lists() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    tops = {line.split("/")[0] for line in listed.splitlines()}
    assert {top for top in tops if not top.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("package", BELOW_CLI)
def test_no_wall_clock_no_global_random_no_print_below_cli(package: str) -> None:
    wrong = []
    for path in sorted((ROOT / "mailsim" / package).rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            clock = called in ("time.time", "time.monotonic", "datetime.now", "datetime.utcnow", "date.today")
            chance = "random" in imported and called.startswith("random.") and called != "random.Random"
            if clock or chance or called == "print":
                wrong.append(f"{path}:{node.lineno} {called}")
    assert wrong == []


def test_ci_calls_the_test_command_of_the_readme() -> None:
    command = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[-1]
    assert command.endswith("-m tests")
    assert command.replace(" -q", "") in (ROOT / "README.md").read_text("utf-8").replace(" -q", "")

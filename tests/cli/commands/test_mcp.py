"""`xoxzo mcp` as a process: the SDK's own client over standard input and output, before a served simulator."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters

from xoxzo.cloudpy.cli.app import xoxzo

XOXZO = str(Path(sys.executable).with_name("xoxzo"))
ANNE = "+818011112222"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
SEND = {"name": "sms_send", "arguments": {"recipient": "anne", "message": "hello", "reference": "a"}}
SENDING = (
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": SEND},
)
ALLOWED = ["--allow", f"anne={ANNE}", "--budget", "25", "--sender", "Shop"]


def environment(url: str, account: tuple[str, str]) -> dict[str, str]:
    """Return what an assistant's settings would hold."""
    keep = {name: value for name, value in os.environ.items() if name.startswith(("COVERAGE", "COV_"))}
    return keep | {"XOXZO_API_HOST": url, "XOXZO_API_SID": account[0], "XOXZO_API_AUTH_TOKEN": account[1]}


def test_over_standard_input_and_output(
    simulator_url: str, account: tuple[str, str], new_number: Callable[[], str]
) -> None:
    """An assistant finds the tools, sends to who is allowed until the budget is spent, and sees masked numbers."""
    number = new_number()
    allowed = ["--allow", f"anne={number}", "--budget", "25", "--sender", "Shop"]
    server = StdioServerParameters(command=XOXZO, args=["mcp", *allowed], env=environment(simulator_url, account))

    async def scenario() -> None:
        async with Client(server) as client:
            assert "simulator on this machine" in client.instructions
            assert {tool.name for tool in (await client.list_tools()).tools} >= {"sms_send", "credits", "limits"}
            sent = await client.call_tool("sms_send", {"recipient": "anne", "message": "hello", "reference": "a"})
            assert not sent.is_error, sent.content
            again = await client.call_tool("sms_send", {"recipient": "anne", "message": "hello", "reference": "a"})
            assert (sent.structured_content["repeated"], again.structured_content["repeated"]) == (False, True)
            refused = await client.call_tool("sms_send", {"recipient": ANNE, "message": "x", "reference": "b"})
            assert refused.is_error
            status = await client.call_tool("sms_status", {"msgid": sent.structured_content["id"]})
            assert status.structured_content["recipient"] == f"+81••••{number[-4:]}"

    asyncio.run(scenario())
    with build_opener(ProxyHandler({})).open(f"{simulator_url}/_simulator/phones/{number}") as answer:
        assert [message["text"] for message in json.load(answer)["messages"]] == ["hello"]


def test_nothing_but_the_protocol(simulator_url: str, account: tuple[str, str]) -> None:
    """Standard output has JSON lines only, standard error the destination; the end of the input ends it."""
    finished = subprocess.run(
        [XOXZO, "mcp"],
        input=json.dumps(HELLO) + "\n",
        capture_output=True,
        encoding="utf-8",
        env=os.environ | environment(simulator_url, account),
        timeout=60,
        check=True,
    )
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [line["id"] for line in lines] == [1]
    assert lines[0]["result"]["serverInfo"]["name"] == "xoxzo"
    assert simulator_url in finished.stderr
    assert account[1] not in finished.stdout + finished.stderr


@pytest.mark.parametrize(("sends", "status"), [(False, 0), (True, 7)])
def test_ctrl_c(sends: bool, status: int, account: tuple[str, str]) -> None:
    """Ctrl-C ends it at once, with 7 while something is being sent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [XOXZO, "mcp", *ALLOWED]
        given = os.environ | environment(url, account)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=given) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            asked, _ = silent.accept()
            with asked:  # whether it is a simulator; it is not
                assert asked.recv(1000).startswith(b"GET /_simulator/health ")
            process.stdin.write(json.dumps(HELLO).encode() + b"\n")
            process.stdin.flush()
            assert process.stdout.readline()
            if sends:
                for message in SENDING:
                    process.stdin.write(json.dumps(message).encode() + b"\n")
                process.stdin.flush()
                connection, _ = silent.accept()
                with connection:
                    assert connection.recv(100)
                    process.send_signal(signal.SIGINT)
                    assert process.wait(60) == status
            else:
                process.send_signal(signal.SIGINT)
                assert process.wait(60) == status


@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        ([], 4, "XOXZO_API_SID"),
        (["--simulator", "--profile", "x"], 2, "exclude each other"),
        (["--allow", ANNE], 2, "Give both"),
        (["--budget", "10"], 2, "Give both"),
        (["--allow", ANNE, "--budget", "10"], 2, "Give a sender"),
        (["--allow", ANNE, "--allow", f"person1={ANNE}", "--budget", "10"], 2, "each name once"),
        (["--allow", f"={ANNE}", "--budget", "10"], 2, "each name once"),
        (["--allow", "anne=080", "--budget", "10"], 2, "allow"),
        (["--allow", ANNE, "--budget", "ten"], 2, "budget"),
        (["--allow", ANNE, "--budget", "0"], 2, "budget"),
        ([*ALLOWED[:4], "--sender", "much too long a sender"], 2, "sender"),
        ([*ALLOWED, "--caller", "815012345678"], 2, "--call-price"),
        ([*ALLOWED, "--sms-price", "-1"], 2, "sms-price"),
        (ALLOWED, 4, "Or try it with --simulator."),
    ],
)
def test_refusals(words: list[str], status: int, expected: str, tmp_path: Path) -> None:
    """Invalid limits and missing credentials are errors of one line; the server does not start."""
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    refused = CliRunner(env=home).invoke(xoxzo, ["mcp", *words])
    assert (refused.exit_code, expected in refused.output) == (status, True), refused.output

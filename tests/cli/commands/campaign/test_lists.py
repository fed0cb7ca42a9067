"""Lists as people bring them, from the file to the phones: everybody gets the right words, or is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner, Result

from xoxzo.cloudpy.cli.app import xoxzo
from xoxzo.cloudpy.simulator import Settings, Simulator

PEOPLE = "phone,first name,お名前（漢字）,n\n090-1111-2222,Taro,山田,1\n080-1111-3333,Hana,鈴木,2\n"
Send = Callable[..., tuple[Result, dict[str, str]]]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Simulator, str]]:
    """One simulator for all tests of this file; each looks at what has come since it began."""
    with Simulator(Settings(seed=1, templates_approved=True)) as simulator, simulator.serve() as server:
        yield simulator, server.url


@pytest.fixture
def send(server: tuple[Simulator, str], home: Path, monkeypatch: pytest.MonkeyPatch) -> Send:
    """Write files, run a command, and return its result with the texts that each phone has got from it."""
    simulator, url = server
    monkeypatch.chdir(home)
    for name, value in [("HOST", url), ("SID", "s"), ("AUTH_TOKEN", "t")]:
        monkeypatch.setenv(f"XOXZO_API_{name}", value)
    monkeypatch.setenv("XOXZO_CAMPAIGNS", str(home / "campaigns"))

    def invoke(files: dict[str, str | bytes], *arguments: str, verb: str = "run") -> tuple[Result, dict[str, str]]:
        for name, content in files.items():
            Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        before = {number: len(messages) for number, messages in simulator.engine.sms.by_phone.items()}
        yes = ["--yes"] if verb == "run" else []
        result = CliRunner().invoke(xoxzo, ["campaign", verb, *arguments, "--sender", "Shop", *yes])
        received = {
            number: "|".join(message.text for message in list(messages.values())[before.get(number, 0) :])
            for number, messages in simulator.engine.sms.by_phone.items()
        }
        received = {number: texts for number, texts in received.items() if texts}
        return result, received

    return invoke


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hi {first name}", "Hi Taro"),
        ("Hi {FIRST_NAME} {{ First Name }}", "Hi Taro Taro"),
        ("{お名前(漢字)}様｛n｝", "山田様1"),
        ("{{お名前（漢字）}}様", "山田様"),
    ],
)
@pytest.mark.parametrize("kind", ["--text", "--template"])
def test_every_header_can_be_a_placeholder(send: Send, text: str, first: str, kind: str) -> None:
    """In a message that we fill in, and in a template that Xoxzo fills in."""
    if kind == "--template":
        from xoxzo.cloudpy import Client

        with Client() as client:
            text = str(client.templates.create(name="t", content=text).id)
    result, received = send({"list.csv": PEOPLE}, "list.csv", kind, text)
    assert (result.exit_code, len(received)) == (0, 2), result.output
    assert received["+819011112222"] == first


def test_a_list_cannot_control_the_terminal(send: Send) -> None:
    """Control sequences in headers, and marks that turn the direction in cells, are shown, in plans and errors."""
    files: dict[str, str | bytes] = {"list.csv": "phone,na\x1b]0;t\x07me,n\n090-1111-2222,Ta,\u202e2J\n"}
    shown = send(files, "list.csv", "--text", "Hi {n}", verb="plan")[0].output
    shown += send(files, "list.csv", "--text", "Hi {name}")[0].output
    assert "Hi \\u202e2J" in shown
    assert "there are phone, na\\x1b]0;t\\x07me, n" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi {name}", "there is no column for {name}; there are phone, first name, お名前（漢字）, n"),
        ("Hi {{ .Subscriber.Name }}", "there is no column for {.Subscriber.Name}"),
        ("{n:,}円", "there is no column for {n:,}"),
        ("Hi {first name", "has a { that belongs to no placeholder"),
        ("Hi {}", "has a { that belongs to no placeholder"),
        ("Hi {{n}", "has a { that belongs to no placeholder"),
    ],
)
def test_braces_that_are_no_column_reach_nobody(send: Send, text: str, words: str) -> None:
    """They are refused before anything is sent, and what could have been meant is named."""
    result, received = send({"list.csv": PEOPLE}, "list.csv", "--text", text)
    assert (result.exit_code, received) == (2, {})
    assert words in result.stderr


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        ("電話番号,紹介者\n03-1234-5678,090-1111-2222\n", [], "電話番号, 紹介者): name the one to send to by --number"),
        ("携帯,電話番号\n090-1111-2222,080-1111-3333\n", [], "携帯, 電話番号): name the one to send to by --number"),
        ("会員番号,氏名\n9011112222,A\n", [], "--number '会員番号' selects it"),
        ("phone\n" + "090-1111-2222\n" * 3, ["--country", "US"], "is a number of US: give the country"),
        (
            "phone\n090-1111-2222\n",
            ["--country", "Japan"],
            "Invalid value for '--country': must be two capital letters",
        ),
        ("phone,n\n090-1111-2222,1\nx,2\n080-1111-333,3\n", [], "line 3: phone has no readable digits"),
        ("phone,n\n090-1111-2222,1\nx,2\n080-1111-333,3\n", [], "line 4: phone has 10 digits"),
    ],
)
def test_nothing_is_guessed(send: Send, table: str, options: list[str], words: str) -> None:
    """Where a wrong guess would reach a person, the error names the option; bad rows are named by their lines."""
    result, received = send({"list.csv": table}, "list.csv", "--text", "hi", *options)
    assert (result.exit_code, received) == (2, {})
    assert words in result.stderr


@pytest.mark.parametrize(
    ("table", "options", "number"),
    [
        ("order,contact\n9012670001,(415) 555-2671\n", ["--country", "us"], "+14155552671"),
        ("ＴＥＬ１,ＴＥＬ２\n090-1111-2222,080-1111-3333\n", ["--number", "tel2"], "+818011113333"),
        ("携帯電話,自宅電話\n090-1111-2222,03-1234-5678\n", [], "+819011112222"),
    ],
)
def test_the_right_column_is_sent_to(send: Send, table: str, options: list[str], number: str) -> None:
    """By the country, by the name that is given, and by what an SMS can reach."""
    result, received = send({"list.csv": table}, "list.csv", "--text", "hi", *options)
    assert (result.exit_code, received) == (0, {number: "hi"}), result.output


@pytest.mark.parametrize(
    "stop",
    [
        "電話番号\n090-1111-2222\n".encode("cp932"),
        "氏名\t電話番号\n山田\t09011112222\n".encode("utf-16"),
        b"+819011112222\n",
    ],
)
def test_opt_outs_get_nothing(send: Send, stop: bytes) -> None:
    """Recipients, cost, samples and --max-cost leave them out, and a line says how many."""
    files = {"list.csv": PEOPLE, "stop.csv": stop}
    options = ["--text", "Hi {first name}", "--suppress", "stop.csv", "--max-cost", "10"]
    result, received = send(files, "list.csv", *options)
    assert (result.exit_code, received) == (0, {"+818011113333": "Hi Hana"}), result.output
    for line in ("recipients   1\n", "about 10 credits", "1 is on the opt-out list", "sample       +81••••3333"):
        assert line in result.stdout


def test_an_opt_out_that_cannot_be_read_stops_everything(send: Send) -> None:
    """Somebody has opted out, and it is not known who: the file and its line are named."""
    files = {"list.csv": PEOPLE, "stop.csv": "名前,電話番号\na,090-1111-2222\nb,O90-1111-3333\n"}
    result, received = send(files, "list.csv", "--text", "hi", "--suppress", "stop.csv")
    assert (result.exit_code, received) == (2, {})
    assert "stop.csv, line 3: 電話番号 has something besides one number" in result.stderr


def test_corrected_bad_rows_send_the_words_of_the_list(send: Send) -> None:
    """The apostrophe that guards a spreadsheet from formulas goes out to nobody."""
    table = "phone,item\n090-1111-222,-20%OFF\n080-1111-333,@salon\n"
    result, received = send({"list.csv": table}, "list.csv", "--text", "クーポン {item}")
    assert (result.exit_code, received) == (2, {})
    bad = Path("list.bad.csv").read_text(encoding="utf-8-sig")
    assert "'-20%OFF" in bad
    corrected = bad.replace("090-1111-222,", "090-1111-2222,").replace("080-1111-333,", "080-1111-3333,")
    result, received = send({"list.bad.csv": corrected}, "list.bad.csv", "--text", "クーポン {item}")
    assert received == {"+819011112222": "クーポン -20%OFF", "+818011113333": "クーポン @salon"}, result.output


@pytest.mark.parametrize(
    ("file", "name"),
    [("顧客名簿 2026年11月 (1).csv", "顧客名簿_2026年11月_1"), ("(.csv", "campaign"), ("あ" * 80 + ".csv", "あ" * 60)],
)
def test_the_name_of_a_file_is_no_obstacle(send: Send, file: str, name: str) -> None:
    """What a campaign's name cannot have is replaced in it, and the campaign is found by that name."""
    result, received = send({file: PEOPLE}, file, "--text", "hi")
    assert (result.exit_code, len(received)) == (0, 2), result.output
    assert f"{name} finished\n" in result.stdout


def test_a_plan_shows_what_decided(send: Send) -> None:
    """Encoding, delimiter, header, column with its share of numbers, what is left out with its lines, and samples."""
    table = "氏名;電話番号\nA;090-1111-2222\nB;09011112222\nC;x\nD;080-1111-3333\n"
    result, _ = send({"list.csv": table.encode("cp932")}, "list.csv", "--text", "{氏名}様", "--skip-bad", verb="plan")
    assert result.exit_code == 0, result.output
    for line in (
        "read as      delimited text, cp932, delimiter: semicolon, header in line 1\n",
        "numbers      column 電話番号, country JP: 3 of 4 cells are phone numbers (75 %)\n",
        "columns      {氏名} ← 氏名\n",
        "left out     1 row, line 4: 電話番号 has no readable digits: they must be ASCII or full-width\n",
        "             1 row, line 3: 電話番号 has the number of an earlier row\n",
        "sample       +81••••2222  A様\n",
        "+81••••3333  D様\n",
    ):
        assert line in result.stdout
    assert "シート" not in result.stdout
    [japanese] = [line for line in _in_japanese("list.csv").splitlines() if line.startswith("読み込み形式")]
    assert japanese.endswith("区切りテキスト、cp932、区切り文字: セミコロン、見出しは 1 行目")


def _in_japanese(file: str) -> str:
    arguments = ["campaign", "plan", file, "--text", "{氏名}様", "--skip-bad", "--sender", "Shop"]
    return CliRunner().invoke(xoxzo, arguments, env={"XOXZO_LANG": "ja"}).stdout


def test_a_plan_of_a_workbook_names_sheet_and_row(send: Send) -> None:
    """The sheet, the row of the header, and what is hidden are shown; an option decides about hidden rows."""
    with xlsxwriter.Workbook("list.xlsx") as book:
        book.add_worksheet("old").hide()
        sheet = book.add_worksheet("名簿")
        sheet.activate()
        for row, cells in enumerate([[], ["氏名", "携帯電話"], ["A", "090-1111-2222"], ["B", "080-1111-3333"]]):
            sheet.write_row(row, 0, cells)
        sheet.set_row(3, None, None, {"hidden": True})
    data = Path("list.xlsx").read_bytes()
    result, received = send({"list.xlsx": data}, "list.xlsx", "--text", "{氏名}様")
    assert (result.exit_code, received) == (2, {})
    assert "--hidden" in result.stderr
    result, received = send({"list.xlsx": data}, "list.xlsx", "--text", "{氏名}様", "--hidden", "skip")
    assert (result.exit_code, received) == (0, {"+819011112222": "A様"}), result.output
    assert "read as      workbook, sheet 名簿, header in line 2\n" in result.stdout
    assert "\nnote " in result.stdout

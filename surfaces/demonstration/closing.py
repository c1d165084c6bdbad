"""How the demo ends: the amount that was settled, the dossier, the papers, and what arrived.

What it is: rendering, and the papers written as files.
What it is not: playing, judging, or telling the steps (`telling`). Who may import it: the demo.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as RichText

from activities.records.queries import Queries
from surfaces.cli_documents import file_names
from surfaces.demonstration.inbox import Arrived
from surfaces.demonstration.telling import money
from surfaces.output import plain, table
from surfaces.rules import Rules

WIDE: Final = 2
"""Cells that a dot of a large digit takes."""
DIGITS: Final[Mapping[str, tuple[str, ...]]] = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ".": (" ", " ", " ", " ", "#"),
    ",": (" ", " ", " ", " ", " "),
}
ROWS: Final = 5
IMPORTANT: Final = ("【已到期", "退票", "已预记账", "审核结果")
"""Words of the messages that are shown; the rest are counted."""


# --- the amount -----------------------------------------------------------------------------


def settled(case: str, data: Mapping[str, Any]) -> Panel:
    """What the parts cost and what came back, large."""
    total = money(data["total"])
    sums = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(2):
        sums.add_column()
    for _ in range(3):
        sums.add_column(justify="right")
    sums.add_row(*_dim("", "", "配件 part", "管理费 fee", "合计 total"))
    for line in data["lines"]:
        said = [money(line[name]) for name in ("amount", "fee", "total")]
        sums.add_row(*map(plain, (line["id"], f"{line['part_name']} ×{line['qty']}", *said)))
    below = plain(f"{total.replace(',', ' ')} 元 CNY", "bold green")
    booked = f"预记账 booked {money(data['credit'])} · 发票 invoice {data['invoice_no']}"
    refused = sum(1 for _ in data.get("invoices_refused", ()))
    if refused:
        booked += f" · 退票 invoices sent back: {refused}"
    return Panel(
        Group(RichText(), large(total), RichText(), below, RichText(), sums, plain(booked, "dim")),
        title=f"结清 settled · {case.partition(':')[2]}",
        title_align="left",
        expand=False,
        padding=(0, 2),
        border_style="green",
    )


def large(digits: str) -> RichText:
    """Digits five lines high."""
    lines = (
        "  ".join(
            DIGITS[sign][row].replace("#", "█" * WIDE).replace(" ", " " * WIDE) for sign in digits
        )
        for row in range(ROWS)
    )
    return plain("\n".join(lines), "bold green")


def _dim(*texts: str) -> list[RichText]:
    return [plain(text, "dim") for text in texts]


# --- papers ---------------------------------------------------------------------------------


async def papers(
    read: Queries, rules: Rules, cases: Iterable[str], folder: Path
) -> tuple[list[dict[str, Any]], Table]:
    """Write what the cases printed as files, and a table of them."""
    found = [one for case in cases for one in await read.documents(case)]
    contents = [await read.document(one["key"]) for one in found]
    files = [folder / name for name in file_names(found)]
    shown = table("单据 FORM", "文档 DOCUMENT", f"文件 FILE in {_relative(folder)}/")
    for one, file in zip(found, files, strict=True):
        form = rules[one["case"].partition(":")[0]].process.documents[one["document"]].form
        shown.add_row(form, plain(" ".join(one["title"].values())), plain(file.name))
    _write(files, contents)
    return found, shown


def _write(files: Iterable[Path], contents: Iterable[bytes | None]) -> None:
    for file, content in zip(files, contents, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content or b"")


def _relative(file: Path) -> str:
    """As short as it can be opened from here."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


# --- messages -------------------------------------------------------------------------------


def arrivals(arrived: Sequence[Arrived]) -> Group:
    """How many messages arrived by each channel, and the most important ones."""
    channels = Counter(one.channel for one in arrived)
    counted = " · ".join(f"{name} {count}" for name, count in sorted(channels.items()))
    shown = Table.grid(padding=(0, 2, 0, 0))
    for one in arrived:
        # Rooms say the same as the mail.
        if one.channel == "mail" and any(word in one.subject + one.text for word in IMPORTANT):
            shown.add_row(plain(one.to), plain(_first(one)))
    head = plain("实际收到的消息 messages that really arrived", "bold")
    return Group(head, plain(f"{len(arrived)} = {counted}", "dim"), shown)


def _first(one: Arrived) -> str:
    """The subject, or what stands in the first line where the subject names the case alone."""
    first = next((line for line in one.text.splitlines() if line.strip()), "")
    return first if one.subject.startswith("【通知") and first else one.subject


def panel(title: str, lines: Iterable[str | RichText]) -> Panel:
    """A box of lines."""
    body = RichText("\n").join(plain(line) if isinstance(line, str) else line for line in lines)
    return Panel(body, title=title, title_align="left", expand=False, padding=(0, 1))

"""Cases in a tree: those that belong together, as `show` prints them, and those about one thing.

What it is: a few lines for each case. Who may import it: `cli_show`, `cli_dossier`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text as RichText
from rich.tree import Tree

from definitions.promises import TIMER
from surfaces.instants import short
from surfaces.output import plain

MOST_BELOW = 30
"""Cases shown below one; --json has them all."""
_HOW: Mapping[str, str] = {
    "opened": "开立 opened",
    "told": "告知 told",
    "asked": "请求开立 asked for",
    "tells": "来自 told by",
}
Node = Mapping[str, Any]


def show_dossier(console: Console, told: Mapping[str, Any]) -> None:
    """The tree, and a note where it was cut."""
    head = plain(f"关联案件 linked cases ({told['count']})", "bold")
    shown = Tree(head, guide_style="dim", highlight=False)
    _add(shown, told["tree"])
    console.print(shown)
    if told["cut"]:
        console.print(plain("案件过多，未全部列出 · there are more cases than are shown", "red"))
    console.print()


def show_cases(console: Console, head: str, cases: Sequence[Node]) -> None:
    """Cases beside one another, whatever they have to do with each other, with who opened each."""
    shown = Tree(plain(head, "bold"), guide_style="dim", highlight=False)
    for one in cases:
        lines = [_first(one), *_life(one), *_open(one)]
        shown.add(RichText("\n").join(lines))
    console.print(shown)


def _life(node: Node) -> Iterator[RichText]:
    """From its opening to the end of its file."""
    zone, opener = node["zone"], node["opened_by"]
    roles = f" ({', '.join(opener['roles'])})" if opener["roles"] else ""
    by = node["origin"] or f"{opener['actor']}{roles}"
    said = [f"开立 opened {short(node['opened'], zone)}"]
    said += [f"由 by {by}"] if by else []
    said += [f"级别 level {node['level']}"] if node["level"] else []
    yield plain(" · ".join(said), "dim")
    said = list(_ends(node))
    if node["keep_until"] is not None:
        said.append(f"保存至 kept until {short(node['keep_until'], zone, exclusive=True)}")
    if said:
        yield plain(" · ".join(said), "dim")


def _ends(node: Node) -> Iterator[str]:
    for name, word in (("closed", "关闭 closed"), ("ended", "结束 ended")):
        if node[name] is not None:
            yield f"{word} {short(node[name], node['zone'])}"


def _add(above: Tree, node: Node) -> None:
    branch = above.add(RichText("\n").join([_first(node), *_rest(node)]))
    below = node["children"]
    for child in below[:MOST_BELOW]:
        _add(branch, child)
    if len(below) > MOST_BELOW:
        more = len(below) - MOST_BELOW
        branch.add(plain(f"另有 {more} 件 · {more} more, see --json", "dim"))


def _first(node: Node) -> RichText:
    if not node["known"]:
        return plain(node["case"]).append("  尚未开立 not opened, or not yet", "yellow")
    title, state = node["title"], node["state_title"]
    line = plain(
        f"{title['zh']} {node['key']} · {title['en']}", "bold" if node.get("asked") else ""
    )
    line.append(f"  {state['zh']} {state['en']}", "cyan")
    if node["overdue"]:
        line.append("  已超时 overdue", "red")
    if node.get("asked"):
        line.append("  ← 本案 this case", "bold")
    return line


def _rest(node: Node) -> Iterator[RichText]:
    zone = node["zone"]
    said = [_linked(node)] if node["how"] else []
    if node["known"]:
        said.append(f"自 since {short(node['since'], zone)}")
        said += list(_ends(node))
    if said:
        yield plain(" · ".join(said), "dim")
    yield from _open(node)


def _open(node: Node) -> Iterator[RichText]:
    """Its open clocks and its problems."""
    zone = node["zone"]
    for clock in sorted(node["clocks"], key=lambda one: (one["due"] is None, one["due"] or 0)):
        yield _clock(clock, zone)
    for problem in node["problems"]:
        yield plain(f"问题 problem {problem['code']}: {problem['detail']}", "red")


def _linked(node: Node) -> str:
    """How it came to stand below the case above."""
    how = "子案 opened as a child" if node["child"] else _HOW[node["how"]]
    said = dict.fromkeys(
        " ".join(filter(None, (one["title"].get("zh"), one["title"].get("en"), one["event"])))
        or one["link"]
        for one in node["through"]
    )
    return f"{how}: {', '.join(said)}" if said else how


def _clock(clock: Mapping[str, Any], zone: str) -> RichText:
    number = f" #{clock['cycle']}" if clock["cycle"] > 1 else ""
    due = "—" if clock["due"] is None else short(clock["due"], zone, clock["exclusive"])
    word = "到时 timer ends" if clock["kind"] == TIMER else "截止 due"
    line = plain(f"{clock['title']['zh']} {clock['title']['en']}{number}: ")
    line.append("暂停 paused" if clock["phase"] == "paused" else f"{word} {due}")
    if clock["provisional"]:
        line.append(" 暂定 provisional")
    if clock["overdue"]:
        line.append(" 已超时 overdue", "red")
    return line

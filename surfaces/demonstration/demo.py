"""`demo`: the whole chain of a service, on embedded defaults, in about a minute.

What it is: the composition of a real Temporal server with its UI, a worker in a process of its own,
records in a file, a mailbox and a robot room on this machine, and the story that is played on them.
Server and worker are kept running: kill either, and the cases end as if nothing had happened.
What it is not: production. It binds to 127.0.0.1 only.
Who may import it: `cli`.
"""

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import structlog
from cyclopts import Parameter
from rich.console import Console
from temporalio.client import Client

from activities.notices.templates import Places
from definitions.reader import read
from surfaces.cases import Cases
from surfaces.cli_tree import show_dossier
from surfaces.demonstration.closing import arrivals, panel, papers, settled
from surfaces.demonstration.inbox import Inbox
from surfaces.demonstration.keeper import Kept
from surfaces.demonstration.telling import Teller
from surfaces.dossier import dossier
from surfaces.errors import Exit
from surfaces.output import plain
from surfaces.rehearse import Outcome, rehearse
from surfaces.rehearse_temporal import TemporalRunner
from surfaces.rules import Rules
from surfaces.scenario import load_scenario
from surfaces.server import free_port, server_command
from surfaces.settings import ROOT, Settings, TemporalUnavailable, connect, runtime
from surfaces.trace import Trace

STORY: Final = Path(__file__).parent / "story.yaml"
READY_SECONDS: Final = 60.0
DELIVERED_SECONDS: Final = 60.0
WIDTH: Final = 120
QUEUE: Final = "duecourse-demo"
REPAIR: Final = "warranty_repair:XC-20261123-001"
SETTLEMENT: Final = "settlement:XM01-2026-11"
CHANNELS: Final = """\
# Written by the demo: every channel ends on this machine.
channels:
  mail: {{type: email, host: 127.0.0.1, port: {mail}, tls: none, sender: service@duecourse.example,
         sender_name: 客户服务中心, rate: 600}}
  service_room: {{type: wecom, url: {{env: DUECOURSE_DEMO_ROOM}}, rate: 600}}
  dispatch_room: {{type: wecom, url: {{env: DUECOURSE_DEMO_ROOM}}, rate: 600}}
  parts_room: {{type: wecom, url: {{env: DUECOURSE_DEMO_ROOM}}, rate: 600}}
  crm: {{type: webhook, url: "{inbox}/crm", secret: {{env: DUECOURSE_DEMO_SECRET}}}}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the demo runs on."""

    folder: Path
    client: Client
    cases: Cases
    inbox: Inbox
    server: Kept
    worker: Kept
    ui_url: str


def demo(
    *,
    once: Annotated[
        bool, Parameter(negative="", help="End when the story is told, instead of serving on.")
    ] = False,
    ui_port: Annotated[int, Parameter(help="Port of Temporal's UI; a free one if 0.")] = 0,
) -> int:
    """Play a whole dossier on a real server, from a call to the last fen, days being skipped.

    Then go on serving the UI and the inbox until stopped. Exit code 0 if all was as expected.
    """
    return asyncio.run(_demo(once, ui_port))


async def _demo(once: bool, ui_port: int) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console = Console(highlight=False, width=_width())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    rules = Rules(None)
    began = time.monotonic()
    console.print(plain("Duecourse", "bold") + plain("  每一个承诺都是一只不会被忘记的钟", "dim"))
    async with _scene(console, ui_port) as scene:
        _where(console, scene)
        playing = asyncio.create_task(_play(console, scene, rules))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing
            return Exit.NOT_AS_EXPECTED
        stopping.cancel()
        outcome = playing.result()
        sound = await _summary(console, scene, rules, outcome)
        console.print(plain(f"{time.monotonic() - began:.0f} s", "dim"))
        if not once:
            await _links(console, scene, rules, outcome)
            console.print("服务继续运行，按 Ctrl-C 结束 · still serving, Ctrl-C ends it")
            await stop.wait()
    return Exit.DONE if outcome.passed and sound else Exit.NOT_AS_EXPECTED


def _width() -> int | None:
    """Of the terminal, or as it is said, or wide enough where nobody watches."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH


@asynccontextmanager
async def _scene(console: Console, ui_port: int) -> AsyncIterator[Scene]:
    folder = Path(".duecourse") / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder = folder.resolve()
    port, ui_port = free_port(), ui_port or free_port()
    ui_url = f"http://127.0.0.1:{ui_port}"

    def told(name: str, pid: int) -> None:
        console.print(plain(f"  ▸ {name} (pid {pid})", "dim"))

    async with AsyncExitStack() as stack:
        inbox = stack.enter_context(Inbox())
        channels = folder / "channels.yaml"
        channels.write_text(CHANNELS.format(mail=inbox.mail_port, inbox=inbox.url), "utf-8")
        directory = folder / "directory.yaml"
        directory.write_text(_directory(), "utf-8")
        server = await stack.enter_async_context(
            Kept(
                "temporal",
                server_command(folder / "temporal.db", port, ui_port),
                environment={},
                folder=folder,
                told=told,
            )
        )
        address = f"127.0.0.1:{port}"
        client = await _connected(address, server)
        settings = Settings(
            database_url=f"sqlite:///{folder / 'records.db'}",
            channels=channels,
            directory=directory,
            task_queue=QUEUE,
            ui_url=ui_url,
        )
        environment = {
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_NAMESPACE": "default",
            "DUECOURSE_DATABASE_URL": settings.database_url,
            "DUECOURSE_CHANNELS": str(channels),
            "DUECOURSE_DIRECTORY": str(directory),
            "DUECOURSE_TASK_QUEUE": QUEUE,
            "DUECOURSE_UI_URL": ui_url,
            "DUECOURSE_DEMO_ROOM": f"{inbox.url}/room",
            "DUECOURSE_DEMO_SECRET": "demo",
        }
        command = [sys.executable, str(ROOT / "worker.py"), "--rehearsal"]
        worker = await stack.enter_async_context(
            Kept("worker", command, environment=environment, folder=folder, told=told)
        )
        os.environ.update({k: v for k, v in environment.items() if k.startswith("TEMPORAL_")})
        cases = await stack.enter_async_context(Cases(settings, client=client))
        await cases.records.migrate()
        yield Scene(folder, client, cases, inbox, server, worker, ui_url)


def _directory() -> str:
    """The directory without quiet hours: they are those of the day on which the demo is looked at,
    and a notice of the story would wait for that day's morning. JSON is YAML, too."""
    file = ROOT / "settings" / "directory.yaml"
    tree: Any = read(file.read_bytes(), file.name).value
    people = {
        name: {field: value for field, value in person.items() if field != "quiet"}
        for name, person in tree["people"].items()
    }
    return json.dumps({**tree, "people": people}, ensure_ascii=False, indent=1)


async def _connected(address: str, server: Kept) -> Client:
    """A client as soon as the server answers."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            client = await connect(
                runtime("OFF"), target_host=address, namespace="default", tls=False
            )
            await client.count_workflows("WorkflowType = 'none'")
            return client
        except Exception as early:  # whatever it says while it starts
            if time.monotonic() > deadline:
                raise TemporalUnavailable(
                    f"the server did not start: {server.said or early}"
                ) from early
            await asyncio.sleep(0.1)


async def _play(console: Console, scene: Scene, rules: Rules) -> Outcome:
    teller = Teller(console, rules)

    async def tell(trace: Trace) -> None:
        teller.step(trace)

    # The worker runs in a process of its own, and the story is told once.
    runner = TemporalRunner(scene.cases, scene.client, rules, lambda _: nullcontext(), strict=False)
    async with runner:
        return await rehearse(load_scenario(STORY), rules, runner, tell)


async def _summary(console: Console, scene: Scene, rules: Rules, outcome: Outcome) -> bool:
    """Whether everything was as expected, every notice has arrived, and every paper is there."""
    cases = list(dict.fromkeys(case for step in outcome.steps for case, _ in step.rows))
    prints = sum(row.kind == "document" for step in outcome.steps for _, row in step.rows)
    notices = await _delivered(scene)
    read = scene.cases.records.read
    await _until(lambda: _printed(scene, cases, prints))
    console.print()
    paid = next((one for one in reversed(outcome.steps) if one.seen.case == SETTLEMENT), None)
    view = None if paid is None else paid.seen.view
    if view is not None and "invoice_no" in view.data:
        console.print(settled(SETTLEMENT, view.data))
        console.print()
    told = await dossier(scene.cases.records, REPAIR, outcome.steps[-1].at)
    if told is not None:
        show_dossier(console, told)
    found, shown = await papers(read, rules, cases, scene.folder / "documents")
    console.print(shown)
    console.print()
    arrived = scene.inbox.since(0)
    console.print(arrivals(arrived))
    console.print()
    keys = [notice["key"] for notice in notices]
    pending = [
        one for notice in notices for one in notice["deliveries"] if one["status"] == "pending"
    ]
    sound = not pending and len(keys) == len(set(keys)) and bool(keys) and len(found) == prints
    mark = "✓" if outcome.passed and sound else "✗"
    wrong = sum(len(step.differences) for step in outcome.steps)
    played = f"{len(cases)} 件案件，{len(outcome.steps)} 步，{wrong} 处与预期不符"
    told_of = f"{len(keys)} 条通知各登记一次，{len(arrived)} 条消息送达，{len(pending)} 条待送"
    printed = f"{len(found)} 份文档打印并归档，应有 {prints} 份"
    lines = [
        f"{mark} {played} · cases, steps, differences",
        f"{mark} {told_of} · notices claimed once, messages, pending",
        f"{mark} {printed} · documents printed, of as many",
        f"  worker started {scene.worker.starts}×, server {scene.server.starts}× · 启动次数",
    ]
    console.print(panel("结果 · result", lines))
    return sound


async def _printed(scene: Scene, cases: list[str], prints: int) -> bool:
    """Whether every paper that was asked for is in the archive."""
    read = scene.cases.records.read
    return sum([len(await read.documents(case)) for case in cases]) >= prints


async def _delivered(scene: Scene) -> tuple[dict[str, Any], ...]:
    """All notices once none of their deliveries is pending, or when patience is over."""

    async def arrived() -> bool:
        return all(
            bool(notice["deliveries"])
            and all(one["status"] != "pending" for one in notice["deliveries"])
            for notice in await scene.cases.records.read.notices()
        )

    await _until(arrived)
    return await scene.cases.records.read.notices()


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something, as long as there is patience."""
    deadline = time.monotonic() + DELIVERED_SECONDS
    while True:
        if await done() or time.monotonic() > deadline:
            return
        await asyncio.sleep(0.2)


def _where(console: Console, scene: Scene) -> None:
    console.print(plain(f"  Temporal UI  {scene.ui_url}", "dim"))
    console.print(plain(f"  收件 inbox    {scene.inbox.url}", "dim"))
    console.print()


async def _links(console: Console, scene: Scene, rules: Rules, outcome: Outcome) -> None:
    """Where to look: the lists, and every case's page."""
    places = Places(scene.ui_url)
    listed = f"{scene.ui_url}/namespaces/default/workflows"
    lines = [
        f"全部案件 all cases      {listed}",
        f"超时案件 overdue cases  {listed}?query={quote('CaseOverdue = true')}",
        f"收件箱 inbox            {scene.inbox.url}",
        "",
    ]
    cases = list(dict.fromkeys(case for step in outcome.steps for case, _ in step.rows))
    described = [await scene.client.get_workflow_handle(case).describe() for case in cases]
    # Children hang below the run that opened them, which need not be the newest.
    parents = {one.parent_id: one.parent_run_id for one in described if one.parent_id}
    for case in cases:
        process, _, key = case.partition(":")
        title = rules[process].process.title
        lines += [f"{title.zh} {title.en} {key}", f"  {places.link(case)}"]
        if case in parents:
            lines.append(f"  子案 children: {places.link(case)}/{parents[case]}/relationships")
    console.print("打开看看 · links to open", style="bold")
    # Not in a box, so that a terminal takes a long link for one.
    for line in lines:
        console.print(plain(line), soft_wrap=True)
    console.print()

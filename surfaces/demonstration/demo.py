"""`demo`: the main job, on embedded defaults, in about a minute.

What it is: the composition of a real Temporal server with its UI, a worker in a process of its own,
records in a file, a mailbox and a robot room on this machine, and the story that is played on them.
Server and worker are kept running: kill either, and the cases end as if nothing had happened.
What it is not: production. It binds to 127.0.0.1 only.
Who may import it: `cli`.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
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
from surfaces.cases import Cases
from surfaces.demonstration.inbox import Inbox
from surfaces.demonstration.keeper import Kept
from surfaces.demonstration.telling import Teller, inbox_table, panel
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
QUEUE: Final = "duecourse-demo"
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
    """Play a complaint and a consultation on a real server, days being skipped.

    Then go on serving the UI and the inbox until stopped. Exit code 0 if all was as expected.
    """
    return asyncio.run(_demo(once, ui_port))


async def _demo(once: bool, ui_port: int) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
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
        sound = await _summary(console, scene, outcome)
        console.print(plain(f"{time.monotonic() - began:.0f} s", "dim"))
        if not once:
            _links(console, scene)
            console.print("服务继续运行，按 Ctrl-C 结束 · still serving, Ctrl-C ends it")
            await stop.wait()
    return Exit.DONE if outcome.passed and sound else Exit.NOT_AS_EXPECTED


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
            task_queue=QUEUE,
            ui_url=ui_url,
        )
        environment = {
            "TEMPORAL_ADDRESS": address,
            "TEMPORAL_NAMESPACE": "default",
            "DUECOURSE_DATABASE_URL": settings.database_url,
            "DUECOURSE_CHANNELS": str(channels),
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


async def _summary(console: Console, scene: Scene, outcome: Outcome) -> bool:
    """Whether everything was as expected and every notice has arrived."""
    notices = await _delivered(scene)
    keys = [notice["key"] for notice in notices]
    pending = [
        one for notice in notices for one in notice["deliveries"] if one["status"] == "pending"
    ]
    console.print()
    console.print(plain("实际收到的通知 · what really arrived", "bold"))
    console.print(inbox_table(scene.inbox.since(0)))
    console.print()
    sound = not pending and len(keys) == len(set(keys)) and bool(keys)
    mark = "✓" if outcome.passed and sound else "✗"
    wrong = sum(len(step.differences) for step in outcome.steps)
    arrived = len(scene.inbox.since(0))
    lines = [
        f"{mark} {len(outcome.steps)} 步，{wrong} 处与预期不符 · steps, differences",
        f"{mark} {len(keys)} 条通知各登记一次 · notices claimed once each",
        f"{mark} {arrived} 条消息送达，{len(pending)} 条待送 · messages arrived, pending",
        f"  worker started {scene.worker.starts}×, server {scene.server.starts}× · 启动次数",
    ]
    console.print(panel("结果 · result", lines))
    return sound


async def _delivered(scene: Scene) -> tuple[dict[str, Any], ...]:
    """All notices once none of their deliveries is pending, or when patience is over."""
    deadline = time.monotonic() + DELIVERED_SECONDS
    while True:
        notices = await scene.cases.records.read.notices()
        arrived = [
            bool(notice["deliveries"])
            and all(one["status"] != "pending" for one in notice["deliveries"])
            for notice in notices
        ]
        if all(arrived) or time.monotonic() > deadline:
            return notices
        await asyncio.sleep(0.2)


def _where(console: Console, scene: Scene) -> None:
    console.print(plain(f"  Temporal UI  {scene.ui_url}", "dim"))
    console.print(plain(f"  收件 inbox    {scene.inbox.url}", "dim"))
    console.print()


def _links(console: Console, scene: Scene) -> None:
    places = Places(scene.ui_url)
    overdue = quote("CaseOverdue = true")
    lines = [
        f"全部案件 all cases      {scene.ui_url}/namespaces/default/workflows",
        f"超时案件 overdue cases  {scene.ui_url}/namespaces/default/workflows?query={overdue}",
        f"投诉 complaint          {places.link('complaint:TS-20261120-017')}",
        f"咨询 consultation       {places.link('consultation:ZX-20261123-020')}",
        f"收件箱 inbox            {scene.inbox.url}",
    ]
    console.print(panel("打开看看 · links to open", lines))

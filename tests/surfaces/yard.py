"""A process with a schedule, and what the tests of schedules ask of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

from activities.notices.directory import Directory
from activities.notices.notifier import Notifier
from activities.records import Records
from definitions.loader import load_library
from surfaces.instants import parse_instant
from surfaces.schedules import Schedules
from tests.shell.world import Desk
from worker import build_worker
from workflows.occasions import Occasions

MONTHLY = "schedule.organisation + '-' + schedule.month"
ROUND = """
process: {name}
version: 1
title: {{zh: 巡检, en: Round}}
norm: R-TST-01
calendar: always
owner: clerk
data:
  place: {{type: text, required: true, max_length: 20, title: {{zh: 地点, en: Place}}}}
  planned_at: {{type: instant, title: {{zh: 计划时间, en: Planned at}}}}
  remark: {{type: text, title: {{zh: 备注, en: Remark}}}}
states:
  due:
    title: {{zh: 待巡检, en: Due}}
    actor: clerk
    waits: {{zh: 由职员安排, en: The clerk plans it}}
    on: {{finish: {{title: {{zh: 完成, en: Finish}}, by: clerk, to: done}}}}
  done: {{title: {{zh: 已完成, en: Done}}, closed: true}}
roles:
  clerk: {{title: {{zh: 职员, en: Clerk}}}}
schedules:
  monthly:
    title: {{zh: 每月巡检, en: Monthly round}}
    day: {day}
    time: "09:30"
    months: {months}
    each: organisation
    key: {key}
    data: {{place: schedule.organisation, planned_at: schedule.at, remark: "''"}}
"""


def at(text: str) -> int:
    return parse_instant(text)


def month_ago(now: int, count: int) -> int:
    """The local midnight of the first of a month, so many months back."""
    local = datetime.fromtimestamp(now, UTC)
    year, month = divmod(local.year * 12 + local.month - 1 - count, 12)
    return at(f"{year}-{month + 1:02}-01T00:00+08:00")


@dataclass
class Yard:
    """A process with a schedule, its records, and a worker for it on demand."""

    client: Client
    records: Records
    folder: Path
    name: str
    organisations: Sequence[str] = ("LY01", "厦门")
    said: dict[str, Any] = field(default_factory=lambda: {"day": 3, "months": 1, "key": MONTHLY})

    def write(self, **more: Any) -> "Schedules":
        """Write the definition; what declares its schedules."""
        self.said |= more
        text = ROUND.format(name=self.name, **self.said)
        (self.folder / "definitions" / f"{self.name}.yaml").write_text(text, "utf-8")
        library = load_library(self.folder / "definitions")
        return Schedules(self.client, library.processes, self.name)

    def working(self) -> Worker:
        directory = Directory.load(self.folder / "directory.yaml")
        return build_worker(
            self.client,
            self.records,
            Notifier(directory, {"desk": Desk()}, self.records),
            load_library(self.folder / "definitions"),
            task_queue=self.name,
            organisations=self.organisations,
        )

    @property
    def occasions(self) -> Occasions:
        return Occasions(load_library(self.folder / "definitions").processes[self.name], "monthly")

    @property
    def id(self) -> str:
        return f"duecourse-{self.name}-monthly"

    async def opened(self) -> list[tuple[str, int, str]]:
        """Key, instant and event id of each opening that the feed of the records has."""
        page = await self.records.read.feed(limit=1000)
        rows = [row for row in page.items if row["kind"] == "opened"]
        return sorted((row["case"], row["at"], row["event_id"]) for row in rows)

    async def idle(self) -> bool:
        """Whether no run of the schedule is under way, and there was one."""
        by = f"TemporalScheduledById = '{self.id}'"
        some = (await self.client.count_workflows(by)).count
        going = (await self.client.count_workflows(f"{by} AND ExecutionStatus = 'Running'")).count
        return some > 0 and going == 0

    def expected(self, instants: Sequence[int]) -> list[tuple[str, int, str]]:
        found = []
        for instant in instants:
            utc = datetime.fromtimestamp(instant, UTC)
            month = datetime.fromtimestamp(instant + 8 * 3600, UTC).strftime("%Y-%m")
            for organisation in self.organisations:
                case = f"{self.name}:{organisation}-{month}"
                found.append((case, instant, f"{self.id}/{utc:%Y-%m-%dT%H:%M:%SZ}/{organisation}"))
        return sorted(found)

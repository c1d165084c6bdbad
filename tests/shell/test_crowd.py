"""Many cases that tell one case something at once: the server never has more of it in hand than it
can keep."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.case_links import AT_ONCE, LinkActivities, Preparing
from activities.records.keys import KeyClaim
from workflows.core.effects import Tell

TELL = Tell("order:A/1/1", "book", "B", "add", {"line": 1}, "order:A", 1, 1_794_274_200)


@dataclass
class Crowded:
    """A client whose cases take their time, with how many updates each had in hand at most."""

    most: dict[str, int] = field(default_factory=dict)
    now: dict[str, int] = field(default_factory=dict)
    told: int = 0

    def get_workflow_handle(self, case: str) -> "_Case":
        return _Case(self, case)


@dataclass
class _Case:
    client: Crowded
    name: str

    async def execute_update(self, *_: Any, **__: Any) -> dict[str, Any]:
        client = self.client
        client.now[self.name] = client.now.get(self.name, 0) + 1
        client.most[self.name] = max(client.most.get(self.name, 0), client.now[self.name])
        for _turn in range(5):
            await asyncio.sleep(0)
        client.now[self.name] -= 1
        client.told += 1
        return {"status": "accepted"}


class Open:
    """Records of cases that are all open."""

    async def key(self, process: str, key: str) -> KeyClaim:
        return KeyClaim(True, f"{process}:{key}", 1, "digest", "", "", 0, None)


async def test_only_a_few_messages_are_under_way_to_one_case() -> None:
    client = Crowded()
    preparing = Preparing(lambda *_: None, lambda *_: {}, lambda tell: tell.data, _never)
    links = LinkActivities(client, Open(), preparing)  # type: ignore[arg-type]
    tells = [
        replace(TELL, key=f"order:A{number}/1/1", business_key=key)
        for number in range(40)
        for key in ("B", "C")
    ]
    answers = await asyncio.gather(
        *(ActivityEnvironment().run(links.tell_case, tell, tell.at) for tell in tells)
    )
    assert answers == [{"result": "accepted"}] * len(tells)
    assert client.most == {"book:B": AT_ONCE, "book:C": AT_ONCE}


async def _never(tell: Tell, number: int, ended: int) -> str:
    raise AssertionError(f"{tell.target} is open")

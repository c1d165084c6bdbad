"""The activity prints once for a key, and says what can never be printed."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.documents.activity import DocumentActivities
from activities.documents.paper import pdf
from activities.records import Records, RecordsUnavailable
from tests.documents.forms import review_result, service_record
from workflows.core.effects import Fill


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    async with Records.open(f"sqlite:///{tmp_path / 'records.db'}") as opened:
        await opened.migrate()
        yield opened


async def run(records: Records, fill: Fill) -> object:
    return await ActivityEnvironment().run(DocumentActivities(records).fill, fill)


async def test_a_document_is_printed_and_archived_once(records: Records) -> None:
    fill = service_record()
    answers = await asyncio.gather(*(run(records, fill) for _ in range(3)))
    assert [*answers, await run(records, fill)] == [{}] * 4
    content = pdf(fill)
    (kept,) = await records.read.documents(fill.case)
    assert (kept["key"], kept["digest"]) == (fill.key, sha256(content).hexdigest())
    assert await records.read.document(fill.key) == content
    found = await records.read.document(
        case=fill.case, document=fill.document, printed=fill.printed
    )
    assert found == content


async def test_what_is_archived_is_not_printed_anew(records: Records) -> None:
    fill = service_record()
    await records.save_document(fill, b"as it was printed by an older program")
    assert await run(records, fill) == {}
    assert await records.read.document(fill.key) == b"as it was printed by an older program"


async def test_what_can_never_be_printed_is_not_tried_again(records: Records) -> None:
    with pytest.raises(ApplicationError) as failed:
        await run(records, review_result(facts={"data": {"submitted": "never"}}))
    assert (failed.value.type, failed.value.non_retryable) == ("document_invalid", True)
    assert await records.read.documents(review_result().case) == ()


async def test_records_that_do_not_answer_are_worth_another_try(tmp_path: Path) -> None:
    async with Records.open(f"sqlite:///{tmp_path / 'absent.db'}") as absent:
        with pytest.raises(RecordsUnavailable):
            await run(absent, service_record())


def test_the_worker_is_given_one_activity(tmp_path: Path) -> None:
    given = DocumentActivities(Records.open(f"sqlite:///{tmp_path / 'records.db'}")).all
    assert [one.__name__ for one in given] == ["fill"]

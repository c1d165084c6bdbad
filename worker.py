"""The worker: composition of settings, client, records, notices and the case's shell; no logic.

    python worker.py               connects as TEMPORAL_* says
    python worker.py --embedded    starts Temporal's development server with its UI too
    python worker.py --rehearsal   lets cases begin at another time than now (never in production)

Ends with 0 after SIGTERM or SIGINT, with 3 when Temporal, the records or a setting is not as it
must be.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.case_activities import CaseActivities
from activities.case_computing import ComputeActivities
from activities.case_links import LinkActivities
from activities.case_schedules import ScheduleActivities
from activities.computations import COMPUTATIONS, Computations
from activities.documents.activity import DocumentActivities
from activities.feed.delivering import delivering
from activities.feed.settings import subscriptions
from activities.notices.channels.configuration import ChannelSettings, build_channels
from activities.notices.channels.web import http_clients
from activities.notices.clock import SYSTEM
from activities.notices.directory import Directory
from activities.notices.notifier import Notifier
from activities.notices.templates import Places
from activities.records import Records
from definitions.loader import Catalogue, load_library
from definitions.problems import DuecourseError
from surfaces.reaching import preparing
from surfaces.schedules import scheduling
from surfaces.server import embedded_server
from surfaces.settings import Settings, TemporalUnavailable, connect, load_settings, runtime
from workflows.attributes import KEYS
from workflows.case import CaseWorkflow, Rehearsal
from workflows.schedule import ScheduleWorkflow
from workflows.starting import pinned_rules

FAILED = 3
BUILD = "duecourse-1"

log = structlog.get_logger("worker")


class AttributesMismatch(DuecourseError):
    """The operator's fault: the namespace has a search attribute of ours with another type."""

    code = "search_attribute_type"


async def register_attributes(client: Client) -> None:
    """Register what is missing, and make sure that all have the right type: a case that upserts a
    wrong one is stuck for good. Raises `AttributesMismatch` or `TemporalUnavailable`."""
    wanted = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in KEYS}
    service, namespace = client.operator_service, client.namespace
    try:
        held = await service.list_search_attributes(
            ListSearchAttributesRequest(namespace=namespace)
        )
        missing = {k: v for k, v in wanted.items() if k not in held.custom_attributes}
        if missing:
            request = AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
            await service.add_search_attributes(request)
            listed = ListSearchAttributesRequest(namespace=namespace)
            held = await service.list_search_attributes(listed)
    except RPCError as error:
        raise TemporalUnavailable(
            f"search attributes cannot be registered in '{namespace}': {error.message}",
            hint=f"register them by hand: {', '.join(wanted)}",
        ) from error
    wrong = {
        name: IndexedValueType.Name(held.custom_attributes[name])
        for name, kind in wanted.items()
        if held.custom_attributes.get(name, kind) != kind
    }
    if wrong:
        raise AttributesMismatch(
            "; ".join(f"{name} is {kind}" for name, kind in wrong.items()),
            hint="remove them from the namespace, or use another namespace",
            facts=wrong,
        )


def build_worker(
    client: Client,
    records: Records,
    notifier: Notifier,
    catalogue: Catalogue,
    *,
    task_queue: str,
    rehearsal: bool = False,
    max_cached_cases: int = 1000,
    computations: Computations = COMPUTATIONS,
    organisations: Sequence[str] = (),
) -> Worker:
    """The worker of the cases; schedules open cases for these organisations. Raises
    `ComputationMismatch` if a definition declares a computation that is not there."""
    computations.check(catalogue.processes.values())
    Rehearsal.allowed = rehearsal
    own = CaseActivities(records, notifier, lambda name: pinned_rules(catalogue[name]))
    reaching = preparing(catalogue, records, task_queue, rehearsal)
    links = LinkActivities(client, records, reaching)
    computing, documents = ComputeActivities(computations, records), DocumentActivities(records)
    known = scheduling(catalogue.processes, organisations, task_queue)
    schedules = ScheduleActivities(client, records, known)
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[CaseWorkflow, ScheduleWorkflow],
        activities=[*own.all, *links.all, *computing.all, *documents.all, *schedules.all],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=max_cached_cases,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=timedelta(seconds=20),
        # Stands in every task of a history; the default is a long digest of what is installed.
        build_id=BUILD,
    )


@asynccontextmanager
async def composed(
    settings: Settings, *, embedded: bool, rehearsal: bool
) -> AsyncIterator[tuple[Worker, str]]:
    """Everything, ready to run, and where its UI is."""
    async with AsyncExitStack() as stack:
        catalogue = load_library(settings.definitions)
        COMPUTATIONS.check(catalogue.processes.values())
        directory = Directory.load(settings.directory)
        channel_settings = ChannelSettings.load(settings.channels)
        subscribed = subscriptions(settings.webhooks, os.environ)
        quiet = runtime()
        ui_url = settings.ui_url
        overrides: dict[str, Any] = {}
        if embedded:
            server = await stack.enter_async_context(
                embedded_server(
                    settings.state, port=settings.port, ui_port=settings.ui_port, runtime=quiet
                )
            )
            ui_url = ui_url or server.ui_url
            overrides = {"target_host": server.address, "namespace": "default", "tls": False}
            log.info("temporal.started", address=server.address, ui=server.ui_url)
        client = await connect(quiet, **overrides)
        records = await stack.enter_async_context(Records.open(settings.database_url))
        await records.migrate()
        await register_attributes(client)
        channels = build_channels(channel_settings, http_clients(), SYSTEM, os.environ)
        titles = {
            name: {"zh": process.title.zh, "en": process.title.en}
            for name, process in catalogue.processes.items()
        }
        places = Places(ui_url, client.namespace, titles)
        notifier = Notifier(directory, channels, records, places=places)
        stack.push_async_callback(notifier.aclose)
        # Rehearsed cases are nobody else's business.
        if settings.webhooks_deliver and not rehearsal:
            await stack.enter_async_context(delivering(records, subscribed, http_clients()))
        yield (
            build_worker(
                client,
                records,
                notifier,
                catalogue,
                task_queue=settings.task_queue,
                rehearsal=rehearsal,
                max_cached_cases=settings.max_cached_cases,
                organisations=tuple(directory.content.organisations),
            ),
            ui_url,
        )


def spare_collector() -> None:
    """What is loaded by now stays; looked at again and again it costs a tenth of a case."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def serve(settings: Settings, *, embedded: bool, rehearsal: bool) -> None:
    """Run until asked to stop; what is in hand is finished."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    async with (
        composed(settings, embedded=embedded, rehearsal=rehearsal) as (worker, ui_url),
        worker,
    ):
        spare_collector()
        log.info("worker.ready", task_queue=settings.task_queue, ui=ui_url)
        await asked.wait()
        log.info("worker.stopping")
    log.info("worker.stopped")


def main() -> int:
    """Run the worker; the exit code."""
    parser = argparse.ArgumentParser(prog="worker.py", description=__doc__.splitlines()[0])
    parser.add_argument("--embedded", action="store_true", help="start a Temporal server too")
    parser.add_argument("--rehearsal", action="store_true", help="allow clock_at in starts")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        asyncio.run(serve(load_settings(), embedded=chosen.embedded, rehearsal=chosen.rehearsal))
    except DuecourseError as error:
        log.error("worker.failed", code=error.code, error=error.message, hint=error.hint)
        return FAILED
    return 0


if __name__ == "__main__":
    code = main()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    # The client's native threads sometimes crash the interpreter on its way out.
    os._exit(code)

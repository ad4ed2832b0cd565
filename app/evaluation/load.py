"""The service under load: a closed loop of clients, an open loop of arrivals, and a long run of mixed traffic.

Everything stays on this machine and is bounded in time; the service is started for the run and stopped after it.
"""

from __future__ import annotations

import asyncio
import os
import queue
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any

import httpx
import psutil

from app.core.errors import ResourceError

_TIMEOUT_S = 120.0
_MOST_OPEN = 2000  # requests under way in an open loop; more than that is a service that hangs
_START_S = 180.0
_PROBE_S = 0.1
_REFUSED = (429, 503)


@dataclass(frozen=True, slots=True)
class Service:
    """A service that was started for a run."""

    pid: int
    url: str

    def memory_bytes(self) -> int:
        """Resident memory of the service: the process that listens and those that repair."""
        process = psutil.Process(self.pid)
        total = 0
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
        return int(total)


@contextmanager
def running_service(environment: Mapping[str, str]) -> Iterator[Service]:
    """Start ``mt-repair serve`` on a free port of this machine, ready to repair; stop it at the end.

    Raises:
        ResourceError: It does not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "serve", "--host", "127.0.0.1", "--port", "0"],
        stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    found: queue.Queue[str] = queue.Queue()
    assert process.stderr is not None
    reader = threading.Thread(target=_find_address, args=(process.stderr, found), daemon=True)
    reader.start()
    try:
        url = found.get(timeout=_START_S)
        if not url:
            raise ResourceError("the service does not start; run: mt-repair serve")
        end = time.monotonic() + _START_S
        while httpx.get(f"{url}/readyz").status_code != httpx.codes.OK:
            if time.monotonic() > end:
                raise ResourceError("the service does not get ready; see its log")
            time.sleep(0.1)
        yield Service(process.pid, url)
    except queue.Empty:
        raise ResourceError("the service does not say where it listens; run: mt-repair serve") from None
    finally:
        process.terminate()
        try:
            process.wait(_TIMEOUT_S)
        finally:
            process.kill()
            process.wait()
            reader.join(10)
            process.stderr.close()


def _find_address(log: IO[str], found: queue.Queue[str]) -> None:
    for line in log:  # to its end: a full pipe would stop the service
        listening = re.search(r"http://127\.0\.0\.1:\d+", line)
        if listening:
            found.put(listening[0])
    found.put("")


@dataclass(slots=True)
class Round:
    """What came of one round of requests; times in seconds."""

    name: str
    seconds: float = 0.0
    clients: int = 0  # of a closed loop
    accepted_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)  # errors that are no refusal
    probes_s: list[float] = field(default_factory=list)  # of /livez, which nothing but the event loop can hold up

    @property
    def per_s(self) -> float:
        """Requests answered with a repair, a second."""
        return len(self.accepted_s) / self.seconds if self.seconds else 0.0

    def figures(self) -> dict[str, Any]:
        """The round in numbers; times in milliseconds."""
        return {
            "round": self.name,
            "requests_per_s": round(self.per_s, 1),
            "p50_ms": _ms(self.accepted_s, 0.50),
            "p95_ms": _ms(self.accepted_s, 0.95),
            "p99_ms": _ms(self.accepted_s, 0.99),
            "accepted": len(self.accepted_s),
            "refused": len(self.refused_s),
            "p99_refusal_ms": _ms(self.refused_s, 0.99),
            "slowest_refusal_ms": _ms(self.refused_s, 1.0),
            "p99_probe_ms": _ms(self.probes_s, 0.99),
            "slowest_probe_ms": _ms(self.probes_s, 1.0),
            "errors": dict(self.others),
        }


def _ms(seconds: Sequence[float], share: float) -> float | None:
    if not seconds:
        return None
    ordered = sorted(seconds)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


async def closed_loop(url: str, clients: int, seconds: float, bodies: Iterator[Mapping[str, Any]]) -> Round:
    """Clients that each send their next request once the last is answered."""
    found = Round(f"{clients} clients", clients=clients)
    started = time.perf_counter()

    async def one() -> None:
        async with _client() as client:
            while time.perf_counter() - started < seconds:
                await _send(client, url, next(bodies), found)

    async with _probing(url, found):
        await asyncio.gather(*(one() for _ in range(clients)))
    found.seconds = time.perf_counter() - started
    return found


async def open_loop(
    name: str, url: str, per_s: float, seconds: float, bodies: Iterator[Mapping[str, Any]], rng: random.Random
) -> Round:
    """Requests that come when they come (a Poisson process), whatever became of those before."""
    found = Round(name)
    free: list[httpx.AsyncClient] = []
    under_way = 0

    async def one() -> None:
        nonlocal under_way
        under_way += 1
        client = free.pop() if free else await everyone.enter_async_context(_client())
        await _send(client, url, next(bodies), found)
        free.append(client)
        under_way -= 1

    started = at = time.perf_counter()
    async with _probing(url, found), AsyncExitStack() as everyone, asyncio.TaskGroup() as tasks:
        while at - started < seconds:
            at += rng.expovariate(per_s)
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            if under_way < _MOST_OPEN:
                tasks.create_task(one())
            else:
                found.others["too many under way"] += 1
    found.seconds = time.perf_counter() - started
    return found


@asynccontextmanager
async def _probing(url: str, found: Round) -> AsyncIterator[None]:
    """Ask ten times a second whether the service lives, and note how long the answer takes."""

    async def probe() -> None:
        async with _client() as client:
            while True:
                started = time.perf_counter()
                (await client.get(f"{url}/livez")).raise_for_status()
                found.probes_s.append(time.perf_counter() - started)
                await asyncio.sleep(_PROBE_S)

    probing = asyncio.create_task(probe())
    try:
        yield
    finally:
        probing.cancel()
        with suppress(asyncio.CancelledError):
            await probing


def batched_over_single(rounds: Sequence[Round]) -> float | None:
    """Throughput of the best closed loop by that of one client; none where no round had one client."""
    single = next((found.per_s for found in rounds if found.clients == 1), 0.0)
    best = max((found.per_s for found in rounds if found.clients), default=0.0)
    return round(best / single, 2) if single else None


def _client() -> httpx.AsyncClient:
    """A client with a connection of its own: a pool of many is slow, and its time would count as the service's."""
    return httpx.AsyncClient(verify=False, timeout=_TIMEOUT_S, trust_env=False)


async def _send(client: httpx.AsyncClient, url: str, body: Mapping[str, Any], found: Round) -> None:
    started = time.perf_counter()
    try:
        status = (await client.post(f"{url}/repair", json=body)).status_code
    except httpx.HTTPError as exc:
        found.others[type(exc).__name__] += 1
        return
    spent_s = time.perf_counter() - started
    if status == httpx.codes.OK:
        found.accepted_s.append(spent_s)
    elif status in _REFUSED:
        found.refused_s.append(spent_s)
    else:
        found.others[str(status)] += 1


def bodies_of(sentences: Sequence[str], rng: random.Random, latency_ms: int) -> Iterator[Mapping[str, Any]]:
    """Requests of one to three sentences, without end."""
    while True:
        chosen = " ".join(rng.choice(sentences) for _ in range(rng.randint(1, 3)))
        yield {"text": chosen, "max_latency_ms": latency_ms}


async def load_test(
    service: Service, sentences: Sequence[str], *, clients: Sequence[int], shares: Sequence[float], seconds: float,
    latency_ms: int, seed: int,
) -> list[Round]:  # fmt: skip
    """Closed loops first; the best of them is the capacity that the open loops are shares of."""
    rng = random.Random(seed)
    bodies = bodies_of(sentences, rng, latency_ms)
    await closed_loop(service.url, 2, min(2.0, seconds), bodies)  # warms up; not counted
    rounds = [await closed_loop(service.url, count, seconds, bodies) for count in clients]
    capacity = max(found.per_s for found in rounds)
    for share in shares if capacity else ():
        name = f"{share:.0%} of {capacity:.1f}/s"
        rounds.append(await open_loop(name, service.url, share * capacity, seconds, bodies, rng))
    return rounds


# --- the long run ---


@dataclass(slots=True)
class Soak:
    """A long run: answers by kind of request, what should not have been, and the memory over time."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, int]] = field(default_factory=list)  # seconds, bytes

    def growth(self, warm_up_s: float) -> float:
        """Memory at the end by that after the warm-up, less one."""
        warm = [size for at, size in self.memory if at >= warm_up_s]
        return warm[-1] / warm[0] - 1 if warm else 0.0


async def soak(service: Service, sentences: Sequence[str], *, seconds: float, clients: int, seed: int) -> Soak:
    """Mixed traffic: documents, checks, batches, streams, broken requests and dropped connections."""
    found = Soak()
    started = time.perf_counter()

    async def watch() -> None:
        while (at := time.perf_counter() - started) < seconds:
            found.memory.append((at, service.memory_bytes()))
            await asyncio.sleep(min(5.0, seconds / 20))
        found.memory.append((at, service.memory_bytes()))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch())
        for number in range(clients):
            rng = random.Random(f"{seed}/{number}")
            tasks.create_task(_mix(service.url, sentences, rng, started + seconds, found))
    return found


async def _mix(url: str, sentences: Sequence[str], rng: random.Random, until: float, found: Soak) -> None:
    async with _client() as client:
        while time.perf_counter() < until:
            text = " ".join(rng.choice(sentences) for _ in range(rng.choice((1, 1, 2, 5, 30))))
            kind = rng.choice(("repair", "repair", "check", "batch", "stream", "broken", "dropped"))
            try:
                status = await _one(client, url, kind, text, rng)
            except httpx.HTTPError as exc:
                found.wrong[f"{kind}: {type(exc).__name__}"] += 1
                continue
            found.answers[f"{kind}: {status}"] += 1
            expected = (400, 413, 422) if kind == "broken" else (200, 0) if kind == "dropped" else (200,)
            if status not in (*expected, *_REFUSED):
                found.wrong[f"{kind}: {status}"] += 1


async def _one(client: httpx.AsyncClient, url: str, kind: str, text: str, rng: random.Random) -> int:
    match kind:
        case "repair":
            return (await client.post(f"{url}/repair", json={"text": text})).status_code
        case "check":
            return (await client.post(f"{url}/v2/check", data={"text": text, "language": "en-US"})).status_code
        case "batch":
            items = [{"id": str(i), "text": text} for i in range(rng.randint(1, 4))]
            return (await client.post(f"{url}/v1/repair:batch", json={"items": items})).status_code
        case "stream":
            headers = {"Accept": "text/event-stream"}
            return (await client.post(f"{url}/v1/repair", json={"text": text}, headers=headers)).status_code
        case "broken":
            body = rng.choice((b"{", b'{"text": 7}', rng.randbytes(100), b"[" * 1000))
            headers = {"Content-Type": "application/json"}
            return (await client.post(f"{url}/repair", content=body, headers=headers)).status_code
    try:  # a caller that does not wait for the answer
        return (await client.post(f"{url}/repair", json={"text": text}, timeout=rng.uniform(0.001, 0.05))).status_code
    except httpx.TimeoutException:
        return 0

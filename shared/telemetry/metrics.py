"""What is counted and measured, each labelled with the service it belongs to."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

REGISTRY = CollectorRegistry()
METRICS_TYPE = CONTENT_TYPE_PLAIN_0_0_4

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PATIENT = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)

REQUESTS = Counter(
    "accesspoint_requests_total",
    "HTTP requests answered.",
    ("service", "method", "route", "status"),
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "accesspoint_request_seconds",
    "From the first line of an HTTP request to its answer.",
    ("service", "method", "route"),
    buckets=QUICK,
    registry=REGISTRY,
)
EVENTS_SAID = Counter(
    "accesspoint_events_said_total", "Events written with their work.", ("service",), registry=REGISTRY
)
EVENTS_PLACED = Counter(
    "accesspoint_events_placed_total", "Events given their position.", ("service",), registry=REGISTRY
)
EVENTS_PUBLISHED = Counter(
    "accesspoint_events_published_total", "Events confirmed by the bus.", ("service",), registry=REGISTRY
)
EVENTS_HANDLED = Counter(
    "accesspoint_events_handled_total",
    "Events heard and committed.",
    ("service", "speaker"),
    registry=REGISTRY,
)
EVENTS_SKIPPED = Counter(
    "accesspoint_events_skipped_total",
    "Events passed over: heard before, or of a type nobody here knows.",
    ("service", "reason"),
    registry=REGISTRY,
)
EVENTS_SET_ASIDE = Counter(
    "accesspoint_events_set_aside_total",
    "Events kept as a row because they cannot be handled yet.",
    ("service", "state"),
    registry=REGISTRY,
)
EVENTS_PARKED = Counter(
    "accesspoint_events_parked_total", "Events that wait for a person.", ("service",), registry=REGISTRY
)
PARTITION_HEARD = Gauge(
    "accesspoint_partition_heard",
    "1 while this replica has the partition's mailbox open; over all replicas of a service, each sums up to 1.",
    ("service", "partition"),
    registry=REGISTRY,
)
DEAD_LETTERS = Gauge(
    "accesspoint_dead_letters",
    "Messages the broker has given up on; any at all is an alarm.",
    ("service",),
    registry=REGISTRY,
)
MAIL_MISSING = Gauge(
    "accesspoint_mail_missing",
    "Mails that a folder of an IMAP account has and that could not be fetched; any at all is an alarm.",
    ("service", "account", "folder"),
    registry=REGISTRY,
)
OLDEST_MAIL_SECONDS = Gauge(
    "accesspoint_oldest_mail_seconds",
    "Age of the oldest mail that was kept and is not placed yet; above 900 is an alarm.",
    ("service",),
    registry=REGISTRY,
)
MAIL_HELD_BACK = Gauge(
    "accesspoint_mail_held_back",
    "1 while no mail goes out, because it is stopped or by the limit of an hour; or no receipts, by their half of it.",
    ("service", "because"),
    registry=REGISTRY,
)
OLDEST_WAITING_MAIL_SECONDS = Gauge(
    "accesspoint_oldest_waiting_mail_seconds",
    "Since when the mail that has waited longest was to go out, of `written` and of `receipts`; 0 when none waits.",
    ("service", "what"),
    registry=REGISTRY,
)
ENQUIRIES_UNREACHED = Gauge(
    "accesspoint_enquiries_unreached",
    "Enquiries whose citizen was not reached by the last that was sent to them; every replica tells the same.",
    ("service",),
    registry=REGISTRY,
)
OLDEST_GAP_SECONDS = Gauge(
    "accesspoint_oldest_gap_seconds",
    "Age of the oldest gap before an event that came ahead of its place; above 60 is an alarm.",
    ("service",),
    registry=REGISTRY,
)
TIMER_LATENESS_SECONDS = Histogram(
    "accesspoint_timer_lateness_seconds",
    "From the moment a timer was due to the moment it fired.",
    ("service", "timer"),
    buckets=PATIENT,
    registry=REGISTRY,
)
WORKS_RERUN = Counter(
    "accesspoint_works_rerun_total",
    "Works run again, by reason: again or away.",
    ("service", "reason"),
    registry=REGISTRY,
)
MESSAGES_MAYBE_TWICE = Counter(
    "accesspoint_messages_maybe_twice_total",
    "Messages sent again although an attempt before may have sent them, because nobody could be asked.",
    ("service",),
    registry=REGISTRY,
)

ProcessCollector(registry=REGISTRY)


class OfService(Collector):
    """One service's share of a registry that several services of a process fill."""

    def __init__(self, service: str) -> None:
        self.service = service

    @override
    def collect(self) -> Iterator[Metric]:
        for metric in REGISTRY.collect():
            mine = [sample for sample in metric.samples if self.is_mine(sample.labels)]
            if mine or not metric.samples:
                share = Metric(metric.name, metric.documentation, metric.type, metric.unit)
                share.samples = mine
                yield share

    def is_mine(self, labels: Mapping[str, str]) -> bool:
        """Figures without a service are the process's, and shown everywhere."""
        return labels.get("service", self.service) == self.service


def exposition(service: str | None = None) -> bytes:
    """The metrics as Prometheus reads them: one service's, or all of the process."""
    return generate_latest(REGISTRY if service is None else OfService(service))

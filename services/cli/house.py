"""All four services, side by side: what `up`, `migrate` and the generated documents go through."""

from services.crm.app import SERVICE as CRM
from services.intake.app import SERVICE as INTAKE
from services.routing.app import SERVICE as ROUTING
from services.sla.app import SERVICE as SLA
from shared.bus.local import LocalBus
from shared.bus.port import Bus, Topology
from shared.bus.rabbit import RabbitBus
from shared.errors import Refused
from shared.migrate import Schema
from shared.runtime import Service, topology_of
from shared.settings import HouseSettings

SERVICES = (INTAKE, ROUTING, CRM, SLA)


def service_named(name: str) -> Service:
    for service in SERVICES:
        if service.name == name:
            return service
    names = ", ".join(service.name for service in SERVICES)
    raise Refused(f"There is no service {name}: choose one of {names}.")


def topology(settings: HouseSettings) -> Topology:
    return topology_of(SERVICES, settings.amqp_prefix)


def schemas(settings: HouseSettings) -> list[Schema]:
    return [service.schema_in(settings.own_database_url_of(service.name)) for service in SERVICES]


def needs_common_database(settings: HouseSettings) -> bool:
    """False when every service has a URL of its own."""
    return any(settings.own_database_url_of(service.name) is None for service in SERVICES)


def bus_of(settings: HouseSettings) -> Bus:
    """RabbitMQ where there is one; without, the one that carries events inside a single process."""
    return LocalBus() if settings.amqp_url is None else RabbitBus(settings.amqp_url)

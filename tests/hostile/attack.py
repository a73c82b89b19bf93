"""schemathesis let loose on one service: every phase it has, callers of every role, ids and versions that are real."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from zlib import crc32

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi.schemas import OpenApiSchema

from shared.vocabulary import Role
from shared.web.problems import PROBLEM_JSON
from shared.web.uploads import FILE, MULTIPART
from tests.hostile.arranged import ARRANGED, Sent
from tests.hostile.town import Town

SEED = 1952
EXAMPLES = 60
"""For each operation; and so many chains of calls for each service."""
REFUSED = ["400", "401", "403", "404", "405", "409", "413", "415", "422"]
CHECKS: Mapping[str, Any] = {
    # What generated bodies mean, and whether that makes sense, is the services' own to judge.
    "positive_data_acceptance": {"enabled": False},
    "negative_data_rejection": {"expected-statuses": REFUSED},
}
ONE_IN = 3
"""So many calls come from somebody who may not make them."""
ROLES = "x-roles"
"""Where a description says who may call an operation."""
WORDS: Mapping[str, tuple[str, ...]] = {
    "service_code": ("564", "57", "587", "drains"),
    "queue": ("highways", "waste", "water-company"),
    "queue_id": ("general", "highways"),
    "to_queue": ("general", "council-tax", "highways", "waste"),
    "to_adviser": ("grace", "octavia", "joseph"),
}
"""Names of the council file, for fields that ask for one."""
Case = schemathesis.Case[Any]


@dataclass(slots=True)
class Attack:
    """What has been sent to whom, and what came of it."""

    town: Town
    examples: int = EXAMPLES
    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    callers: dict[str, set[Role]] = field(default_factory=lambda: defaultdict(set))
    failures: dict[str, str] = field(default_factory=dict)
    turns: Counter[str] = field(default_factory=Counter)

    def run(self, service: str) -> None:
        """All phases: examples, boundaries of every field, generated calls, and chains along the links."""
        # Always the same calls, none kept: as far as ids allow, a failure comes again.
        generation = {"deterministic": True, "max-examples": self.examples, "no-shrink": True, "database": "none"}
        config = schemathesis.Config.from_dict(
            {"seed": SEED, "continue-on-failure": True, "generation": generation, "checks": dict(CHECKS)}
        )
        url = f"{self.town.house.url(service)}/{service}/openapi.json"
        schema = schemathesis.openapi.from_url(url, config=config)
        self.instruct(schema)
        for event in from_schema(schema).execute():
            self.take(event)

    def instruct(self, schema: OpenApiSchema) -> None:
        attack = self

        class Rotation:
            """A caller of every role in turn."""

            def get(self, case: Case, _: schemathesis.AuthContext) -> Role:
                return attack.next_caller(case)

            def set(self, case: Case, data: Role, _: schemathesis.AuthContext) -> None:
                attack.sign(case, attack.town.tokens[data])

        def before_add_examples(context: schemathesis.HookContext, examples: list[Case]) -> None:
            examples.extend(attack.arranged(context.operation))

        def map_case(_: schemathesis.HookContext, case: Case) -> Case:
            return attack.with_real_names(case)

        def filter_failure(_: schemathesis.HookContext, failure: Failure, case: Case, _response: Any) -> bool:
            return not is_one_file(failure, case)

        def after_call(_: schemathesis.HookContext, case: Case, response: schemathesis.Response) -> None:
            attack.note(case, response)

        schema.auth(refresh_interval=None)(Rotation)
        for hook in (before_add_examples, map_case, filter_failure, after_call):
            schema.hook(hook)

    def next_caller(self, case: Case) -> Role:
        turn = self.turns[case.operation.label]
        self.turns[case.operation.label] += 1
        may, others = callers_of(case)
        nth, is_other = divmod(turn, ONE_IN)
        return others[nth % len(others)] if is_other == 0 and others else may[(turn - nth) % len(may)]

    @staticmethod
    def sign(case: Case, token: str | None) -> None:
        if token is None:
            case.headers.pop("Authorization", None)
        else:
            case.headers["Authorization"] = f"Bearer {token}"

    def arranged(self, operation: Any) -> Iterator[Case]:
        """A call that must succeed."""
        arrange = ARRANGED.get(operation.definition.raw["operationId"])
        if arrange is None:
            return
        sent = arrange(self.town)
        yield self.case_of(operation, sent)

    def case_of(self, operation: Any, sent: Sent) -> Case:
        headers = {"Idempotency-Key": f"arranged {operation.label}", "If-Match": f'"{sent.version}"'}
        wanted = {each.name for each in operation.headers}
        body = {} if sent.body is None else {"body": sent.body, "media_type": "application/json"}
        case: Case = operation.Case(
            path_parameters=dict(sent.path),
            query=dict(sent.query),
            headers={name: value for name, value in headers.items() if name in wanted},
            **body,
        )
        self.sign(case, self.town.ada if sent.role is None else self.town.tokens[sent.role])
        case._has_explicit_auth = True  # else it is taken for a token that was made up
        return case

    def with_real_names(self, case: Case) -> Case:
        """Ids that there are, in three of four places that ask for one; which one depends on what was generated."""
        if case.meta is None or case.meta.phase.name.value == "stateful":
            # A version that a link takes from an answer is a number there, and no HTTP client takes one as a header.
            case.headers.update({name: str(value) for name, value in case.headers.items()})
            return case
        if not case.meta.is_negative_at(ParameterLocation.PATH):
            for name, value in case.path_parameters.items():
                case.path_parameters[name] = chosen(self.town.known.get(name, ()), value)
        if not case.meta.is_negative_at(ParameterLocation.BODY) and isinstance(case.body, dict):
            for name, value in case.body.items():
                if isinstance(value, str):
                    case.body[name] = chosen(WORDS.get(name) or self.town.known.get(name, ()), value)
        if not case.meta.is_negative_at(ParameterLocation.HEADER) and "If-Match" in case.headers:
            seen = [self.town.versions[each] for each in case.path_parameters.values() if each in self.town.versions]
            case.headers["If-Match"] = f'"{seen[0]}"' if seen else case.headers["If-Match"]
        return case

    def note(self, case: Case, response: schemathesis.Response) -> None:
        """Of what was answered, and to whom; and what it names is known from now on."""
        if response.request.method != case.operation.method.upper():
            return
        caller = self.caller_in(response)
        label = case.operation.label
        self.answers[label][response.status_code] += 1
        if caller is not None:
            self.callers[label].add(caller)
        if response.status_code < HTTPStatus.BAD_REQUEST and "json" in response.headers.get("content-type", [""])[0]:
            self.town.learn(response.json())

    def caller_in(self, response: schemathesis.Response) -> Role | None:
        """None for a credential that was made up."""
        token = str(response.request.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        if token == self.town.ada:
            return Role.ADVISER
        return next((role for role, theirs in self.town.tokens.items() if theirs == token), None)

    def take(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.NonFatalError):
            self.failures[f"{event.label}: {event.info.title}"] = event.info.message
        if isinstance(event, events.ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        failure = check.failure_info.failure
                        label = event.recorder.cases[case_id].value.operation.label
                        what = f"{label}: {check.name}: {failure.title}"
                        self.failures[what] = f"{failure.message}\n{check.failure_info.code_sample}"


def callers_of(case: Case) -> tuple[list[Role], list[Role]]:
    """Who may call an operation, as its description says, and who may not. Where the public may, everybody may."""
    named = {Role(role) for role in case.operation.definition.raw[ROLES]}
    may = [role for role in Role if role in named or Role.PUBLIC in named]
    return may, [role for role in Role if role not in may]


def is_one_file(failure: Failure, case: Case) -> bool:
    """Sent as a form, a file alone looks the same as a list of one: no server can tell them apart."""
    alone = isinstance(case.body, dict) and not isinstance(case.body.get(FILE, []), list)
    return isinstance(failure, AcceptedNegativeData) and case.media_type == MULTIPART and alone


def chosen(real: Any, generated: Any) -> Any:
    """The same for the same generated value, so that a call can be generated again."""
    nth = crc32(repr(generated).encode())
    return real[nth // 4 % len(real)] if real and nth % 4 else generated


@schemathesis.check
def refusals_are_problems(_: schemathesis.CheckContext, response: schemathesis.Response, case: Case) -> None:
    """RFC 9457, whatever was wrong: also where there is no such method."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        kind = response.headers.get("content-type", [""])[0]
        assert kind == PROBLEM_JSON, f"{response.status_code} as {kind or 'nothing'}"
        told = response.json()
        assert told["status"] == response.status_code, told
        assert told["detail"].strip(), told

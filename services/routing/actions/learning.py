"""What was learned, at work: queues that a new task might be for, kept with it for whoever takes it to see."""

from __future__ import annotations

from uuid import UUID

from services.routing.domain import suggesting
from services.routing.domain.learning import Known
from services.routing.domain.suggesting import Model, Suggested
from services.routing.store import learning as store
from shared.db import Connection

READ: dict[UUID, Model] = {}
"""The model that stands, once this process has read it. None ever changes, so that its id is all there is to ask."""


async def suggested(db: Connection, model_id: UUID, known: Known) -> Suggested:
    """They move nothing: where a task waits, the council's own rules have decided."""
    model = await model_of(db, model_id)
    return Suggested(model_id, suggesting.shown(suggesting.suggest(model, known)))


async def model_of(db: Connection, model_id: UUID) -> Model:
    model = READ.get(model_id)
    if model is None:
        model = suggesting.from_data(await store.weights(db, model_id))
        READ.clear()
        READ[model_id] = model
    return model

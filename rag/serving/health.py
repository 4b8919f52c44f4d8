"""Routes for what runs Dateline: whether it lives, whether it is ready for questions, and its metrics."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from corpus.store.connection import StoreError
from rag.assistant import Assistant
from rag.query.validation import ShuttingDown

LIVE, READY, METRICS = "/health/live", "/health/ready", "/metrics"


def health_routes(assistant: Assistant) -> list[Route]:
    """Return the routes, which need no login and say nothing of questions or articles but their number.

    A process lives while it answers; it is ready while its collection can be read and it does not stop. That
    the model fails does not matter: answers are then quotes.
    """

    def live(request: Request) -> Response:
        return PlainTextResponse("live")

    def ready(request: Request) -> Response:
        try:
            assistant.check_ready()
        except (StoreError, ShuttingDown) as error:
            return JSONResponse({"status": "not ready", "error": str(error)}, 503)
        return JSONResponse({"status": "ready"})

    def metrics(request: Request) -> Response:
        found = assistant.telemetry.metrics()
        if found is None:
            return PlainTextResponse("Metrics are off; set DATELINE_METRICS=on.", 404)
        return Response(found[0], media_type=found[1])

    return [Route(LIVE, live), Route(READY, ready), Route(METRICS, metrics)]

"""Counts and times of questions, for Prometheus and OpenTelemetry; of neither unless a setting asks for it.

Labels and spans hold the names of steps and states alone, never words of a question or an article. The
packages are optional (requirements-telemetry.txt), and imported only where they are used.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_INSTALL = "run: pip install -r requirements-telemetry.txt"
_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4)  # limits of the histograms' buckets
STOPPED, FAILED = "stopped", "failed"  # states of a question that has no answer


class TelemetryNotInstalled(RuntimeError):
    """A package that a setting needs is missing; the message says how to install it."""


class Telemetry:
    """Observes questions and their steps.

    Args:
        metrics: count and time them for Prometheus.
        traces: the address of an OpenTelemetry collector, such as http://127.0.0.1:4318/v1/traces; "" for
            none.

    Raises:
        TelemetryNotInstalled: a package is missing.
    """

    def __init__(self, metrics: bool = False, traces: str = "") -> None:
        self._metrics = _Metrics() if metrics else None
        self._provider = _tracer_provider(traces) if traces else None

    @contextmanager
    def question(self) -> Iterator["QuestionTrace"]:
        """Observe a question; one whose caller goes away is stopped, one that raises an error has failed."""
        tracer = self._provider.get_tracer("dateline") if self._provider else None
        trace, began = QuestionTrace(self._metrics, tracer), time.perf_counter()
        if self._metrics:
            self._metrics.in_progress.inc()
        try:
            yield trace
        except GeneratorExit:
            trace.status = STOPPED
            raise
        except BaseException:
            trace.status = FAILED
            raise
        finally:
            trace.end()
            if self._metrics:
                self._metrics.in_progress.dec()
                self._metrics.questions.labels(trace.status).inc()
                self._metrics.seconds.observe(time.perf_counter() - began)
                self._metrics.without_model.inc(int(trace.without_model))

    def watch_size(self, size: Callable[[], tuple[int, int]]) -> None:
        """Report the numbers of articles and passages that `size` returns whenever metrics are read."""
        if self._metrics:
            self._metrics.articles.set_function(lambda: size()[0])
            self._metrics.passages.set_function(lambda: size()[1])

    def metrics(self) -> tuple[bytes, str] | None:
        """Return the metrics in Prometheus' text format and its media type; None where they are off."""
        return self._metrics.text() if self._metrics else None

    def close(self) -> None:
        """Send the spans that wait."""
        if self._provider:
            self._provider.shutdown()


class QuestionTrace:
    """A question that is being answered: `status` and `without_model` are set when it ends."""

    def __init__(self, metrics: "_Metrics | None", tracer: Any) -> None:
        self._metrics, self._tracer = metrics, tracer
        self.status, self.without_model = STOPPED, False
        self._span = tracer.start_span("question") if tracer else None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; `name` is fixed in the code."""
        began, span = time.perf_counter(), self._start(name)
        try:
            yield
        finally:
            if self._metrics:
                self._metrics.steps.labels(name).observe(time.perf_counter() - began)
            if span:
                span.end()

    def _start(self, name: str) -> Any:
        if not self._tracer:
            return None
        from opentelemetry.trace import set_span_in_context

        return self._tracer.start_span(name, set_span_in_context(self._span))

    def end(self) -> None:
        """End the question's span."""
        if self._span:
            self._span.set_attribute("dateline.status", self.status)
            self._span.set_attribute("dateline.without_model", self.without_model)
            self._span.end()


class _Metrics:
    """The metrics of this process, in a registry of their own."""

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
        except ImportError as error:
            raise TelemetryNotInstalled(f"prometheus-client is not installed; {_INSTALL}") from error
        registry = self._registry = CollectorRegistry()
        self.questions = Counter(
            "dateline_questions", "Questions by what became of them", ["status"], registry=registry
        )
        self.without_model = Counter(
            "dateline_questions_without_model", "Questions whose model failed", registry=registry
        )
        self.seconds = Histogram(
            "dateline_question_seconds", "Seconds a question", buckets=_SECONDS, registry=registry
        )
        self.steps = Histogram(
            "dateline_step_seconds", "Seconds a step", ["step"], buckets=_SECONDS, registry=registry
        )
        self.in_progress = Gauge("dateline_questions_in_progress", "Questions in hand", registry=registry)
        self.articles = Gauge("dateline_articles", "Articles of the collection", registry=registry)
        self.passages = Gauge("dateline_passages", "Passages of the collection", registry=registry)

    def text(self) -> tuple[bytes, str]:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def _tracer_provider(address: str) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TelemetryNotInstalled(f"OpenTelemetry is not installed; {_INSTALL}") from error
    provider = TracerProvider(resource=Resource.create({"service.name": "dateline"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(address)))
    return provider

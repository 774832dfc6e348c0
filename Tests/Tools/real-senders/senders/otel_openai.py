"""Calls a model through the client `openai`, as instrumented for OpenTelemetry, and exports what the instrumentation tells.

  python otel_openai.py INSTRUMENTATION MODEL-URL CALLS

INSTRUMENTATION is openai-v2, traceloop or openinference. Where it exports to, how, and what else its resource says is read by the
SDK from OTEL_EXPORTER_OTLP_… and OTEL_RESOURCE_ATTRIBUTES, as in any application. CALLS says how often each kind is made; each
kind has a model of its own, so that what was counted can be told apart. Exit code 1: an export was not taken.
"""
import logging
import os
import sys

import openai
from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

INSTRUMENTATION, URL, CALLS = sys.argv[1], sys.argv[2], int(sys.argv[3])
HI = [{"role": "user", "content": "Hi"}]

if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc") == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter


class Complaints(logging.Handler):
    """What exporters say of exports that failed; they drop them without an exception."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


COMPLAINTS = Complaints()
logging.getLogger("opentelemetry.exporter").addHandler(COMPLAINTS)
logging.getLogger("opentelemetry.sdk").addHandler(COMPLAINTS)
TRACES, LOGS = TracerProvider(), LoggerProvider()
TRACES.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
LOGS.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
METRICS = MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])
trace.set_tracer_provider(TRACES)
metrics.set_meter_provider(METRICS)
set_logger_provider(LOGS)

if INSTRUMENTATION == "openinference":
    from openinference.instrumentation.openai import OpenAIInstrumentor
elif INSTRUMENTATION == "traceloop":
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor
else:
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
OpenAIInstrumentor().instrument()
CLIENT = openai.OpenAI(base_url=f"{URL}/v1", api_key="none", max_retries=0)


def chat(model):
    CLIENT.chat.completions.create(model=model, messages=HI)


def chat_streamed(model):
    for _ in CLIENT.chat.completions.create(
            model=model, messages=HI, stream=True, stream_options={"include_usage": True}):
        pass


def chat_streamed_without_usage(model):
    for _ in CLIENT.chat.completions.create(model=model, messages=HI, stream=True):
        pass


def embeddings(model):
    CLIENT.embeddings.create(model=model, input=["Hi"], encoding_format="float")


def responses(model):
    CLIENT.responses.create(model=model, input="Hi")


def failing(model):
    try:
        chat(model)
    except openai.BadRequestError:
        return
    raise SystemExit("the failing model answered")


KINDS = {
    "stub-chat": chat,
    "stub-chat-streamed": chat_streamed,
    "stub-chat-streamed-without-usage": chat_streamed_without_usage,
    "stub-embeddings": embeddings,
    "stub-responses": responses,
    "failing-chat": failing,
}

for _ in range(CALLS):
    for name, call in KINDS.items():
        call(name)
    # An application lives for longer than one export: totals come again, and grow.
    METRICS.force_flush()
for provider in (TRACES, METRICS, LOGS):
    provider.shutdown()
if COMPLAINTS.lines:
    raise SystemExit("\n".join(COMPLAINTS.lines))

"""Exports spans as vLLM makes them, through the exporter that it uses; vLLM itself needs an accelerator.

  python otel_vllm.py ENDPOINT CALLS JOURNAL

ENDPOINT is what `--otlp-traces-endpoint` would say. Names and kinds are those of vLLM's tracing (its `llm_request` span). CALLS
spans are made, each with other counts, and their sums written to JOURNAL. Exit code 1: an export was not taken.
"""
import json
import logging
import os
import sys
import time

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

ENDPOINT, CALLS, JOURNAL = sys.argv[1], int(sys.argv[2]), sys.argv[3]
MODEL = "Qwen/Qwen3-8B"

if os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc") == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

complaints = []
handler = logging.Handler(logging.ERROR)
handler.emit = lambda record: complaints.append(record.getMessage())
logging.getLogger("opentelemetry").addHandler(handler)

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=ENDPOINT)))
tracer = provider.get_tracer("vllm.llm_engine")
used = {"input": 0, "output": 0}
for number in range(CALLS):
    prompt, completion = 1200 + 3 * number, 350 + 5 * number
    span = tracer.start_span("llm_request", kind=SpanKind.SERVER, start_time=time.time_ns())
    span.set_attributes({
        "gen_ai.response.model": MODEL,
        "gen_ai.request.id": f"cmpl-{number}",
        "gen_ai.request.temperature": 0.7,
        "gen_ai.request.top_p": 0.95,
        "gen_ai.request.max_tokens": 512,
        "gen_ai.request.n": 1,
        "gen_ai.usage.prompt_tokens": prompt,
        "gen_ai.usage.completion_tokens": completion,
        "gen_ai.latency.time_in_queue": 0.001,
        "gen_ai.latency.time_to_first_token": 0.02,
        "gen_ai.latency.e2e": 0.5,
    })
    span.end()
    used = {"input": used["input"] + prompt, "output": used["output"] + completion}
provider.shutdown()
if complaints:
    raise SystemExit("\n".join(complaints))
with open(JOURNAL, "w", encoding="utf-8") as file:
    json.dump({"model": MODEL, "calls": CALLS, **used}, file)

"""Calls a model through LiteLLM and lets one of its callbacks tell of it: `otel` or `openmeter`.

  python litellm_callback.py CALLBACK MODEL-URL CALLS

Where it sends to is read by the callback from the environment (OTEL_…, OPENMETER_…). CALLS says how often each kind of call is
made.
"""
import asyncio
import sys

import litellm_calls

CALLBACK, URL, CALLS = sys.argv[1], sys.argv[2], int(sys.argv[3])
litellm_calls.prepare(URL)

import litellm  # noqa: E402 (reads the environment when it is imported)

litellm.suppress_debug_info = True
litellm.callbacks = [CALLBACK]
asyncio.run(litellm_calls.call_all(CALLS))
if CALLBACK == "otel":
    from opentelemetry import metrics, trace

    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        if hasattr(provider, "shutdown"):
            provider.shutdown()

"""Calls a model through LiteLLM and lets its `generic_api` callback send what it logs.

  python litellm_generic_api.py CONFIG MODEL-URL CALLS

CONFIG is LiteLLM's own configuration (YAML), of which `litellm_settings` and `callback_settings` are used as its proxy uses them.
CALLS says how often each kind of call is made.
"""
import asyncio
import sys

import litellm_calls
import yaml

CONFIG, URL, CALLS = sys.argv[1], sys.argv[2], int(sys.argv[3])
litellm_calls.prepare(URL)

import litellm  # noqa: E402 (reads the environment when it is imported)


async def main():
    with open(CONFIG, encoding="utf-8") as file:
        configuration = yaml.safe_load(file)
    settings = configuration["litellm_settings"]
    litellm.callback_settings = configuration["callback_settings"]
    for callback in settings["callbacks"]:
        litellm.logging_callback_manager.add_litellm_callback(callback)
    await litellm_calls.call_all(CALLS)
    await sent()


async def sent():
    """Sends what LiteLLM's callbacks hold."""
    loggers = {
        id(callback): callback
        for callback in [*litellm.success_callback, *litellm._async_success_callback, *litellm._async_failure_callback]
        if hasattr(callback, "flush_queue")
    }
    if not loggers:
        raise SystemExit("LiteLLM made no generic_api callback of the configuration")
    for logger in loggers.values():
        await logger.flush_queue()
        if logger.log_queue:
            raise SystemExit(f"{len(logger.log_queue)} records were not taken")


litellm.suppress_debug_info = True
asyncio.run(main())

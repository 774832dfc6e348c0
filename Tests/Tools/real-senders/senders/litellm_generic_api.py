"""Calls a model through LiteLLM and lets its `generic_api` callback send what it logs.

  python litellm_generic_api.py CONFIG MODEL-URL CALLS

CONFIG is LiteLLM's own configuration (YAML), of which `litellm_settings` and `callback_settings` are used as its proxy uses them.
CALLS says how often each kind of call is made. The kinds and their models stand in KINDS: tests read what was counted by model.
"""
import asyncio
import os
import sys

import yaml

CONFIG, URL, CALLS = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ.update(
    OPENAI_API_BASE=f"{URL}/v1", OPENAI_API_KEY="none", ANTHROPIC_API_KEY="none", LITELLM_LOCAL_MODEL_COST_MAP="True")

import litellm  # noqa: E402 (reads the environment when it is imported)
from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER  # noqa: E402

TEAM = {"user_api_key_team_id": "team-a", "user_api_key_alias": "key-1"}


async def chat(model, **more):
    return await litellm.acompletion(
        model=f"openai/{model}", messages=[{"role": "user", "content": "Hi"}], metadata=TEAM, **more)


async def streamed(model, **more):
    async for _ in await chat(model, stream=True, **more):
        pass


async def streamed_with_usage(model):
    await streamed(model, stream_options={"include_usage": True})


async def embedding(model):
    await litellm.aembedding(model=f"openai/{model}", input=["Hi"], metadata=TEAM)


async def responses(model):
    await litellm.aresponses(model=f"openai/{model}", input="Hi", litellm_metadata=TEAM)


async def messages(model):
    await litellm.acompletion(
        model=f"anthropic/{model}", messages=[{"role": "user", "content": "Hi"}], metadata=TEAM, api_base=URL)


async def failing(model):
    try:
        await chat(model)
    except litellm.BadRequestError:
        return
    raise SystemExit("the failing model answered")


KINDS = {
    "stub-chat": chat,
    "stub-chat-streamed": streamed_with_usage,
    "stub-chat-streamed-without-usage": streamed,
    "stub-embeddings": embedding,
    "stub-responses": responses,
    "stub-messages": messages,
    "failing-chat": failing,
}


async def main():
    with open(CONFIG, encoding="utf-8") as file:
        configuration = yaml.safe_load(file)
    settings = configuration["litellm_settings"]
    litellm.callback_settings = configuration["callback_settings"]
    for callback in settings["callbacks"]:
        litellm.logging_callback_manager.add_litellm_callback(callback)
    for _ in range(CALLS):
        for model, call in KINDS.items():
            await call(model)
    await sent()


async def sent():
    """Waits until LiteLLM's own worker has logged every call, and sends what its callbacks hold."""
    await GLOBAL_LOGGING_WORKER.flush()
    await asyncio.sleep(2)
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

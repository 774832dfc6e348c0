"""Calls a model through LiteLLM in each way that its tests look at; a module of the senders beside it."""
import os


def prepare(url):
    """Before LiteLLM is imported: it reads the environment then."""
    os.environ.update(
        OPENAI_API_BASE=f"{url}/v1", OPENAI_API_KEY="none", ANTHROPIC_API_KEY="none", ANTHROPIC_API_BASE=url,
        LITELLM_LOCAL_MODEL_COST_MAP="True")


TEAM = {
    "user_api_key_team_id": "team-a", "user_api_key_alias": "key-1", "user_api_key_user_id": "user-a",
}


# Each call has metadata of its own, as in the proxy: of calls that share an object LiteLLM exports the first alone.
async def chat(model, **more):
    import litellm

    return await litellm.acompletion(
        model=f"openai/{model}", messages=[{"role": "user", "content": "Hi"}], metadata=dict(TEAM), **more)


async def streamed(model, **more):
    async for _ in await chat(model, stream=True, **more):
        pass


async def streamed_with_usage(model):
    await streamed(model, stream_options={"include_usage": True})


async def embedding(model):
    import litellm

    await litellm.aembedding(model=f"openai/{model}", input=["Hi"], metadata=dict(TEAM))


async def responses(model):
    import litellm

    await litellm.aresponses(model=f"openai/{model}", input="Hi", litellm_metadata=dict(TEAM))


async def messages(model):
    import litellm

    await litellm.acompletion(
        model=f"anthropic/{model}", messages=[{"role": "user", "content": "Hi"}], metadata=dict(TEAM),
        api_base=os.environ["ANTHROPIC_API_BASE"])


async def failing(model):
    import litellm

    try:
        await chat(model)
    except litellm.BadRequestError:
        return
    raise SystemExit("the failing model answered")


# The kinds of calls by the models that they go to: tests read what was counted by model.
KINDS = {
    "stub-chat": chat,
    "stub-chat-streamed": streamed_with_usage,
    "stub-chat-streamed-without-usage": streamed,
    "stub-embeddings": embedding,
    "stub-responses": responses,
    "stub-messages": messages,
    "failing-chat": failing,
}


async def call_all(times):
    """Each kind so often; returns once LiteLLM's own worker has logged every call."""
    import asyncio

    from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER

    for _ in range(times):
        for model, call in KINDS.items():
            await call(model)
    await GLOBAL_LOGGING_WORKER.flush()
    await asyncio.sleep(2)

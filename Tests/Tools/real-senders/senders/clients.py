"""Calls a model through the clients `openai` and `anthropic` and logs each answer as a line, as applications do.

  python clients.py LOG MODEL-URL CALLS

A line is the answer as the client has it, with the tenant and the time beside it. CALLS says how often each kind is made; each
kind has a model of its own, so that what was counted can be told apart.
"""
import json
import sys
import time

import anthropic
import openai

LOG, URL, CALLS = sys.argv[1], sys.argv[2], int(sys.argv[3])
OPENAI = openai.OpenAI(base_url=f"{URL}/v1", api_key="none", max_retries=0)
ANTHROPIC = anthropic.Anthropic(base_url=URL, api_key="none", max_retries=0)
HI = [{"role": "user", "content": "Hi"}]


def chat(model):
    yield OPENAI.chat.completions.create(model=model, messages=HI)


def chat_streamed(model):
    """The last chunk alone has the usage."""
    chunks = OPENAI.chat.completions.create(
        model=model, messages=HI, stream=True, stream_options={"include_usage": True})
    for chunk in chunks:
        if chunk.usage:
            yield chunk


def responses(model):
    yield OPENAI.responses.create(model=model, input="Hi")


def responses_streamed(model):
    for event in OPENAI.responses.create(model=model, input="Hi", stream=True):
        if event.type == "response.completed":
            yield event


def embeddings(model):
    yield OPENAI.embeddings.create(model=model, input=["Hi"], encoding_format="float")


def messages(model):
    yield ANTHROPIC.messages.create(model=model, max_tokens=9, messages=HI)


def messages_streamed(model):
    with ANTHROPIC.messages.stream(model=model, max_tokens=9, messages=HI) as stream:
        yield stream.get_final_message()


KINDS = {
    "stub-chat": chat,
    "stub-chat-streamed": chat_streamed,
    "stub-responses": responses,
    "stub-responses-streamed": responses_streamed,
    "stub-embeddings": embeddings,
    "stub-messages": messages,
    "stub-messages-streamed": messages_streamed,
}

with open(LOG, "a", encoding="utf-8") as log:
    for _ in range(CALLS):
        for model, call in KINDS.items():
            for answer in call(model):
                line = {**answer.model_dump(mode="json"), "ts": time.time(), "tenant": "team-a"}
                log.write(json.dumps(line) + "\n")

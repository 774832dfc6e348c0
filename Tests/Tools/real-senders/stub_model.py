#!/usr/bin/env python3
"""A model server that answers at once and writes down what each answer truly used.

  stub_model.py --address-file FILE --journal FILE

Listens on a free port of 127.0.0.1 and writes {"url": "http://…"} to the address file. It speaks OpenAI's chat completions,
responses and embeddings and Anthropic's messages, each also streamed where the API streams. Every answer adds one line to the
journal: model, what was asked (`call`), whether the answer said its usage (`said`), and input, cached, output and reasoning
tokens, cached within input and reasoning within output. No two answers use the same counts, so that a sum shows which calls are
in it. A model whose name begins with `failing` answers 400.
"""
import argparse
import http.server
import json
import threading
import time


class Journal:
    """The answers in their order, one JSON object a line."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8")
        self.answers = 0

    def add(self, model, call, said, tokens_of):
        """Writes a line down before the answer goes out, and returns its tokens and number."""
        with self.lock:
            self.answers += 1
            tokens = tokens_of(self.answers)
            self.file.write(json.dumps({"model": model, "call": call, "said": said, **tokens}) + "\n")
            self.file.flush()
            return tokens, self.answers


def generated(number):
    return {"input": 1200 + 3 * number, "cached": 1024 + number, "output": 350 + 5 * number, "reasoning": 128 + 2 * number}


def embedded(number):
    return {"input": 8 + number, "cached": 0, "output": 0, "reasoning": 0}


def chat_usage(tokens):
    return {
        "prompt_tokens": tokens["input"],
        "completion_tokens": tokens["output"],
        "total_tokens": tokens["input"] + tokens["output"],
        "prompt_tokens_details": {"cached_tokens": tokens["cached"], "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": tokens["reasoning"], "audio_tokens": 0},
    }


def responses_usage(tokens):
    return {
        "input_tokens": tokens["input"],
        "input_tokens_details": {"cached_tokens": tokens["cached"], "cache_write_tokens": 0},
        "output_tokens": tokens["output"],
        "output_tokens_details": {"reasoning_tokens": tokens["reasoning"]},
        "total_tokens": tokens["input"] + tokens["output"],
    }


def messages_usage(tokens):
    """Anthropic's: what the cache gave and took stands beside the input; thinking is within the output."""
    written = 7
    return {
        "input_tokens": tokens["input"] - tokens["cached"] - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": tokens["cached"],
        "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": tokens["output"],
        "output_tokens_details": {"thinking_tokens": tokens["reasoning"]},
        "service_tier": "standard",
    }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    journal = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, {"object": "list", "data": []})

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length) or b"{}")
        model = asked.get("model", "")
        if model.startswith("failing"):
            self.answer(400, {"error": {"message": "this model fails", "type": "invalid_request_error", "code": None}})
            return
        path = self.path.split("?")[0].rstrip("/")
        for end, serve in self.served.items():
            if path.endswith(end):
                serve(self, asked, model, bool(asked.get("stream")))
                return
        self.answer(404, {"error": {"message": f"there is no {path}"}})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, events, named):
        """Server-sent events; `named` ones carry their type in a line of its own, as Anthropic's and the responses do."""
        data = b""
        for event in events:
            if named:
                data += f"event: {event['type']}\n".encode()
            data += b"data: " + (event if isinstance(event, str) else json.dumps(event)).encode() + b"\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def serve_chat(self, asked, model, streams):
        says = not streams or bool((asked.get("stream_options") or {}).get("include_usage"))
        call = "chat" if not streams else "chat, streamed" if says else "chat, streamed without usage"
        tokens, number = self.journal.add(model, call, says, generated)
        head = {"id": f"chatcmpl-{number}", "created": int(time.time()), "model": model}
        if not streams:
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}
            self.answer(200, {**head, "object": "chat.completion", "choices": [choice], "usage": chat_usage(tokens)})
            return
        head["object"] = "chat.completion.chunk"
        events = [
            {**head, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hello"}, "finish_reason": None}]},
            {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        ]
        if says:
            events.append({**head, "choices": [], "usage": chat_usage(tokens)})
        self.stream([*events, "[DONE]"], named=False)

    def serve_responses(self, asked, model, streams):
        tokens, number = self.journal.add(model, "responses, streamed" if streams else "responses", True, generated)
        message = {
            "type": "message", "id": f"msg_{number}", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
        }
        response = {
            "id": f"resp_{number}", "object": "response", "created_at": int(time.time()), "status": "completed",
            "model": model, "output": [message], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0,
            "top_p": 1.0, "usage": responses_usage(tokens),
        }
        if not streams:
            self.answer(200, response)
            return
        begun = {**response, "status": "in_progress", "output": [], "usage": None}
        self.stream(
            [
                {"type": "response.created", "sequence_number": 0, "response": begun},
                {"type": "response.completed", "sequence_number": 1, "response": response},
            ],
            named=True)

    def serve_embeddings(self, asked, model, _):
        tokens, _ = self.journal.add(model, "embeddings", True, embedded)
        usage = {"prompt_tokens": tokens["input"], "total_tokens": tokens["input"]}
        vector = {"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}
        self.answer(200, {"object": "list", "data": [vector], "model": model, "usage": usage})

    def serve_messages(self, asked, model, streams):
        tokens, number = self.journal.add(model, "messages, streamed" if streams else "messages", True, generated)
        usage = messages_usage(tokens)
        message = {
            "id": f"msg_{number}", "type": "message", "role": "assistant", "model": model, "stop_sequence": None,
            "stop_reason": "end_turn", "content": [{"type": "text", "text": "Hello"}], "usage": usage,
        }
        if not streams:
            self.answer(200, message)
            return
        begun = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
        del begun["usage"]["output_tokens_details"]
        self.stream(
            [
                {"type": "message_start", "message": begun},
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
                {"type": "content_block_stop", "index": 0},
                {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
                {"type": "message_stop"},
            ],
            named=True)

    served = {
        "/chat/completions": serve_chat,
        "/responses": serve_responses,
        "/embeddings": serve_embeddings,
        "/messages": serve_messages,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address-file", required=True)
    parser.add_argument("--journal", required=True)
    options = parser.parse_args()
    Handler.journal = Journal(options.journal)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(options.address_file, "w", encoding="utf-8") as file:
        json.dump({"url": f"http://127.0.0.1:{server.server_address[1]}"}, file)
    server.serve_forever()


if __name__ == "__main__":
    main()

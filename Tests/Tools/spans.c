// spans FORMAT REQUESTS SPANS: writes REQUESTS bodies of OTLP traces, each with SPANS spans of model calls as an
// instrumented client sends them (about 1.4 kB as protobuf: usage, models and settings of the call, and messages that
// nobody counts). FORMAT is `protobuf`, with each body behind its length (four bytes, the lowest first), or `json`, a body
// a line.
// Build: cc -O2 -o spans spans.c
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { bufferBytes = 1 << 24, attributeCount = 19, tenantCount = 20000, firstSecond = 1748736000 };

// One attribute: its text, or its number where there is none.
struct attribute { const char *key, *text; uint64_t number; };

struct text { unsigned char *bytes; size_t count; };

static uint64_t state = 42;

static uint64_t draw(void) { // splitmix64
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static struct text make(void) { return (struct text){malloc(bufferBytes), 0}; }

static void put(struct text *to, const void *bytes, size_t count) {
    if (to->count + count > bufferBytes) { fprintf(stderr, "spans: a body is too large\n"); exit(1); }
    memcpy(to->bytes + to->count, bytes, count);
    to->count += count;
}

static void word(struct text *to, const char *text) { put(to, text, strlen(text)); }

static void varint(struct text *to, uint64_t value) {
    unsigned char byte;
    for (; value >= 0x80; value >>= 7) { byte = value | 0x80; put(to, &byte, 1); }
    byte = value;
    put(to, &byte, 1);
}

static void field(struct text *to, int number, const void *bytes, size_t count) {
    varint(to, number << 3 | 2);
    varint(to, count);
    put(to, bytes, count);
}

static void fixed64(struct text *to, int number, uint64_t value) {
    varint(to, number << 3 | 1);
    for (int i = 0; i < 8; i++) { unsigned char byte = value >> 8 * i; put(to, &byte, 1); }
}

static const char *const models[] = {
    "doubao-1.6-flash-32k", "kimi-k2-128k", "deepseek-v3.1", "doubao-1.5-pro-256k", "glm-4.5-air"};
static const char *const library = "opentelemetry.instrumentation.openai_v2";
static const char *const messages =
    "[{\\\"role\\\":\\\"system\\\",\\\"parts\\\":[{\\\"type\\\":\\\"text\\\",\\\"content\\\":\\\"You answer questions of "
    "customers about orders, deliveries and returns. Be short and friendly, and never promise a date.\\\"}]},{\\\"role\\\":"
    "\\\"user\\\",\\\"parts\\\":[{\\\"type\\\":\\\"text\\\",\\\"content\\\":\\\"My parcel was to come on Tuesday, and the "
    "page has said since then that it lies in the depot. Can you find out what is wrong with it, and whether I can fetch "
    "it there myself? The number is 00340434161094042557.\\\"}]}]";
static const char *const answer =
    "[{\\\"role\\\":\\\"assistant\\\",\\\"parts\\\":[{\\\"type\\\":\\\"text\\\",\\\"content\\\":\\\"I am sorry for the wait. "
    "The depot says that the address could not be read; I have sent it again.\\\"}],\\\"finish_reason\\\":\\\"stop\\\"}]";

// The attributes of one call; the texts stand in `tenant` and `id`.
static void call(struct attribute *to, char *tenant, char *id, const char *prompt, const char *reply) {
    const char *model = models[draw() % 5];
    sprintf(tenant, "t-%06d", (int)(draw() % tenantCount));
    sprintf(id, "chatcmpl-%016llx%08x", (unsigned long long)draw(), (unsigned)draw());
    uint64_t input = 100 + draw() % 4000;
    const struct attribute all[attributeCount] = {
        {"gen_ai.operation.name", "chat", 0}, {"gen_ai.provider.name", "openai", 0}, {"gen_ai.system", "openai", 0},
        {"server.address", "ark.cn-beijing.volces.com", 0}, {"server.port", 0, 443},
        {"gen_ai.request.model", model, 0}, {"gen_ai.request.max_tokens", 0, 4096}, {"gen_ai.request.seed", 0, draw() % 100},
        {"gen_ai.output.type", "text", 0}, {"gen_ai.conversation.id", id + 9, 0}, {"tenant.id", tenant, 0},
        {"gen_ai.input.messages", prompt, 0}, {"gen_ai.response.model", model, 0}, {"gen_ai.response.id", id, 0},
        {"gen_ai.usage.input_tokens", 0, input}, {"gen_ai.usage.output_tokens", 0, 1 + draw() % 900},
        {"gen_ai.usage.cache_read.input_tokens", 0, input / 4}, {"openai.response.service_tier", "default", 0},
        {"gen_ai.output.messages", reply, 0}};
    memcpy(to, all, sizeof all);
}

// The text that escapes stand for.
static char *plain(const char *escaped) {
    char *text = malloc(strlen(escaped) + 1), *at = text;
    for (const char *c = escaped; *c; c++) if (*c != '\\') *at++ = *c;
    *at = 0;
    return text;
}

static void keyValue(struct text *to, struct text *room, const char *key, const char *value, uint64_t number) {
    room->count = 0;
    field(room, 1, key, strlen(key));
    unsigned char inner[4096];
    struct text content = {inner, 0};
    if (value) field(&content, 1, value, strlen(value));
    else { varint(&content, 3 << 3); varint(&content, number); }
    field(room, 2, inner, content.count);
    field(to, 9, room->bytes, room->count);
}

static void protobufSpan(struct text *scope, struct text *span, struct text *room, const struct attribute *all, uint64_t time) {
    uint64_t ids[3] = {draw(), draw(), draw()};
    span->count = 0;
    field(span, 1, ids, 16);
    field(span, 2, ids + 2, 8);
    field(span, 5, "chat", 4);
    varint(span, 6 << 3);
    varint(span, 3);
    fixed64(span, 7, time);
    fixed64(span, 8, time + 1200000000);
    for (int i = 0; i < attributeCount; i++) keyValue(span, room, all[i].key, all[i].text, all[i].number);
    field(scope, 2, span->bytes, span->count);
}

static void jsonSpan(struct text *to, const struct attribute *all, uint64_t time) {
    char line[512];
    sprintf(line, "{\"traceId\":\"%016llx%016llx\",\"spanId\":\"%016llx\",\"name\":\"chat\",\"kind\":3,"
        "\"startTimeUnixNano\":\"%llu\",\"endTimeUnixNano\":\"%llu\",\"attributes\":[", (unsigned long long)draw(),
        (unsigned long long)draw(), (unsigned long long)draw(), (unsigned long long)time, (unsigned long long)time + 1200000000);
    word(to, line);
    for (int i = 0; i < attributeCount; i++) {
        sprintf(line, "%s{\"key\":\"%s\",\"value\":{\"%s\":\"", i ? "," : "", all[i].key, all[i].text ? "stringValue" : "intValue");
        word(to, line);
        if (all[i].text) word(to, all[i].text);
        else { sprintf(line, "%llu", (unsigned long long)all[i].number); word(to, line); }
        word(to, "\"}}");
    }
    word(to, "],\"status\":{}}");
}

int main(int c, char **v) {
    if (c != 4) { fprintf(stderr, "spans protobuf|json REQUESTS SPANS\n"); return 64; }
    int isJSON = !strcmp(v[1], "json");
    long requests = atol(v[2]), spans = atol(v[3]);
    const char *prompt = isJSON ? messages : plain(messages), *reply = isJSON ? answer : plain(answer);
    struct text body = make(), scope = make(), span = make(), room = make();
    struct attribute all[attributeCount];
    char tenant[32], id[64];
    for (long request = 0; request < requests; request++) {
        body.count = scope.count = 0;
        if (isJSON)
            word(&body, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":"
                "\"orders\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\""), word(&body, library), word(&body, "\"},\"spans\":[");
        for (long number = 0; number < spans; number++) {
            uint64_t time = (firstSecond + (request * spans + number) / 1000 % 3600) * 1000000000ull + draw() % 1000000000;
            call(all, tenant, id, prompt, reply);
            if (isJSON) {
                if (number) word(&body, ",");
                jsonSpan(&body, all, time);
            } else protobufSpan(&scope, &span, &room, all, time);
        }
        if (isJSON) word(&body, "]}]}]}\n");
        else {
            struct text name = {room.bytes, 0};
            field(&name, 1, library, strlen(library));
            span.count = 0;
            field(&span, 1, name.bytes, name.count);
            put(&span, scope.bytes, scope.count);
            scope.count = 0;
            field(&scope, 2, span.bytes, span.count);
            field(&body, 1, scope.bytes, scope.count);
            unsigned char length[4] = {body.count, body.count >> 8, body.count >> 16, body.count >> 24};
            fwrite(length, 1, 4, stdout);
        }
        fwrite(body.bytes, 1, body.count, stdout);
    }
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}

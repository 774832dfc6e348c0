// Instructions that Swift has no name for.
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// How many of the sixteen bytes at `bytes` come before the first quote, backslash or control character (below 0x20): what
// may end a JSON string or needs a closer look. 16 where there is none.
static inline int steelyard_plain_text_bytes(const void *bytes) {
#if defined(__SSE2__)
    const __m128i text = _mm_loadu_si128((const __m128i *)bytes);
    const __m128i quotes = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1F)), text);
    const __m128i found = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
    return __builtin_ctz((unsigned)_mm_movemask_epi8(found) | 0x10000u);
#elif defined(__aarch64__)
    const uint8x16_t text = vld1q_u8((const uint8_t *)bytes);
    const uint8x16_t quotes = vceqq_u8(text, vdupq_n_u8('"'));
    const uint8x16_t backslashes = vceqq_u8(text, vdupq_n_u8('\\'));
    const uint8x16_t found = vorrq_u8(vorrq_u8(quotes, backslashes), vcltq_u8(text, vdupq_n_u8(0x20)));
    // Four bits for each byte.
    const uint64_t bits = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
    return bits ? __builtin_ctzll(bits) / 4 : 16;
#else
    const uint8_t *text = (const uint8_t *)bytes;
    int count = 0;
    while (count < 16 && text[count] != '"' && text[count] != '\\' && text[count] >= 0x20) count++;
    return count;
#endif
}

// Has the processor bring the memory at `address` near, without waiting for it. Any address is allowed.
static inline void steelyard_prefetch(const void *address) { __builtin_prefetch(address); }

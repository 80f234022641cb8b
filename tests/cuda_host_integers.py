"""Host versions of what kernels for integers ask of tensor cores: fragments exchanged between fibers, byte by byte."""

from __future__ import annotations

INTEGER_CORES = r"""
#define WL_INTEGER_CORES
#define WL_SHARED_BYTES(name, size) static unsigned char name[size] __attribute__((aligned(128)))
#define WL_INTEGER_LANES
struct float2 { float x, y; };
namespace wl {
static inline unsigned greater_halves(unsigned a, unsigned b) {
  const unsigned low = (a & 0xffffu) > (b & 0xffffu) ? a : b, high = (a >> 16) > (b >> 16) ? a : b;
  return (low & 0xffffu) | (high & 0xffff0000u);
}
static inline unsigned float_word(float x) { unsigned r; memcpy(&r, &x, 4); return r; }
typedef uintptr_t Shared;
static inline Shared shared_of(const void* p) { return (Shared)p; }
template <bool CACHED> static inline void copy16(Shared to, const void* from, bool there) {
  if (there) memcpy((void*)to, from, 16); else memset((void*)to, 0, 16);
}
static inline void commit_copies() {}
template <int N> static inline void wait_copies() {}
static inline void publish_copies() {}
static inline void begin_products() {}
static inline void commit_products() {}
template <int N> static inline void wait_products() {}
static inline unsigned low_bytes(unsigned first, unsigned second) { return (first & 255u) | (second & 255u) << 8; }
static inline unsigned float_bits(float x) { unsigned r; memcpy(&r, &x, 4); return r; }
static Shared lines[host::MOST / 32][32];
static inline void load_matrices(Shared from, unsigned (&r)[4]) {
  const int warp = host::current / 32, lane = host::current % 32;
  if (from % 16) abort();
  lines[warp][lane] = from;
  host::warp_barrier();
  for (int i = 0; i < 4; ++i) memcpy(&r[i], (const char*)lines[warp][i * 8 + lane / 4] + lane % 4 * 4, 4);
  host::warp_barrier();
}
static unsigned fragments[host::MOST / 32][32][6];
static inline int byte_of(unsigned word, int i, bool is_unsigned) {
  const unsigned char byte = (unsigned char)(word >> 8 * i);
  return is_unsigned ? (int)byte : (int)(signed char)byte;
}
template <bool UNSIGNED>
static inline void multiply(int (&sum)[4], const unsigned (&a)[4], unsigned low, unsigned high) {
  const int warp = host::current / 32, lane = host::current % 32;
  unsigned* own = fragments[warp][lane];
  memcpy(own, a, 16); own[4] = low; own[5] = high;
  host::warp_barrier();
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 4 * 4, column = (lane % 4 * 2 + i % 2) * 4;
    for (int part = 0; part < 2; ++part)
      for (int owner = 0; owner < 4; ++owner)
        for (int k = 0; k < 4; ++k)
          sum[i] += byte_of(fragments[warp][row + owner][part * 2 + i / 2], k, UNSIGNED) *
                    byte_of(fragments[warp][column + owner][4 + part], k, false);
  }
  host::warp_barrier();
}
// Where a matrix begins, and the bytes of a row.
struct Description {
  Shared at; int row_bytes;
  Description operator+(int units) const { return {at + units * 16, row_bytes}; }
};
template <int ROW_BYTES> static inline Description described(Shared at) { return {at, ROW_BYTES}; }
// The hardware swizzles addresses: bits 4 to 6 (4 and 5) are changed by bits 7 to 9 (7 and 8).
static inline int swizzled_byte(const Description& matrix, int row, int k, bool is_unsigned) {
  Shared at = matrix.at + (Shared)row * matrix.row_bytes + k;
  at ^= matrix.row_bytes == 128 ? (at >> 7 & 7) << 4 : (at >> 7 & 3) << 4;
  const unsigned char byte = *(const unsigned char*)at;
  return is_unsigned ? (int)byte : (int)(signed char)byte;
}
template <int NT>
static inline void products(int (&sum)[NT][4], Description a, Description b, bool add, bool is_unsigned) {
  const int warp = host::current / 32 % 4, lane = host::current % 32;
  for (int j = 0; j < NT; ++j)
    for (int i = 0; i < 4; ++i) {
      const int row = warp * 16 + lane / 4 + i / 2 * 8, column = j * 8 + lane % 4 * 2 + i % 2;
      int total = add ? sum[j][i] : 0;
      for (int k = 0; k < 32; ++k)
        total += swizzled_byte(a, row, k, is_unsigned) * swizzled_byte(b, column, k, false);
      sum[j][i] = total;
    }
}
template <int NT> static inline void products_s8(int (&sum)[NT][4], Description a, Description b, bool add) {
  products(sum, a, b, add, false);
}
template <int NT> static inline void products_u8(int (&sum)[NT][4], Description a, Description b, bool add) {
  products(sum, a, b, add, true);
}
}
"""

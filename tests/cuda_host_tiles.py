"""Products of tiles as tensor cores compute them, for kernels that run on the CPU (see `cuda_host`)."""

from __future__ import annotations

TILES = r"""
namespace wl {
struct tf32 { float value; };
static unsigned tiles[host::MOST / 32][32][6];
static inline float part_of(f16, unsigned word, int which) {
  f16 x; x.bits = (unsigned short)(word >> 16 * which); return float_of(x);
}
static inline float part_of(bf16, unsigned word, int which) {
  bf16 x; x.bits = (unsigned short)(word >> 16 * which); return float_of(x);
}
static inline float part_of(tf32, unsigned word, int) {
  if (word & 0x1fffu) abort();  // a factor that was not rounded
  float r; memcpy(&r, &word, 4); return r;
}
template <class T> struct Parts { enum { count = 2 }; };
template <> struct Parts<tf32> { enum { count = 1 }; };
template <class T> void multiply_tile(T type, float (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  const int warp = host::current / 32, lane = host::current % 32;
  memcpy(tiles[warp][lane], a, 16);
  memcpy(tiles[warp][lane] + 4, b, 8);
  host::warp_barrier();
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 4 * 4, column = (lane % 4 * 2 + i % 2) * 4;
    for (int high = 0; high < 2; ++high)
      for (int owner = 0; owner < 4; ++owner)
        for (int which = 0; which < Parts<T>::count; ++which)
          sum[i] += part_of(type, tiles[warp][row + owner][high * 2 + i / 2], which) *
                    part_of(type, tiles[warp][column + owner][4 + high], which);
  }
  host::warp_barrier();
}
static inline unsigned bits_of(float x) { unsigned r; memcpy(&r, &x, 4); return r; }
static inline float rounded_to_tf32(float x) {
  unsigned u = bits_of(x);
  if ((u & 0x7f800000u) != 0x7f800000u) u = (u + 0x1000u) & 0xffffe000u;
  float r; memcpy(&r, &u, 4); return r;
}
static inline void copy_later(uint4* shared, const uint4* global) { *shared = *global; }
static inline void wait_for_copies() {}
}
"""
"""In place of `TILE_PRODUCT`."""

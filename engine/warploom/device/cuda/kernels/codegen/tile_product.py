"""The C++ of tensor cores: products of small tiles held by a warp, and copies into shared memory that run beside it.

A tile product multiplies 16 rows by 8 columns. With g = lane / 4 and t = lane % 4, a lane holds of the left factor rows
g and g + 8, of the right factor column g, and of the sum columns 2t and 2t + 1 of rows g and g + 8 (PTX ISA, "Matrix
multiply-accumulate"). Of the 16 products that 16-bit types add up (8 for TF32), a lane holds four of each row (two).
"""

from __future__ import annotations

TILE_PRODUCT = r"""
namespace wl {
struct tf32 { float value; };
#if __CUDA_ARCH__ >= 800
WL_FUNCTION void multiply_tile(f16, float (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
WL_FUNCTION void multiply_tile(bf16, float (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
WL_FUNCTION void multiply_tile(tf32, float (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
WL_FUNCTION float rounded_to_tf32(float x) {
  unsigned r;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(x));
  return __uint_as_float(r);
}
// 16 bytes from global to shared memory; `wait_for_copies` and a barrier come before they are read.
WL_FUNCTION void copy_later(uint4* shared, const uint4* global) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;"
               :: "r"((unsigned)__cvta_generic_to_shared(shared)), "l"(global) : "memory");
}
WL_FUNCTION void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }
#else
WL_FUNCTION void multiply_tile(f16, float (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#pragma unroll
  for (int half = 0; half < 2; ++half)
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[2 * half]), "r"(a[2 * half + 1]), "r"(b[half]));
}
// Older GPUs have no tensor cores for these types: slow, but right.
WL_FUNCTION float part_of(bf16, unsigned word, int which) {
  return __uint_as_float(which ? word & ~0xffffu : word << 16);
}
WL_FUNCTION float part_of(tf32, unsigned word, int which) { return which ? 0.0f : __uint_as_float(word); }
template <class T>
__device__ __noinline__ void multiply_tile(T type, float (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  const int lane = threadIdx.x & 31;
#pragma unroll 1
  for (int part = 0; part < 8; ++part) {
    const int owner = part & 3, high = part >> 2;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const unsigned left = shuffle(high ? a[2 + (i >> 1)] : a[i >> 1], (lane & ~3) | owner);
      const unsigned right = shuffle(high ? b[1] : b[0], (((lane & 3) * 2 + (i & 1)) << 2) | owner);
#pragma unroll
      for (int which = 0; which < 2; ++which)
        sum[i] = fmaf(part_of(type, left, which), part_of(type, right, which), sum[i]);
    }
  }
}
WL_FUNCTION float rounded_to_tf32(float x) {
  const unsigned u = __float_as_uint(x);
  return (u & 0x7f800000u) == 0x7f800000u ? x : __uint_as_float((u + 0x1000u) & 0xffffe000u);
}
WL_FUNCTION void copy_later(uint4* shared, const uint4* global) { *shared = *global; }
WL_FUNCTION void wait_for_copies() {}
#endif
WL_FUNCTION unsigned bits_of(float x) { return __float_as_uint(x); }
}
"""
"""Stands between the machine's part of the prelude and the common one."""

"""The C++ that kernels with tensor cores add to the prelude: asynchronous copies, matrix fragments, integer products.

It stands at the beginning of every such kernel, once per module. Shapes and layouts of fragments are those of the PTX
ISA: `mma.m16n8k32` (compute capability 8.0; two `mma.m8n8k16` each on 7.5), and `wgmma.m64nNk32` (9.0 alone), whose
operands lie in shared memory, swizzled in 128 or 64 bytes.
"""

from __future__ import annotations

WARPGROUPS = "90a"
"""`KernelSource.needs` of kernels with wgmma."""

INTEGER_CORES = r"""#ifndef WL_INTEGER_CORES
#define WL_INTEGER_CORES
#define WL_SHARED_BYTES(name, size) extern __shared__ __align__(128) unsigned char name[]
namespace wl {
typedef unsigned Shared;
WL_FUNCTION Shared shared_of(const void* p) { return (Shared)__cvta_generic_to_shared(p); }
// 16 bytes of global memory to shared memory, or zeros; CACHED where others of the block will want the same.
template <bool CACHED> WL_FUNCTION void copy16(Shared to, const void* from, bool there) {
#if __CUDA_ARCH__ >= 800
  if (CACHED)
    asm volatile("cp.async.ca.shared.global.L2::128B [%0], [%1], 16, %2;"
                 :: "r"(to), "l"(from), "r"(there ? 16 : 0) : "memory");
  else
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;"
                 :: "r"(to), "l"(from), "r"(there ? 16 : 0) : "memory");
#else
  unsigned w[4];
  read_if(there, from, 0u, w);
  asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};"
               :: "r"(to), "r"(w[0]), "r"(w[1]), "r"(w[2]), "r"(w[3]) : "memory");
#endif
}
WL_FUNCTION void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
template <int N> WL_FUNCTION void wait_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" :: "n"(N) : "memory");
#endif
}
WL_FUNCTION void load_matrices(Shared from, unsigned (&r)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(from) : "memory");
}
#if __CUDA_ARCH__ >= 800
#define WL_MULTIPLY(KIND) \
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32." KIND ".s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, " \
               "{%0, %1, %2, %3};" : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3]) \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(low), "r"(high))
#else
#define WL_QUARTER(KIND, I, J, A, B) \
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32." KIND ".s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};" \
               : "+r"(sum[I]), "+r"(sum[J]) : "r"(A), "r"(B))
#define WL_MULTIPLY(KIND) \
  WL_QUARTER(KIND, 0, 1, a[0], low); WL_QUARTER(KIND, 0, 1, a[2], high); \
  WL_QUARTER(KIND, 2, 3, a[1], low); WL_QUARTER(KIND, 2, 3, a[3], high)
#endif
// 16 x 32 bytes times 32 x 8 bytes; UNSIGNED says how those of the first are meant.
template <bool UNSIGNED> WL_FUNCTION void multiply(int (&sum)[4], const unsigned (&a)[4], unsigned low, unsigned high) {
  if (UNSIGNED) { WL_MULTIPLY("u8"); } else { WL_MULTIPLY("s8"); }
}
// What ordinary and asynchronous copies wrote, seen by wgmma.
WL_FUNCTION void publish_copies() {
#if __CUDA_ARCH__ >= 900
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}
WL_FUNCTION void begin_products() {
#if __CUDA_ARCH__ >= 900
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}
WL_FUNCTION void commit_products() {
#if __CUDA_ARCH__ >= 900
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}
template <int N> WL_FUNCTION void wait_products() {
#if __CUDA_ARCH__ >= 900
  asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(N) : "memory");
#endif
}
// A matrix of rows of 128 or 64 bytes, swizzled, as wgmma wants it described.
template <int ROW_BYTES> WL_FUNCTION unsigned long long described(Shared at) {
  const unsigned long long swizzle = ROW_BYTES == 128 ? 1ull : 2ull;
  return (unsigned long long)((at & 0x3ffffu) >> 4) | 1ull << 16 | (unsigned long long)(ROW_BYTES * 8 / 16) << 32 |
         swizzle << 62;
}
// The low bytes of two words, the first one below.
WL_FUNCTION unsigned low_bytes(unsigned first, unsigned second) { return __byte_perm(first, second, 0x0040); }
WL_FUNCTION unsigned float_bits(float x) { return __float_as_uint(x); }
}
#endif
"""


def warpgroup_product(columns: int, unsigned: bool) -> str:
    """The C++ of `wl::products<columns, unsigned>`: 64 rows times `columns` columns of 32 bytes, by one warpgroup.

    Args:
        columns: A multiple of 16 up to 256.
        unsigned: Whether the bytes of the first operand are.
    """
    count = columns // 2
    registers = ", ".join(f"%{i}" for i in range(count))
    kind = "u8" if unsigned else "s8"
    operands = ", ".join(f'"+r"(sum[{i // 4}][{i % 4}])' for i in range(count))
    guard = f"WL_PRODUCTS_{columns}_{kind}"
    return f"""#ifndef {guard}
#define {guard}
namespace wl {{
WL_FUNCTION void products_{kind}(int (&sum)[{columns // 8}][4], unsigned long long a, unsigned long long b, bool add) {{
#if __CUDA_ARCH__ >= 900
  asm volatile("{{ .reg .pred p; setp.ne.b32 p, %{count + 2}, 0; "
               "wgmma.mma_async.sync.aligned.m64n{columns}k32.s32.{kind}.s8 {{{registers}}}, "
               "%{count}, %{count + 1}, p; }}"
               : {operands} : "l"(a), "l"(b), "r"((int)add));
#endif
}}
}}
#endif
"""

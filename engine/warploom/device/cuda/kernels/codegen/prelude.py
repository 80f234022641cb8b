"""The C++ that every own kernel may use: element types, vector loads, pointwise functions. No CUDA header is included.

Storage types of 16 bits are structs of their bits, so that one text compiles for every GPU (bfloat16 has arithmetic on
new ones only), without the CUDA headers (half of NVRTC's time), and on the host, where tests run it.
"""

from __future__ import annotations

from collections.abc import Iterable

from warploom.device.cuda.kernels.codegen.tile_product import TILE_PRODUCT
from warploom.device.cuda.steps import KernelSource

_MACHINE = r"""
#define WL_FUNCTION __device__ __forceinline__
namespace wl {
struct f16 { unsigned short bits; };
struct bf16 { unsigned short bits; };
WL_FUNCTION float float_of(f16 x) { float r; asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(x.bits)); return r; }
WL_FUNCTION f16 f16_of(float x) { f16 r; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r.bits) : "f"(x)); return r; }
WL_FUNCTION float float_of(bf16 x) { return __uint_as_float((unsigned)x.bits << 16); }
WL_FUNCTION bf16 bf16_of(float x) {
  bf16 r;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r.bits) : "f"(x));
#else
  const unsigned u = __float_as_uint(x);
  r.bits = x != x ? 0x7fffu : (unsigned short)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
#endif
  return r;
}
WL_FUNCTION unsigned f16_pair_of(float low, float high) {
  unsigned r;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
#else
  r = f16_of(low).bits | (unsigned)f16_of(high).bits << 16;
#endif
  return r;
}
WL_FUNCTION unsigned bf16_pair_of(float low, float high) {
  unsigned r;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
#else
  r = bf16_of(low).bits | (unsigned)bf16_of(high).bits << 16;
#endif
  return r;
}
// Loads under a predicate: no branch, so loads that follow need not wait.
WL_FUNCTION void read_if(bool there, const void* p, unsigned fill, unsigned (&w)[1]) {
  asm("{ .reg .pred q; setp.ne.s32 q, %2, 0; mov.u32 %0, %3; @q ld.global.nc.u32 %0, [%1]; }"
      : "=&r"(w[0]) : "l"(p), "r"((int)there), "r"(fill));
}
WL_FUNCTION void read_if(bool there, const void* p, unsigned fill, unsigned (&w)[2]) {
  asm("{ .reg .pred q; setp.ne.s32 q, %3, 0; mov.u32 %0, %4; mov.u32 %1, %4; @q ld.global.nc.v2.u32 {%0, %1}, [%2]; }"
      : "=&r"(w[0]), "=&r"(w[1]) : "l"(p), "r"((int)there), "r"(fill));
}
WL_FUNCTION void read_if(bool there, const void* p, unsigned fill, unsigned (&w)[4]) {
  asm("{ .reg .pred q; setp.ne.s32 q, %5, 0; mov.u32 %0, %6; mov.u32 %1, %6; mov.u32 %2, %6; mov.u32 %3, %6; "
      "@q ld.global.nc.v4.u32 {%0, %1, %2, %3}, [%4]; }"
      : "=&r"(w[0]), "=&r"(w[1]), "=&r"(w[2]), "=&r"(w[3]) : "l"(p), "r"((int)there), "r"(fill));
}
WL_FUNCTION float infinity() { return __int_as_float(0x7f800000); }
WL_FUNCTION float quiet_nan() { return __int_as_float(0x7fffffff); }
template <class T> WL_FUNCTION T shuffle_xor(T x, int lanes) { return __shfl_xor_sync(0xffffffffu, x, lanes); }
template <class T> WL_FUNCTION T shuffle_up(T x, int lanes) { return __shfl_up_sync(0xffffffffu, x, lanes); }
template <class T> WL_FUNCTION T shuffle(T x, int lane) { return __shfl_sync(0xffffffffu, x, lane); }
}
"""

COMMON = r"""
namespace wl {
struct b8 { unsigned char bits; };

// Values are computed in `Value<Storage>::type`: floats in float, everything else as it is stored.
template <class S> struct Value { typedef S type; };
template <> struct Value<f16> { typedef float type; };
template <> struct Value<bf16> { typedef float type; };
template <> struct Value<double> { typedef float type; };
template <> struct Value<b8> { typedef bool type; };
template <class S> WL_FUNCTION S decode(S x) { return x; }
WL_FUNCTION float decode(f16 x) { return float_of(x); }
WL_FUNCTION float decode(bf16 x) { return float_of(x); }
WL_FUNCTION float decode(double x) { return (float)x; }
WL_FUNCTION bool decode(b8 x) { return x.bits != 0; }
template <class S> struct Encode { static WL_FUNCTION S of(S x) { return x; } };
template <> struct Encode<f16> { static WL_FUNCTION f16 of(float x) { return f16_of(x); } };
template <> struct Encode<bf16> { static WL_FUNCTION bf16 of(float x) { return bf16_of(x); } };
template <> struct Encode<double> { static WL_FUNCTION double of(float x) { return x; } };
template <> struct Encode<b8> {
  static WL_FUNCTION b8 of(bool x) { b8 r; r.bits = x ? 1 : 0; return r; }
};

// Machine words of a vector access: one instruction each.
template <int BYTES> struct Word;
template <> struct Word<1> { typedef unsigned char type; };
template <> struct Word<2> { typedef unsigned short type; };
template <> struct Word<4> { typedef unsigned int type; };
template <> struct Word<8> { typedef uint2 type; };
template <> struct Word<16> { typedef uint4 type; };
template <class S, int V> struct Lanes {
  static const int bytes = V * (int)sizeof(S);
  static const int word = bytes > 16 ? 16 : bytes;
  static const int words = bytes / word;
  typedef typename Word<word>::type Type;
  static const int parts = word >= 4 ? word / 4 : 1;
  union { Type w[words]; S s[V]; unsigned u[words][parts]; };
};
template <int V, class S> WL_FUNCTION Lanes<S, V> fetch(const S* p) {
  Lanes<S, V> r;
#pragma unroll
  for (int i = 0; i < Lanes<S, V>::words; ++i) r.w[i] = reinterpret_cast<const typename Lanes<S, V>::Type*>(p)[i];
  return r;
}
template <int V, class S> WL_FUNCTION void unpack(const Lanes<S, V>& r, typename Value<S>::type (&x)[V]) {
#pragma unroll
  for (int i = 0; i < V; ++i) x[i] = decode(r.s[i]);
}
template <int V, class S> WL_FUNCTION void load(const S* p, typename Value<S>::type (&x)[V]) {
  unpack<V>(fetch<V>(p), x);
}
template <int V, class S> WL_FUNCTION void load_some(const S* p, int lanes, typename Value<S>::type (&x)[V]) {
  if (lanes >= V) { load<V>(p, x); return; }
#pragma unroll
  for (int i = 0; i < V; ++i) x[i] = i < lanes ? decode(p[i]) : typename Value<S>::type(0);
}
// At least four bytes; what is missing is made of copies of `fill`.
template <int V, class S> WL_FUNCTION Lanes<S, V> fetch_or(bool there, const S* p, unsigned fill) {
  Lanes<S, V> r;
#pragma unroll
  for (int i = 0; i < Lanes<S, V>::words; ++i)
    read_if(there, reinterpret_cast<const typename Lanes<S, V>::Type*>(p) + i, fill, r.u[i]);
  return r;
}
template <int V, class S> struct Packer {
  static WL_FUNCTION void pack(const typename Value<S>::type (&x)[V], Lanes<S, V>& r) {
#pragma unroll
    for (int i = 0; i < V; ++i) r.s[i] = Encode<S>::of(x[i]);
  }
};
template <int V> struct Packer<V, f16> {
  static WL_FUNCTION void pack(const float (&x)[V], Lanes<f16, V>& r) {
    if (V == 1) { r.s[0] = f16_of(x[0]); return; }
#pragma unroll
    for (int i = 0; i + 1 < V; i += 2) {
      const unsigned pair = f16_pair_of(x[i], x[i + 1]);
      r.s[i].bits = (unsigned short)pair;
      r.s[i + 1].bits = (unsigned short)(pair >> 16);
    }
  }
};
template <int V> struct Packer<V, bf16> {
  static WL_FUNCTION void pack(const float (&x)[V], Lanes<bf16, V>& r) {
    if (V == 1) { r.s[0] = bf16_of(x[0]); return; }
#pragma unroll
    for (int i = 0; i + 1 < V; i += 2) {
      const unsigned pair = bf16_pair_of(x[i], x[i + 1]);
      r.s[i].bits = (unsigned short)pair;
      r.s[i + 1].bits = (unsigned short)(pair >> 16);
    }
  }
};
template <int V, class S> WL_FUNCTION void store(S* p, const typename Value<S>::type (&x)[V]) {
  Lanes<S, V> r;
  Packer<V, S>::pack(x, r);
#pragma unroll
  for (int i = 0; i < Lanes<S, V>::words; ++i) reinterpret_cast<typename Lanes<S, V>::Type*>(p)[i] = r.w[i];
}
template <int V, class S> WL_FUNCTION void store_some(S* p, int lanes, const typename Value<S>::type (&x)[V]) {
  if (lanes >= V) { store<V>(p, x); return; }
#pragma unroll
  for (int i = 0; i < V; ++i) if (i < lanes) p[i] = Encode<S>::of(x[i]);
}
template <class S> WL_FUNCTION void store_one(S* p, typename Value<S>::type x) { *p = Encode<S>::of(x); }
template <int V> WL_FUNCTION void multiply_add(float (&sum)[V], const float (&a)[V], const float (&b)[V]) {
#pragma unroll
  for (int i = 0; i < V; ++i) sum[i] = fmaf(a[i], b[i], sum[i]);
}

// Finite values stay finite in a smaller type; infinities and NaN stay what they are.
WL_FUNCTION float saturated(float x, float largest) {
  return fabsf(x) > largest && fabsf(x) < infinity() ? copysignf(largest, x) : x;
}
WL_FUNCTION float rounded_to_f16(float x) { return float_of(f16_of(x)); }
WL_FUNCTION float rounded_to_bf16(float x) { return float_of(bf16_of(x)); }

// Pointwise functions. NaN passes through Relu, Max, Min and Clip.
template <class T> WL_FUNCTION T maximum(T a, T b) { return a != a || a > b ? a : b; }
template <class T> WL_FUNCTION T minimum(T a, T b) { return a != a || a < b ? a : b; }
template <class T> WL_FUNCTION T relu(T x) { return x < T(0) ? T(0) : x; }
template <class T> WL_FUNCTION T magnitude(T x) { return x < T(0) ? T(-x) : x; }
WL_FUNCTION float magnitude(float x) { return fabsf(x); }
template <class T> WL_FUNCTION T sign(T x) { return x != x ? x : T((x > T(0)) - (x < T(0))); }
template <class T> WL_FUNCTION T mod_floor(T a, T b) {
  const T r = a % b;
  return r != 0 && ((r < 0) != (b < 0)) ? T(r + b) : r;
}
// Whether a comes before b in descending order; NaN counts as the largest.
template <class T> WL_FUNCTION bool above(T a, T b) { return a > b || (a != a && b == b); }
WL_FUNCTION float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
WL_FUNCTION float softplus(float x) { return x > 0.0f ? x + log1pf(expf(-x)) : log1pf(expf(x)); }
WL_FUNCTION float softsign(float x) { return x / (1.0f + fabsf(x)); }
WL_FUNCTION float elu(float x, float alpha) { return x < 0.0f ? alpha * expm1f(x) : x; }
WL_FUNCTION float selu(float x, float alpha, float gamma) { return x > 0.0f ? gamma * x : gamma * alpha * expm1f(x); }
WL_FUNCTION float celu(float x, float alpha) { return x < 0.0f ? alpha * expm1f(x / alpha) : x; }
WL_FUNCTION float gelu(float x) { return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f)); }
WL_FUNCTION float gelu_tanh(float x) {
  return 0.5f * x * (1.0f + tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x)));
}
WL_FUNCTION float mish(float x) { return x * tanhf(softplus(x)); }
WL_FUNCTION float hard_sigmoid(float x, float alpha, float beta) {
  return minimum(maximum(alpha * x + beta, 0.0f), 1.0f);
}
WL_FUNCTION float power(float x, float y) { return powf(x, y); }
template <class T> WL_FUNCTION T whole_power(T x, double y) { return T(pow(double(x), y)); }
WL_FUNCTION int low_byte(float x) { return int(x); }
template <class T> WL_FUNCTION T low_byte(T x) { return x; }
// A coordinate folded back between two mirrors.
WL_FUNCTION float reflected(float x, float low, float high) {
  const float range = high - low;
  if (x >= low && x <= high) return x;
  if (range <= 0.0f) return low;
  const float d = x < low ? low - x : x - high;
  const int n = (int)(d / range);
  const float r = d - (float)n * range;
  return ((n % 2 == 0) == (x < low)) ? low + r : high - r;
}
WL_FUNCTION float cubic_share(float distance) {
  const float t = fabsf(distance), a = -0.75f;
  return t <= 1.0f ? ((a + 2.0f) * t - (a + 3.0f)) * t * t + 1.0f : ((a * t - 5.0f * a) * t + 8.0f * a) * t - 4.0f * a;
}
WL_FUNCTION float quantized(float x, float scale, float zero, float low, float high) {
  return minimum(maximum(rintf(x / scale) + zero, low), high);
}
}
"""

PRELUDE = _MACHINE + TILE_PRODUCT + COMMON
"""Stands once before the kernels of a module."""


def module_source(kernels: Iterable[KernelSource]) -> str:
    """The text of a module that holds these kernels, each once."""
    unique = {kernel.name: kernel.code for kernel in kernels}
    return "\n".join((PRELUDE, *unique.values()))

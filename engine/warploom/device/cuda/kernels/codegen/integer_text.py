"""The C++ of kernels for products of 8-bit integers, in parts; `integer_product` sets the constants before them."""

from __future__ import annotations

SETUP = r"""
  const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  const wl::Shared ring = (wl::shared_of(memory) + 1023) & ~(wl::Shared)1023;
  const int m0 = (int)(blockIdx.x / ACROSS) * BM, n0 = (int)(blockIdx.x % ACROSS) * BN;
  auto there = [&](int row) { return m0 + row < M; };
  auto pixel = [&](int row) { return m0 + row < M ? m0 + row : M - 1; };
  // The vectors that this thread copies: one of each of these rows per step.
  const int v = thread % VEC, r0 = thread / VEC;
  constexpr int RA = (BM + STEP - 1) / STEP, RB = (BN + STEP - 1) / STEP;
  const int place = r0 * BK + ((BK == 128 ? v ^ (r0 & 7) : v ^ (r0 >> 1 & 3)) * 16);
  Offset from[RA];
  unsigned inside[RA];
#pragma unroll
  for (int i = 0; i < RA; ++i) {
    int m = m0 + r0 + i * STEP;
    if (m >= M) m = M - 1;
    const int h = m / Q % P * SH - PT, w = m % Q * SW - PL;
    from[i] = (Offset)(m / (P * Q)) * XN + (Offset)h * XH + (Offset)w * XW;
    inside[i] = 0;
    if (PADDED) {
      for (int r = 0; r < ROWS; ++r) inside[i] |= (unsigned)((unsigned)(h + r * DH) < (unsigned)H) << r;
      for (int s = 0; s < COLS; ++s) inside[i] |= (unsigned)((unsigned)(w + s * DW) < (unsigned)W) << (16 + s);
    }
  }
"""

LOAD = r"""
  auto load = [&](int step, int stage) {
    const int kv = step * VEC + v;
    const bool within = KV % VEC == 0 || kv < KV;
    const int tap = kv / CV, r = tap / COLS, s = tap % COLS;
    const Offset moved = (Offset)(r * DH) * XH + (Offset)(s * DW) * XW + kv % CV * 16;
    const wl::Shared to = ring + stage * STAGE + place;
#pragma unroll
    for (int i = 0; i < RA; ++i) {
      const bool there = !PADDED || (inside[i] >> r & inside[i] >> (16 + s) & 1u);
      const void* const data = there || !SHIFTED ? (const void*)(x0 + (from[i] + moved)) : (const void*)@SURROUNDING@;
      if (BM % STEP == 0 || r0 + i * STEP < BM)
        wl::copy16<(bool)CACHED>(to + i * STEP * BK, data, within && (there || SHIFTED));
    }
#pragma unroll
    for (int i = 0; i < RB; ++i) {
      const int n = n0 + r0 + i * STEP;
      if (BN % STEP == 0 || r0 + i * STEP < BN)
        wl::copy16<(bool)CACHED>(to + A_BYTES + i * STEP * BK, x1 + (n * KV + kv) * 16, within && n < FILTERS);
    }
  };
"""

WARP_LOOP = r"""
  const int wm = warp / ALONG * WM, wn = warp % ALONG * WN;
  int sum[MT][NT][4] = {};
#pragma unroll
  for (int step = 0; step < STAGES - 1; ++step) {
    if (step < STEPS) load(step, step);
    wl::commit_copies();
  }
  auto swizzled = [](int row, int vector) {
    return row * BK + ((BK == 128 ? vector ^ (row & 7) : vector ^ (row >> 1 & 3)) * 16);
  };
  for (int step = 0; step < STEPS; ++step) {
    wl::wait_copies<STAGES - 2>();
    __syncthreads();
    if (step + STAGES - 1 < STEPS) load(step + STAGES - 1, (step + STAGES - 1) % STAGES);
    wl::commit_copies();
    const wl::Shared a = ring + step % STAGES * STAGE, b = a + A_BYTES;
#pragma unroll
    for (int k = 0; k < BK / 32; ++k) {
      unsigned fa[MT][4], fb[NT / 2][4];
#pragma unroll
      for (int i = 0; i < MT; ++i)
        wl::load_matrices(a + swizzled(wm + i * 16 + lane % 16, 2 * k + lane / 16), fa[i]);
#pragma unroll
      for (int j = 0; j < NT / 2; ++j)
        wl::load_matrices(b + swizzled(wn + j * 16 + lane % 8 + lane / 16 * 8, 2 * k + lane / 8 % 2), fb[j]);
#pragma unroll
      for (int i = 0; i < MT; ++i)
#pragma unroll
        for (int j = 0; j < NT; ++j)
          wl::multiply<@UNSIGNED@>(sum[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
  }
  wl::wait_copies<0>();
"""

# Products of a step are still under way when the next one begins: its copies go where the step before the last lay.
WARPGROUP_LOOP = r"""
  constexpr int MT = 1, NT = BN / 8;
  const int wm = warp * 16, wn = 0;
  int sum[MT][NT][4] = {};
#pragma unroll
  for (int step = 0; step < STAGES - 2; ++step) {
    if (step < STEPS) load(step, step);
    wl::commit_copies();
  }
  const wl::Shared rows = ring + warp / 4 * 64 * BK;
  for (int step = 0; step < STEPS; ++step) {
    wl::wait_copies<STAGES - 3>();
    wl::publish_copies();
    __syncthreads();
    const wl::Shared a = rows + step % STAGES * STAGE, b = ring + step % STAGES * STAGE + A_BYTES;
    wl::begin_products();
#pragma unroll
    for (int k = 0; k < BK / 32; ++k)
      wl::products_@KIND@(sum[0], wl::described<BK>(a) + 2 * k, wl::described<BK>(b) + 2 * k, step + k > 0);
    wl::commit_products();
    if (step + STAGES - 2 < STEPS) load(step + STAGES - 2, (step + STAGES - 2) % STAGES);
    wl::commit_copies();
    wl::wait_products<1>();
  }
  wl::wait_products<0>();
  wl::wait_copies<0>();
"""

LAST_STEP = r"""
  __syncthreads();
  unsigned char* const staged = memory + (ring - wl::shared_of(memory));
"""

BEFORE_RESULTS = r"""
#pragma unroll
  for (int j = 0; j < NT; ++j) {
    const int n = n0 + wn + j * 8 + lane % 4 * 2;
    const int shift[2] = {@FIRST@, @SECOND@};
    const float2 scale = *reinterpret_cast<const float2*>(x2 + n), bias = *reinterpret_cast<const float2*>(x3 + n);
#pragma unroll
    for (int half = 0; half < 2 * MT; ++half) {
      const int row = wm + half * 8 + lane / 4;
      const int m = pixel(row);
      unsigned char* const at = staged + row * PITCH + (n - n0) * (int)sizeof(*y0);
      const int* const s = sum[half / 2][j] + half % 2 * 2;
      const float value[2] = {fmaf((float)(s[0] - shift[0]), scale.x, bias.x),
                              fmaf((float)(s[1] - shift[1]), scale.y, bias.y)};
"""

AFTER_RESULTS = r"""
    }
  }
  __syncthreads();
"""

STORES = r"""
  constexpr int UNIT = @UNIT@, LANES = @LANES@, PER_ROW = BN / LANES;
  for (int i = thread; i < BM * PER_ROW; i += THREADS) {
    const int row = i / PER_ROW, n = n0 + i % PER_ROW * LANES, m = pixel(row);
    if (there(row) && n < N) {
      typedef wl::Word<UNIT>::type Unit;
      *reinterpret_cast<Unit*>(y0 + (@PLACE@ + n)) =
          *reinterpret_cast<const Unit*>(staged + row * PITCH + (n - n0) * (int)sizeof(*y0));
    }
  }
"""

PATCH_SETUP = r"""
  const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  const wl::Shared base = wl::shared_of(memory);
  int* const offsets = reinterpret_cast<int*>(memory);
  unsigned char* const staged = memory + RESULTS_AT;
  const int n0 = (int)blockIdx.y * BN;
  const int first = (int)blockIdx.x * COUNT, last = first + COUNT < TILES ? first + COUNT : TILES;
  for (int i = thread; i < DEPTH; i += THREADS) {
    const int tap = i / CV, r = tap / COLS, s = tap % COLS;
    offsets[i] = i < KV ? (r * DH * PW + s * DW) * PIXEL + i % CV * 16 : 0;
  }
  for (int i = thread; i < BN * DEPTH; i += THREADS) {
    const int n = i / DEPTH, kv = i % DEPTH;
    wl::copy16<false>(base + FILTERS_AT + n * FILTER + kv * 16, x1 + ((n0 + n) * KV + kv) * 16,
                      kv < KV && n0 + n < FILTERS);
  }
  auto fetch = [&](int tile, int slot) {
    const int image = tile / (TILES_DOWN * TILES_ALONG);
    const int top = tile / TILES_ALONG % TILES_DOWN * TH * SH - PT, left = tile % TILES_ALONG * TW * SW - PL;
    const Offset whole = (Offset)image * XN;
    const wl::Shared to = base + PATCHES_AT + slot * PATCH;
    for (int i = thread; i < PH * PW * CV; i += THREADS) {
      const int at = i / CV, c = i % CV, h = top + at / PW, w = left + at % PW;
      const bool inside = (unsigned)h < (unsigned)H && (unsigned)w < (unsigned)W;
      const void* const data = inside || !SHIFTED
          ? (const void*)(x0 + (whole + (Offset)h * XH + (Offset)w * XW + c * 16)) : (const void*)@SURROUNDING@;
      wl::copy16<false>(to + at * PIXEL + c * 16, data, inside || SHIFTED);
    }
  };
"""

PATCH_LOOP = r"""
  const int wm = warp / ALONG * WM, wn = warp % ALONG * WN;
  int own[MT];
#pragma unroll
  for (int i = 0; i < MT; ++i) {
    const int row = wm + i * 16 + lane % 16, within = row < TH * TW ? row : 0;
    own[i] = (within / TW * SH * PW + within % TW * SW) * PIXEL;
  }
  const wl::Shared filters = base + FILTERS_AT + (wn + lane % 8 + lane / 16 * 8) * FILTER + lane / 8 % 2 * 16;
  fetch(first, 0);
  wl::commit_copies();
  for (int tile = first; tile < last; ++tile) {
    const int slot = (tile - first) % 2;
    if (tile + 1 < last) fetch(tile + 1, 1 - slot);
    wl::commit_copies();
    wl::wait_copies<1>();
    __syncthreads();
    const wl::Shared patch = base + PATCHES_AT + slot * PATCH;
    int sum[MT][NT][4] = {};
#pragma unroll 4
    for (int k = 0; k < DEPTH / 2; ++k) {
      const wl::Shared from = patch + offsets[2 * k + lane / 16];
      unsigned fa[MT][4], fb[NT / 2][4];
#pragma unroll
      for (int i = 0; i < MT; ++i) wl::load_matrices(from + own[i], fa[i]);
#pragma unroll
      for (int j = 0; j < NT / 2; ++j) wl::load_matrices(filters + j * 16 * FILTER + k * 32, fb[j]);
#pragma unroll
      for (int i = 0; i < MT; ++i)
#pragma unroll
        for (int j = 0; j < NT; ++j)
          wl::multiply<@UNSIGNED@>(sum[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
    const int image = tile / (TILES_DOWN * TILES_ALONG);
    const int top = tile / TILES_ALONG % TILES_DOWN * TH, left = tile % TILES_ALONG * TW;
    auto there = [&](int row) { return row < TH * TW && top + row / TW < P && left + row % TW < Q; };
    auto pixel = [&](int row) {
      const int p = top + row / TW, q = left + row % TW;
      return (image * P + (p < P ? p : P - 1)) * Q + (q < Q ? q : Q - 1);
    };
"""

#!/usr/bin/env bash
# Tests and measures Warploom on a machine with an NVIDIA GPU, with or without a package index, in one go:
#
#   benchmarks/run_gpu.sh [--wheels DIR] [--models DIR] [--out DIR] [--only tests,bench,search,profile,serve,sanitize,peers] [...]
#
# --wheels  a folder of wheels to install beside what the machine has; nothing is downloaded then
# --models  the folder with inception_v3.onnx, squeezenet1_1.onnx and nasnetalarge.onnx
# --out     where <gpu>-<date>.json goes (default: benchmarks/results)
# --only    sections; each fits into ten minutes. All other options go to benchmarks/gpu.py (see its --help)
#
# PYTHON names another interpreter than python3. Changes nothing on the machine but --out and a temporary folder.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
wheels=
arguments=()
while (($#)); do
  case $1 in
    --wheels) wheels=${2:?--wheels needs a folder}; shift 2 ;;
    --wheels=*) wheels=${1#*=}; shift ;;
    -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) arguments+=("$1"); shift ;;
  esac
done

if [[ -n $wheels ]]; then
  site=$(mktemp -d)
  trap 'rm -rf "$site"' EXIT
  "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir --target "$site" "$wheels"/*.whl
  export PYTHONPATH=$site${PYTHONPATH:+:$PYTHONPATH}
fi
export PYTHONPATH=$here/../engine${PYTHONPATH:+:$PYTHONPATH}
export PYTHONUNBUFFERED=1
"$python" "$here/gpu.py" ${arguments[@]+"${arguments[@]}"}

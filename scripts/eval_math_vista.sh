#!/usr/bin/env bash
# S1-M's curve on MathVista, against one server or several: eval_math_vista.sh [URL ...]; start one with deploy.sh
# Needs the benchmark mathvista: see s1m benchmarks for what this release has.
set -euo pipefail
[ $# -gt 0 ] || set -- http://127.0.0.1:8000/v1
exec s1m eval mathvista --engine vllm --base-url "$@" --num-ignore 0-7 --ignore-strings s1m --out runs/mathvista

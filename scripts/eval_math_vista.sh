#!/usr/bin/env bash
# S1-M's curve on MathVista, against one server or several: eval_math_vista.sh [URL ...]; start one with deploy.sh
# Settings and published numbers: docs/reproduce.md
set -euo pipefail
[ $# -gt 0 ] || set -- http://127.0.0.1:8000/v1
exec s1m eval mathvista --engine vllm --base-url "$@" --num-ignore 0-7 --ignore-strings s1m \
    --max-thinking-tokens 30000 --temperature 0.3 --top-p 0.9 --max-image-pixels 1003520 --out runs/mathvista

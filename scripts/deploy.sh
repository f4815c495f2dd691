#!/usr/bin/env bash
# Serve S1-M's model on four GPUs, as S1-M did: deploy.sh [MODEL] [more of s1m serve]
set -euo pipefail
exec s1m serve "${1:-PKU-Alignment/s1-m_7b_beta}" --tensor-parallel-size 4 --dtype bfloat16 "${@:2}"

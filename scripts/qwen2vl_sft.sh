#!/usr/bin/env bash
# S1-M's fine-tuning on 8 GPUs: qwen2vl_sft.sh [more of s1m train]; re-run it to resume
#   SPREAD=zero3 TRAIN=configs/train/qwen2_5vl_7b.toml qwen2vl_sft.sh --epochs 1
set -euo pipefail
cd "$(dirname "$0")/.."
# A launcher kills its processes 30 seconds after a SIGTERM by default; a checkpoint of 90 GB takes longer.
export TORCH_ELASTIC_SHUTDOWN_TIMEOUT=${TORCH_ELASTIC_SHUTDOWN_TIMEOUT:-600}
exec accelerate launch --config_file "configs/accelerate/${SPREAD:-fsdp2}.yaml" \
    -m s1m.cli train "${TRAIN:-configs/train/qwen2vl_7b.toml}" "$@"

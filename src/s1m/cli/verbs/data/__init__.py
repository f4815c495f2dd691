"""``s1m data``: build training data: measure, make, distill, curate, pair and publish it."""

summary = "Build training data: measure, make, distill, curate, pair and publish it."
examples = """examples:
  s1m data stats traces.parquet simplescaling/s1K-1.1 --tokenizer Qwen/Qwen2-VL-7B-Instruct
  s1m data generate longvision --rows 1000 --out data/longvision
  s1m data distill mathvision --split test --engine vllm --base-url http://127.0.0.1:8000/v1 --out runs/teacher
  s1m data curate curate.toml
  s1m data pairs runs/train --target digits --out data/pairs
  s1m data publish data/curated --out datasets/my-set --licence apache-2.0
"""

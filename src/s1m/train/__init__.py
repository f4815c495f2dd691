"""Supervised fine-tuning of Qwen2-VL-class models on long chains of thought, on TRL's SFTTrainer."""

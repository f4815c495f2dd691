"""Fine-tuning of vision-language models on long chains of thought or on preferences, on TRL's trainers."""

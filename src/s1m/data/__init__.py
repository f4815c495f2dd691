"""Long multimodal reasoning data: measured, distilled, curated, published."""

"""Areas of polygons on squared paper."""

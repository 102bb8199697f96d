"""The page on what is held equal between depths."""

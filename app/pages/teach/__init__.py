"""For a class: links that lock, hide and frame, as a link to copy, a code, a frame and a handout."""

"""Tables of mixed columns, with the face of scikit-learn."""

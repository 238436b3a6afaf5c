"""Storage of the verifier on disk, so that its memory does not grow with the extract."""

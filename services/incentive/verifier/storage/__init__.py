"""What the verifier keeps on disk, so that its memory does not grow with the extract."""

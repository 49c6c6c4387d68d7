-- Drops all of the proof that follows from the claims log; what was published stays. Its consumer
-- is fenced by the position that is gone, and starts again.
-- Parameters: none.
-- Result: nothing.

truncate proof.positions, proof.trees, proof.entries, proof.nodes, proof.refusals

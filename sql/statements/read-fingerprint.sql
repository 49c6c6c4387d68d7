-- By what a secret is known again.
-- Parameters: name text.
-- Result: fingerprint; no row: none was remembered.

select fingerprint from firstcome.fingerprints where name = $1

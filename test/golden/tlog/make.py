"""Makes vectors.jsonl with aics-tlog 0.2.1, an implementation that shares nothing with ours:

    pip download --no-deps --ignore-requires-python aics-tlog==0.2.1
    unzip aics_tlog-0.2.1-py3-none-any.whl -d lib
    PYTHONPATH=lib python3 test/golden/tlog/make.py > test/golden/tlog/vectors.jsonl
"""

import json

from aics_tlog.checkpoint import Checkpoint, sign_checkpoint
from aics_tlog.cosign import cosignature_vkey, sign_cosignature
from aics_tlog.note import Note, b64_encode, format_vkey, vkey_from_ed25519
from aics_tlog.tree import MerkleTree
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SIZE = 37
ORIGIN = "coupons.example/coupons/first-sale"

leaves = [f'{{"kind":"leaf {n}","n":{n}}}' for n in range(SIZE)]
tree = MerkleTree(leaf.encode() for leaf in leaves)
key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=SIZE, root=tree.root()), key, ORIGIN)
witness = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
_, cosignature = sign_cosignature(
    witness, "witness.example", 1700000000, ORIGIN, SIZE, tree.root())
cosigned = Note(text=note.text, signatures=(*note.signatures, cosignature))
coded = lambda hashes: [b64_encode(one) for one in hashes]

print(json.dumps({
    "leaves": leaves,
    "roots": coded(tree.root(size) for size in range(SIZE + 1)),
    "inclusion": [[coded(tree.inclusion_proof(n, size)) for n in range(size)]
                  for size in range(1, SIZE + 1, 4)],
    "consistency": [coded(tree.consistency_proof(size)) for size in range(SIZE + 1)],
    "privateKey": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "verifierKey": format_vkey(vkey_from_ed25519(ORIGIN, key.public_key())),
    "checkpoint": note.serialise(),
    "witnessPrivateKey": witness.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    "witnessKey": format_vkey(cosignature_vkey("witness.example", witness.public_key())),
    "cosigned": cosigned.serialise(),
}))

// Signatures of Ed25519, by the browser's own code, which answers later: what is asked about them
// is begun again until every question that it asks has its answer.

import type { SignatureHolds } from '../../domain/proof/signed-note.ts'

type Signed = Parameters<SignatureHolds>[0]
export type Begun<Made> = {
  made: Made
  /** False: this browser cannot check them, and all were taken to hold. */
  isChecked: boolean
}

const algorithm = { name: 'Ed25519' }

export async function withSignatures<Made>(
  begin: (holds: SignatureHolds) => Made,
): Promise<Begun<Made>> {
  const known = new Map<string, boolean>()
  for (;;) {
    const asked = new Map<string, Signed>()
    const made = begin((signed) => {
      const name = JSON.stringify(signed)
      if (!known.has(name)) asked.set(name, signed)
      return known.get(name) ?? false
    })
    if (asked.size === 0) return { made, isChecked: true }
    for (const [name, signed] of asked) {
      const holds = await signatureHolds(signed)
      if (holds === null) return { made: begin(() => true), isChecked: false }
      known.set(name, holds)
    }
  }
}

/** Null: this browser cannot tell, for it is too old, or gives its code to https alone. */
async function signatureHolds({ text, publicKey, signature }: Signed): Promise<boolean | null> {
  // Absent on a page that came by plain http.
  const subtle = crypto.subtle as SubtleCrypto | undefined
  if (subtle === undefined) return null
  const key = await imported(subtle, Uint8Array.from(publicKey))
  if (key === null) return null
  if (key === 'none') return false
  return subtle.verify(algorithm, key, Uint8Array.from(signature), new TextEncoder().encode(text))
}

async function imported(subtle: SubtleCrypto, bytes: BufferSource) {
  try {
    return await subtle.importKey('raw', bytes, algorithm, false, ['verify'])
  } catch (error) {
    const isUnknown = error instanceof DOMException && error.name === 'NotSupportedError'
    return isUnknown ? null : 'none'
  }
}

// `firstcome proof rotate-key`: another key signs the checkpoints from now on. What the old one has
// signed stays as it is, and the old one stays known. The new key is kept before it is named as
// the one that signs, so that a crash in between loses none: the next start, or the same again,
// goes on.

import { generateKeyPairSync } from 'node:crypto'
import { systemClock } from '../../../adapters/clock-system.ts'
import { holdDirectory, keepProofKey, readSecrets } from '../../../adapters/data-directory.ts'
import { readProofFile, writeProofFile } from '../../../adapters/proof-identity-file.ts'
import { readKeptCheckpoints } from '../../../adapters/published-checkpoints.ts'
import { type KnownIdentity, withKey } from '../../../domain/proof/identity.ts'
import { formatInstant } from '../../../domain/time.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../../context.ts'
import { isDistributed, refuseWithoutLog } from '../audit-source.ts'
import { noProof, publicOf, refuseUnfit } from './next-key.ts'
import { type Rotated, rotatedJson, rotatedText } from './rotated-text.ts'

export async function runRotateKey(
  { json }: { json?: boolean },
  { settings, out }: Context,
): Promise<ExitCode> {
  const rotated = isDistributed(settings)
    ? await (await import('./rotate-key-sql.ts')).rotateInSql(settings)
    : rotateBesideLog(settings.dataDirectory, settings.proofKey)
  out(json === true ? `${JSON.stringify(rotatedJson(rotated))}\n` : rotatedText(rotated))
  return exitCodes.ok
}

/** `given`: the key of the environment, which is kept there. */
export function rotateBesideLog(path: string, given: string | undefined): Rotated {
  refuseWithoutLog(path)
  const now = systemClock().now()
  const held = holdDirectory({ path, now })
  try {
    const known = readProofFile(held.path)
    if (known === null) throw noProof()
    const key = given === undefined ? settleNext(held.path, known) : refuseUnfit(given, known)
    const changed = withKey(known, { key, now: formatInstant(now) })
    writeProofFile(held.path, changed)
    return { known: changed, sizes: sizesIn(held.path) }
  } finally {
    held.close()
  }
}

/** One that is kept already, from a run that was broken off, is taken before another is made. */
function settleNext(path: string, known: KnownIdentity): string {
  const { proofKey: kept } = readSecrets(path)
  if (kept === undefined) {
    const text = 'FIRSTCOME_PROOF_KEY is missing: this service was given its key; give the new one'
    throw new CommandError(exitCodes.wrongUsage, text)
  }
  if (publicOf(kept) !== known.key) return refuseUnfit(kept, known, 'secrets.json')
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const key = publicOf(pem)
  // By this a start knows that the change was begun here, and ends it.
  writeProofFile(path, { ...known, nextKey: key })
  keepProofKey(path, pem)
  return key
}

function sizesIn(path: string): Rotated['sizes'] {
  const sizes = new Map<string, number>()
  for (const { couponId, size } of readKeptCheckpoints(path)) {
    sizes.set(couponId, Math.max(size, sizes.get(couponId) ?? 0))
  }
  return [...sizes].map(([couponId, size]) => ({ couponId, size }))
}

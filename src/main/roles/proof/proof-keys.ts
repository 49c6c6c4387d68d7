// Which keys sign, and have signed, where several nodes do: recorded in SQL, one in the place of
// another in one transaction, and only once. Nodes look them up, because a key may be replaced
// while they run.

import type { Database, Queryable } from '../../../adapters/database/database.ts'
import {
  readFingerprint,
  replaceFingerprint,
  settleFingerprint,
} from '../../../adapters/stores/fingerprints.ts'
import { readOldKeys, recordOldKey } from '../../../adapters/stores/proof-keys.ts'
import type { ProofParts } from '../../../api/http/server-parts.ts'
import {
  identityFault,
  type KnownIdentity,
  type ProofIdentity,
  verifierKeysOf,
} from '../../../domain/proof/identity.ts'
import type { Clock } from '../../../ports/clock.ts'
import { PortError } from '../../../ports/port-error.ts'

const names = { origin: 'proof_origin', key: 'proof_key', secret: 'proof_secret' } as const

/** Rejects with what differs from how it was recorded; records it where nothing does. */
export async function settleIdentity(
  database: Queryable,
  own: ProofIdentity,
): Promise<KnownIdentity> {
  await settleFingerprint(database, names.secret, own.secret)
  await settleFingerprint(database, names.origin, own.origin)
  await settleFingerprint(database, names.key, own.key)
  const known = await readKnownIdentity(database)
  const fault = identityFault(own, known)
  if (known === null || fault !== null) throw new PortError('store_broken', String(fault))
  return known
}

/** Null: no proof was ever made. */
export async function readKnownIdentity(database: Queryable): Promise<KnownIdentity | null> {
  const origin = await readFingerprint(database, names.origin)
  const key = await readFingerprint(database, names.key)
  const secret = await readFingerprint(database, names.secret)
  if (origin === null || key === null || secret === null) return null
  return { origin, key, secret, oldKeys: await readOldKeys(database) }
}

/** The first of its old keys signs no more, and its key does. */
export function replaceKey(database: Database, { key, oldKeys }: KnownIdentity): Promise<void> {
  return database.transaction(async (session) => {
    const [old] = oldKeys
    if (old === undefined) return
    if (!(await recordOldKey(session, old))) {
      throw new PortError('store_broken', `the key ${old.id} was replaced in this moment`)
    }
    await replaceFingerprint(session, names.key, key)
  })
}

export type ShownKeys = ProofParts['keys']

/** A checkpoint is served for a second, too. */
const lookEveryMs = 1_000

/** `known`: as they were at the start. */
export function shownKeysIn(
  database: Queryable,
  { known, clock }: { known: KnownIdentity; clock: Clock },
): ShownKeys {
  let keys = verifierKeysOf(known)
  let lookedAt = clock.monotonic()
  let looking: Promise<void> | null = null

  async function look(): Promise<void> {
    const found = await readKnownIdentity(database)
    if (found !== null) keys = verifierKeysOf(found)
    lookedAt = clock.monotonic()
  }

  return async () => {
    if (clock.monotonic() - lookedAt >= lookEveryMs) {
      looking ??= look().finally(() => {
        looking = null
      })
      await looking
    }
    return keys
  }
}

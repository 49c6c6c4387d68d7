// The keys of several nodes: recorded in PostgreSQL, where published checkpoints are kept. Loaded
// only there, for its client takes long to load.

import { systemClock } from '../../../adapters/clock-system.ts'
import { migrationFaults } from '../../../adapters/database/migrations.ts'
import { startPostgres } from '../../../adapters/database/postgres.ts'
import { publishedSizes } from '../../../adapters/stores/proof-keys.ts'
import type { Settings } from '../../../config/settings.ts'
import { type OldKey, withKey } from '../../../domain/proof/identity.ts'
import { formatInstant } from '../../../domain/time.ts'
import { given, refuseIfAny } from '../../roles/distributed.ts'
import { readKnownIdentity, replaceKey } from '../../roles/proof/proof-keys.ts'
import { noProof, refuseUnfit } from './next-key.ts'
import type { Rotated } from './rotated-text.ts'

export async function rotateInSql(settings: Settings): Promise<Rotated> {
  const clock = systemClock()
  const server = given(settings.postgres, 'FIRSTCOME_POSTGRES_URL')
  const pem = given(settings.proofKey, 'FIRSTCOME_PROOF_KEY')
  const database = startPostgres({ ...server, clock })
  try {
    refuseIfAny(await migrationFaults(database))
    const known = await readKnownIdentity(database)
    if (known === null) throw noProof()
    const key = refuseUnfit(pem, known)
    const changed = withKey(known, { key, now: formatInstant(clock.now()) })
    await replaceKey(database, changed)
    return { known: changed, sizes: await publishedSizes(database) }
  } finally {
    await database.close()
  }
}

/** None where nobody says in which database. */
export async function oldKeysInSql({ postgres }: Settings): Promise<readonly OldKey[]> {
  if (postgres === undefined) return []
  const database = startPostgres({ ...postgres, clock: systemClock() })
  try {
    return (await readKnownIdentity(database))?.oldKeys ?? []
  } finally {
    await database.close()
  }
}

// How the roles make and show the proof of sales: who they are in it, as it was recorded, and the
// consumer with what watches over it.

import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import type { Registry } from 'prom-client'
import type { Database, Queryable } from '../../../adapters/database/database.ts'
import { createCouponReaderSql } from '../../../adapters/stores/coupon-reader.ts'
import { createProofReaderSql } from '../../../adapters/stores/proof-reader.ts'
import { createProofStoreSql, readProofRefusals } from '../../../adapters/stores/proof-store.ts'
import { createWitnessHttp } from '../../../adapters/witness-http.ts'
import type { WitnessSetting } from '../../../config/proof-kinds.ts'
import type { Settings } from '../../../config/settings.ts'
import { parseWitnessKey } from '../../../domain/proof/cosignature.ts'
import {
  type KnownIdentity,
  localOrigin,
  type ProofIdentity,
  proofSecretFingerprint,
} from '../../../domain/proof/identity.ts'
import { rawPublicKey } from '../../../domain/proof/signed-note.ts'
import type { ClaimsConsumer } from '../../../issuer/claims-consumer.ts'
import { startPositionWatch } from '../../../issuer/position-watch.ts'
import type { KeptFold } from '../../../issuer/proof/kept-fold.ts'
import {
  type ProofConsumerParts,
  refusalText,
  startProofConsumer,
} from '../../../issuer/proof/proof-consumer.ts'
import { addProofMetrics } from '../../../issuer/proof/proof-metrics.ts'
import { addWitnessMetrics } from '../../../issuer/proof/witness-metrics.ts'
import { questionsAtOnceMax, type Witnessing } from '../../../issuer/proof/witnesses.ts'
import type { LogEnds } from '../../../ports/log-ends.ts'
import { PortError } from '../../../ports/port-error.ts'
import { startWatch, type WatchParts } from '../../../ports/watch.ts'
import type { Stops } from '../stops.ts'
import { settleIdentity } from './proof-keys.ts'

/** As it may go to another thread. `key`: PKCS #8 in PEM. */
export type ProofSettings = {
  origin: string
  key: string
  secret: string
  witnesses: readonly WitnessSetting[]
}

/** Undefined: no proof is made. */
export function proofSettings(
  { makesProof, proofOrigin, proofKey, proofSecret, proofWitnesses: witnesses = [] }: Settings,
  kept?: { proofKey: string; proofSecret: string },
): ProofSettings | undefined {
  const origin = proofOrigin ?? (kept && localOrigin)
  const key = kept?.proofKey ?? proofKey
  const secret = kept?.proofSecret ?? proofSecret
  if (!makesProof || origin === undefined || key === undefined || secret === undefined) {
    return undefined
  }
  return { origin, key, secret, witnesses }
}

export function identityOf({ origin, key, secret }: ProofSettings): ProofIdentity {
  const publicKey = rawPublicKey(createPrivateKey(key)).toString('base64')
  return { origin, key: publicKey, secret: proofSecretFingerprint(secret) }
}

/** Rejects with what differs from how it was recorded in SQL; records it where nothing does. */
export function settleProof(database: Queryable, proof: ProofSettings): Promise<KnownIdentity> {
  return settleIdentity(database, identityOf(proof))
}

/** Rejects where what was published is not what the log makes. */
export async function refuseContradicted(database: Queryable): Promise<void> {
  const reasons = await readProofRefusals(database)
  if (reasons.length > 0) throw new PortError('log_damaged', refusalText(reasons))
}

/** A short wait for whoever has to be told, and one small query for a database at work. */
const refusalsEveryMs = 5_000

/** The same, of a role that runs: an issuer may find it out at any time. */
export function watchContradicted(
  parts: Pick<WatchParts, 'clock' | 'onError'> & { database: Queryable },
): { close(): Promise<void> } {
  const look = () => refuseContradicted(parts.database)
  return startWatch({ ...parts, everyMs: refusalsEveryMs, look })
}

/** All of it that follows from the log; what was published stays. */
export async function dropProof(database: Database): Promise<void> {
  await createProofStoreSql(database).drop()
}

export type MakingParts = Pick<ProofConsumerParts, 'log' | 'clock' | 'keep' | 'onError'> & {
  /** Absent: the log is read from its start. */
  snapshots: Omit<KeptFold, 'rows'> | undefined
  ends: LogEnds
  database: Database
  proof: ProofSettings
  /** Where what is made is counted, and what comes of asking witnesses. */
  registry: Registry
  warn(text: string): void
}

/** Beside the issuer. */
export async function startProof(parts: MakingParts, stops: Stops): Promise<void> {
  const { database, proof, clock, registry, ends, snapshots, onError } = parts
  const store = createProofStoreSql(database)
  const signer = { prefix: proof.origin, privateKey: createPrivateKey(proof.key) }
  const witnessing = witnessingOf(parts, stops)
  const { secret } = proof
  let running: ClaimsConsumer | null = null
  const observe = addProofMetrics(registry, {
    positions: () => running?.positions() ?? new Map(),
    ends: () => ends,
  })
  const kept = snapshots && { ...snapshots, rows: createCouponReaderSql(database) }
  const making = { ...parts, store, signer, secret, kept, witnessing, observe }
  const consumer = await startProofConsumer(making)
  running = consumer
  stops.defer(() => consumer.close())
  const positions = async () => {
    const stored = [...(await store.positions())]
    return new Map(stored.map(([at, { next }]) => [at, { next, published: next }]))
  }
  const watch = startPositionWatch({
    store: { positions },
    clock,
    own: consumer.positions,
    onMovedBack: consumer.restart,
    onError,
  })
  stops.defer(() => watch.close())
}

/** Undefined: nobody is asked. */
function witnessingOf(parts: MakingParts, stops: Stops): Witnessing | undefined {
  const { proof, database, registry, warn } = parts
  const witnesses = proof.witnesses.map(({ key, url }) => {
    const known = parseWitnessKey(key)
    assert(known !== null, 'a setting was read that is none')
    const witness = createWitnessHttp(known, { url, questionsMax: questionsAtOnceMax })
    stops.defer(() => witness.close())
    return witness
  })
  const names = witnesses.map(({ key }) => key.name)
  const asked = addWitnessMetrics(registry, names)
  if (witnesses.length === 0) return undefined
  return { witnesses, reader: createProofReaderSql(database), observe: { asked, told: warn } }
}

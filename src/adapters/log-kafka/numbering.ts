// The numbers of an idempotent producer: its id, its epoch, and a sequence per partition. A broker
// stores what has the same numbers once, and refuses an older epoch where it has seen a newer one.

import { initProducerIdV4 } from '@platformatic/kafka'
import type { Batch } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { ask, errorName, reasonOf } from './connection.ts'
import { encodeBatch } from './record-batch.ts'

export type Identity = { producerId: bigint; epoch: number }

export type Numbering = {
  /** Asks for an id where it has none. Rejects where no broker gives one. */
  identity(): Promise<Identity>
  /** The batch under its numbers: the same bytes whenever it is asked for. */
  encoded(batch: Batch, identity: Identity): Buffer
  countStored(batch: Batch): void
  /** Sequences begin anew, and what was sent before is refused once something is stored. */
  raiseEpoch(): void
  /** As raiseEpoch, unless it was raised since the batch was numbered. */
  raiseEpochOf(batch: Batch): void
  forget(): void
}

/** The largest that fits its 16 bits. */
const epochMax = 0x7fff

export function createNumbering(cluster: Cluster): Numbering {
  const sequences = new Map<string, { epoch: number; next: number }>()
  let identity: Identity | null = null

  function raiseEpoch(): void {
    if (identity === null) return
    identity = identity.epoch < epochMax ? { ...identity, epoch: identity.epoch + 1 } : null
    sequences.clear()
  }

  return {
    async identity() {
      identity ??= await askForIdentity(cluster)
      return identity
    },
    encoded(batch, { producerId, epoch }) {
      if (batch.sent !== null) return batch.sent.bytes
      const known = sequences.get(nameOf(batch))
      const sequence = known?.epoch === epoch ? known.next : 0
      const writer = { producerId, epoch, sequence, now: cluster.clock.now() }
      const bytes = encodeBatch(batch.entries, writer)
      batch.sent = { epoch, sequence, bytes }
      return bytes
    },
    countStored(batch) {
      if (batch.sent === null) return
      const { epoch, sequence } = batch.sent
      sequences.set(nameOf(batch), { epoch, next: sequence + batch.entries.length })
    },
    raiseEpoch,
    raiseEpochOf(batch) {
      if (batch.sent?.epoch === identity?.epoch) raiseEpoch()
    },
    forget() {
      identity = null
      sequences.clear()
    },
  }
}

async function askForIdentity(cluster: Cluster): Promise<Identity> {
  let reason = 'no Kafka broker answers'
  for (const broker of cluster.brokers()) {
    try {
      const connection = await cluster.links.to(broker)
      const answer = await ask(connection, initProducerIdV4.api, [null, 0, -1n, -1])
      const { errorCode, producerId, producerEpoch } = answer
      if (errorCode === 0) return { producerId, epoch: producerEpoch }
      reason = `Kafka gives no producer id: ${errorName(errorCode)}`
    } catch (error) {
      reason = reasonOf(error)
    }
  }
  throw new Error(reason)
}

export function nameOf({ topic, partition }: Batch): string {
  return `${topic}/${partition}`
}

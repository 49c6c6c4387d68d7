// The numbers of an idempotent producer: an id, and for each lane an epoch and a sequence. A broker
// stores what has the same numbers once, and refuses an older epoch where it has seen a newer one.
// So after a batch whose outcome stays unknown the epoch of its lane is raised: it cannot come
// behind a later append any more, however late it arrives.

import { initProducerIdV4 } from '@platformatic/kafka'
import { type Batch, giveUp, stored } from './batches.ts'
import { askAnyBroker, type Cluster } from './cluster.ts'
import { ask, errorName } from './connection.ts'
import { type Lane, laneName } from './lane.ts'
import { encodeBatch, sequenceAfter } from './record-batch.ts'
import { type ProducedPartition, produceOutcome } from './requests.ts'

type Identity = { producerId: bigint; epoch: number }

/** The largest that fits its 16 bits. */
const epochMax = 0x7fff

export class Numbering {
  private readonly cluster: Cluster
  /** For lanes that have no numbers yet. */
  private identity: Identity | null = null
  private learning: Promise<Identity> | null = null

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  /** The batch under its numbers: the same bytes whenever it is sent. */
  async encoded(lane: Lane, batch: Batch): Promise<Buffer> {
    if (batch.sent !== null) return batch.sent
    lane.numbers ??= { ...(this.identity ?? (await this.newIdentity())), sequence: 0 }
    batch.sent = encodeBatch(batch.entries, { ...lane.numbers, now: this.cluster.clock.now() })
    return batch.sent
  }

  /** What the answer to a try means for the batch of the lane. */
  learn(lane: Lane, batch: Batch, answer: ProducedPartition | undefined): void {
    const code = answer?.errorCode ?? -1
    const why = `${errorName(code)} ${answer?.reason ?? ''}`.trimEnd()
    const reason = `Kafka refused to append to ${laneName(lane)}: ${why}`
    batch.failure = { reason, retryable: true }
    switch (produceOutcome(code)) {
      case 'stored':
        stored(batch, { partition: lane.partition, offset: answer?.baseOffset ?? 0 })
        if (lane.numbers === null) return
        lane.numbers.sequence = sequenceAfter(lane.numbers.sequence, batch.entries.length)
        return
      case 'not stored':
        return
      case 'in doubt':
        batch.inDoubt = true
        return
      case 'in the log, place unknown':
        batch.inDoubt = true
        return giveUp(batch, { reason: `${reason}: it is in the log already`, retryable: true })
      case 'fatal':
        return giveUp(batch, { reason, retryable: false })
      case 'unknown producer':
        if (this.identity?.producerId === lane.numbers?.producerId) this.identity = null
        lane.numbers = null
        return renumber(batch)
      case 'wrong number':
        // The broker remembers other numbers than these, as when it has lost what it knew.
        if (!batch.inDoubt) this.raiseEpoch(lane)
        return renumber(batch)
    }
  }

  /** Its sequence begins anew, and what was sent before is refused once something is stored. */
  raiseEpoch(lane: Lane): void {
    if (lane.numbers === null) return
    const { producerId, epoch } = lane.numbers
    lane.numbers = epoch < epochMax ? { producerId, epoch: epoch + 1, sequence: 0 } : null
    if (lane.numbers === null && this.identity?.producerId === producerId) this.identity = null
  }

  private newIdentity(): Promise<Identity> {
    this.learning ??= askForIdentity(this.cluster).finally(() => {
      this.learning = null
    })
    return this.learning.then((identity) => {
      this.identity = identity
      return identity
    })
  }
}

function renumber(batch: Batch): void {
  // Under a new number it could be stored a second time.
  if (batch.inDoubt) giveUp(batch, batch.failure)
  batch.sent = null
}

function askForIdentity(cluster: Cluster): Promise<Identity> {
  return askAnyBroker(cluster, async (connection) => {
    const answer = await ask(connection, initProducerIdV4.api, [null, 0, -1n, -1])
    const { errorCode, producerId, producerEpoch } = answer
    if (errorCode === 0) return { producerId, epoch: producerEpoch }
    throw new Error(`Kafka gives no producer id: ${errorName(errorCode)}`)
  })
}

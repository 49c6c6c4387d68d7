// Sends batches, again and again, until each is stored or given up, under the numbers of an
// idempotent producer: an id, an epoch, and a sequence per partition. A broker stores what has the
// same numbers once, and refuses an older epoch where it has seen a newer one. A batch is in doubt
// from the moment its bytes may have left until a broker has said what became of it; it is worth a
// longer wait than one that was certainly refused.

import { initProducerIdV4 } from '@platformatic/kafka'
import { type Batch, stored } from './batches.ts'
import { askAnyBroker, type Cluster } from './cluster.ts'
import { ask, errorName, isOpen, type Links, reasonOf } from './connection.ts'
import { encodeBatch, sequenceAfter } from './record-batch.ts'
import { type ProducedPartition, produceApi, produceOutcome } from './requests.ts'

type Identity = { producerId: bigint; epoch: number }

/** The largest that fits its 16 bits. */
const epochMax = 0x7fff

export class Sender {
  private readonly cluster: Cluster
  private readonly links: Links
  private identity: Identity | null = null
  /** By topic and partition. */
  private readonly sequences = new Map<string, { epoch: number; next: number }>()

  constructor(cluster: Cluster) {
    this.cluster = cluster
    this.links = cluster.newLinks()
  }

  /** Resolves when the outcome of every batch is decided. */
  async send(batches: readonly Batch[]): Promise<void> {
    const { limits, clock } = this.cluster
    const begun = clock.monotonic()
    for (;;) {
      await this.tryAll(batches.filter(isUndecided))
      const passed = clock.monotonic() - begun
      for (const batch of batches.filter(isUndecided)) {
        const msMax = batch.inDoubt ? limits.appendMsMax : limits.refusedAppendMsMax
        if (passed >= msMax) giveUp(batch, { reason: batch.reason, retryable: true })
      }
      if (!batches.some(isUndecided)) break
      await this.cluster.waitAndRefresh()
    }
    // What may still arrive must not come behind what is sent from now on.
    if (batches.some(({ outcome, inDoubt }) => outcome === 'given up' && inDoubt)) this.raiseEpoch()
  }

  close(): void {
    this.links.close()
  }

  private async tryAll(batches: readonly Batch[]): Promise<void> {
    try {
      this.identity ??= await this.askForIdentity()
    } catch (error) {
      for (const batch of batches) batch.reason = reasonOf(error)
      return
    }
    const identity = this.identity
    const byLeader = Map.groupBy(batches, (batch) => this.leaderOf(batch))
    await Promise.all([...byLeader].map(([node, theirs]) => this.tryLeader(node, theirs, identity)))
  }

  private askForIdentity(): Promise<Identity> {
    return askAnyBroker(this.cluster, async (connection) => {
      const answer = await ask(connection, initProducerIdV4.api, [null, 0, -1n, -1])
      const { errorCode, producerId, producerEpoch } = answer
      if (errorCode === 0) return { producerId, epoch: producerEpoch }
      throw new Error(`Kafka gives no producer id: ${errorName(errorCode)}`)
    })
  }

  /** −1 where it has no leader, or its topic is not the one it was. */
  private leaderOf(batch: Batch): number {
    try {
      return this.cluster.topic(batch.topic).leaders[batch.partition]?.node ?? -1
    } catch (error) {
      giveUp(batch, { reason: reasonOf(error), retryable: false })
      return -1
    }
  }

  private async tryLeader(
    node: number,
    batches: readonly Batch[],
    identity: Identity,
  ): Promise<void> {
    const partitions = batches.map((batch) => {
      const { topic, partition } = batch
      return { topic, partition, batch: this.encoded(batch, identity) }
    })
    try {
      const connection = await this.links.to(this.cluster.broker(node))
      if (!isOpen(connection)) throw new Error('the connection was closed')
      const timeoutMs = this.cluster.limits.requestMsMax
      const asked = ask(connection, produceApi, [{ timeoutMs, partitions }])
      const answers = await asked.catch((error: unknown) => {
        for (const batch of batches) batch.inDoubt = true
        throw error
      })
      for (const batch of batches) this.learn(batch, answers)
    } catch (error) {
      for (const batch of batches) batch.reason = `Kafka: ${reasonOf(error)}`
    }
  }

  /** The batch under its numbers: the same bytes whenever it is sent. */
  private encoded(batch: Batch, { producerId, epoch }: Identity): Buffer {
    if (batch.sent !== null) return batch.sent.bytes
    const known = this.sequences.get(nameOf(batch))
    const sequence = known?.epoch === epoch ? known.next : 0
    const writer = { producerId, epoch, sequence, now: this.cluster.clock.now() }
    const bytes = encodeBatch(batch.entries, writer)
    batch.sent = { epoch, sequence, bytes }
    return bytes
  }

  private learn(batch: Batch, answers: readonly ProducedPartition[]): void {
    const { topic, partition, entries, sent } = batch
    const answer = answers.find((one) => one.topic === topic && one.partition === partition)
    const code = answer?.errorCode ?? -1
    const why = `${errorName(code)} ${answer?.reason ?? ''}`.trimEnd()
    batch.reason = `Kafka refused to append to ${nameOf(batch)}: ${why}`
    switch (produceOutcome(code)) {
      case 'stored':
        stored(batch, answer?.baseOffset ?? 0)
        if (sent === null) return
        this.sequences.set(nameOf(batch), {
          epoch: sent.epoch,
          next: sequenceAfter(sent.sequence, entries.length),
        })
        return
      case 'not stored':
        return
      case 'in doubt':
        batch.inDoubt = true
        return
      case 'in the log, place unknown':
        batch.inDoubt = true
        giveUp(batch, { reason: `${batch.reason}: it is in the log already`, retryable: true })
        return
      case 'fatal':
        giveUp(batch, { reason: batch.reason, retryable: false })
        return
      case 'unknown producer':
        this.identity = null
        this.sequences.clear()
        this.renumber(batch)
        return
      case 'wrong number':
        this.renumber(batch)
    }
  }

  /** The broker remembers other numbers than these, as when it has lost what it knew. */
  private renumber(batch: Batch): void {
    // Under a new number it could be stored a second time.
    if (batch.inDoubt) giveUp(batch, { reason: batch.reason, retryable: true })
    // Unless it was raised since the batch was numbered.
    else if (batch.sent?.epoch === this.identity?.epoch) this.raiseEpoch()
    batch.sent = null
  }

  /** Sequences begin anew, and what was sent before is refused once something is stored. */
  private raiseEpoch(): void {
    if (this.identity === null) return
    const { producerId, epoch } = this.identity
    this.identity = epoch < epochMax ? { producerId, epoch: epoch + 1 } : null
    this.sequences.clear()
  }
}

function isUndecided({ outcome }: Batch): boolean {
  return outcome === 'open'
}

function nameOf({ topic, partition }: Batch): string {
  return `${topic}/${partition}`
}

function giveUp(batch: Batch, why: { reason: string; retryable: boolean }): void {
  batch.outcome = 'given up'
  Object.assign(batch, why)
}
